package dev.loopgate.proxy;

import static dev.loopgate.proxy.EmbeddedDoor.http;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.fleet.Fleet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A header that is not kept is not kept in another field of the record either.
@ExtendWith(LeakFree.class)
final class RemovedHeadersTest {
  private static EmbeddedDoor door(Forwarding forwarding, String... removed) {
    return new EmbeddedDoor(
        Fleet.of(List.of(EmbeddedDoor.wine())),
        List.of(),
        1 << 20,
        new Edge(Edge.ProxyProtocol.OFF, List.of(), 1, forwarding, Edge.Trace.PASS),
        2,
        null,
        new Redaction(Set.of(removed), Set.of()));
  }

  private static RequestHead recorded(EmbeddedDoor door) {
    door.answer(0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    return door.only().prediction().request();
  }

  @Test
  void theHostOfForwardedIsNotInTheRecord() {
    String ask = "GET /model/wine/x HTTP/1.1~Host: d~Forwarded: for=1.1.1.1;host=secret~~";
    EmbeddedDoor open = door(Forwarding.FORWARDED);
    open.send(http(ask));
    assertThat(recorded(open).host()).isEqualTo("secret");

    EmbeddedDoor door = door(Forwarding.FORWARDED, "forwarded");
    door.send(http(ask));

    assertThat(door.asked(0)).contains("for=1.1.1.1;host=secret");
    assertThat(recorded(door).toString()).doesNotContain("secret", "1.1.1.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-*"})
  void whatIsSaidAgainInForwardedIsNotInTheRecord(String removed) {
    EmbeddedDoor door = door(Forwarding.BOTH, removed);
    door.send(
        http(
            "GET /model/wine/x HTTP/1.1~Host: d~X-Forwarded-For: 1.1.1.1~"
                + "X-Forwarded-Host: secret~~"));

    assertThat(door.asked(0)).contains("forwarded: for=1.1.1.1;host=secret");
    assertThat(recorded(door).headers()).extracting(Header::name).doesNotContain("forwarded");
  }

  @Test
  void theMessageOfACallIsNotInTheRecord() {
    List<Header> trailers =
        List.of(new Header("grpc-status", "5"), new Header("grpc-message", "secret"));

    assertThat(GrpcStatus.in(trailers, Redaction.DEFAULT)).isEqualTo(new GrpcStatus(5, "secret"));
    assertThat(GrpcStatus.in(trailers, new Redaction(Set.of("grpc-message"), Set.of())))
        .isEqualTo(new GrpcStatus(5, ""));
    assertThat(GrpcStatus.in(trailers, new Redaction(Set.of("grpc-*"), Set.of())))
        .isEqualTo(GrpcStatus.NONE);
  }
}
