package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakFree.class)
final class TracesTest {
  private static final String ID = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00-" + ID + "-00f067aa0ba902b7-01";

  private static EmbeddedDoor door(Edge.Trace trace) {
    Edge edge =
        new Edge(Edge.ProxyProtocol.OFF, List.of(), Edge.ALL_HOPS, Forwarding.X_FORWARDED, trace);
    return new EmbeddedDoor(List.of(EmbeddedDoor.wine()), List.of(), 1 << 20, edge);
  }

  private static String ask(EmbeddedDoor door, String headers) {
    door.send(EmbeddedDoor.http("GET /model/wine/x HTTP/1.1~host: d~" + headers + "~"));
    String asked = door.asked(0);
    door.answer(0, EmbeddedDoor.http("HTTP/1.1 204 None~~"));
    return asked;
  }

  @ParameterizedTest
  @ValueSource(strings = {"PASS", "MAKE"})
  void aValidTraceIsPassedOnUntouchedAndRecorded(Edge.Trace trace) {
    EmbeddedDoor door = door(trace);

    String asked = ask(door, "Traceparent: " + PARENT + "~tracestate: a=1~tracestate: b=2~");

    assertThat(asked)
        .contains("traceparent: " + PARENT + "\r\n", "tracestate: a=1\r\n", "tracestate: b=2\r\n");
    assertThat(door.only().prediction().traceId()).isEqualTo(ID);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "tracestate: a=1~",
        "traceparent: ~",
        "traceparent: x~tracestate: a=1~",
        "traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01~",
        "traceparent: " + PARENT + "~traceparent: " + PARENT + "~tracestate: a=1~",
        "traceparent: ~traceparent: " + PARENT + "~"
      })
  void whatIsNoTraceIsPassedOnAsItCameOrBeginsOne(String headers) {
    EmbeddedDoor passing = door(Edge.Trace.PASS);
    EmbeddedDoor making = door(Edge.Trace.MAKE);

    String passed = ask(passing, headers);
    String made = ask(making, headers);

    for (String line : headers.split("~", -1)) {
      assertThat(passed).contains(line);
    }
    assertThat(passing.only().prediction().traceId()).isEmpty();
    String id = making.only().prediction().traceId();
    assertThat(id).matches("[0-9a-f]{32}").doesNotMatch("0+");
    assertThat(made)
        .containsPattern("traceparent: 00-" + id + "-[0-9a-f]{16}-01\r\n")
        .containsOnlyOnce("traceparent")
        .doesNotContain("tracestate");
  }

  @Test
  void everyTraceIsAnother() {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      EmbeddedDoor door = door(Edge.Trace.MAKE);
      ask(door, "");
      ids.add(door.only().prediction().traceId());
    }

    assertThat(ids).hasSize(100);
  }

  @Test
  void theFirstOfSeveralIsNotTaken() {
    assertThat(Traces.idIn(List.of(new Header("traceparent", PARENT)))).isEqualTo(ID);
    assertThat(
            Traces.idIn(
                List.of(new Header("traceparent", PARENT), new Header("traceparent", PARENT))))
        .isEmpty();
  }
}
