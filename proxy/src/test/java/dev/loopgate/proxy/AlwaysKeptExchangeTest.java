package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.KeepRules;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A model of which almost nothing is kept, but for what its rules always keep.
@ExtendWith(LeakFree.class)
final class AlwaysKeptExchangeTest {
  private static final double ALMOST_NOTHING = 1e-12;
  private static final String FINE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  @Test
  void aStatusKeepsAndOthersAreCounted() {
    EmbeddedDoor door = door(new KeepRules(Set.of("5xx", "404"), Set.of(), null, Set.of()));

    exchange(door, FINE);
    assertThat(door.lane.sampledOut()).isOne();
    assertThat(door.loop.captureBuffers().bytesInUse()).isZero();
    exchange(door, FINE.replace("200", "404"));
    exchange(door, FINE.replace("200", "503"));
    exchange(door, FINE.replace("200", "403"));

    assertThat(door.lane.kept()).extracting(KeepingLane.Kept::status).containsExactly(404, 503);
    assertThat(door.lane.kept()).allMatch(kept -> kept.requestText().equals("body"));
    assertThat(door.lane.kept()).allMatch(kept -> kept.responseText().equals("ok"));
    assertThat(door.lane.sampledOut()).isEqualTo(2);
    assertThat(door.lane.open()).isZero();
    assertThat(door.loop.captureBuffers().bytesInUse()).isZero();
  }

  @Test
  void anEndingKeeps() {
    EmbeddedDoor door =
        door(new KeepRules(Set.of(), Set.of("timed_out", "client_left"), null, Set.of()));

    exchange(door, FINE);
    ask(door, "");
    door.turn(EmbeddedDoor.LIMITS.firstByte());
    assertThat(door.received()).contains("HTTP/1.1 504 ");
    door.connect();
    ask(door, "");
    door.caller.close();
    door.settle();

    assertThat(door.lane.kept())
        .extracting(KeepingLane.Kept::ending)
        .containsExactly(Ending.TIMED_OUT, Ending.CLIENT_LEFT);
    assertThat(door.lane.sampledOut()).isOne();
    assertThat(door.lane.open()).isZero();
  }

  @Test
  void onlyWhatIsSlowerThanTheBoundIsKept() {
    Duration bound = Duration.ofMillis(500);
    EmbeddedDoor door = door(new KeepRules(Set.of(), Set.of(), bound, Set.of()));

    for (long millis : new long[] {0, 500, 501}) {
      ask(door, "");
      door.time.advance(Duration.ofMillis(millis));
      door.answer(door.models.size() - 1, FINE);
    }

    assertThat(door.lane.sampledOut()).isEqualTo(2);
    assertThat(door.lane.kept()).hasSize(1);
  }

  @Test
  void aHeaderDecidesAtTheHeadAndNothingElseIsCopied() {
    EmbeddedDoor door =
        door(new KeepRules(Set.of(), Set.of(), null, Set.of("x-debug", "x-trace-*")));

    ask(door, "");
    assertThat(door.loop.captureBuffers().bytesInUse()).as("nothing is copied").isZero();
    door.answer(0, FINE);
    ask(door, "X-Debug: 1\r\n");
    door.answer(0, FINE);
    ask(door, "X-Trace-All:\r\n");
    door.answer(0, FINE);

    assertThat(door.lane.sampledOut()).isOne();
    assertThat(door.lane.kept()).hasSize(2);
    assertThat(door.lane.open()).isZero();
  }

  @Test
  void theCompletingByteWaitsForTheDecision() {
    EmbeddedDoor door = door(new KeepRules(Set.of("5xx"), Set.of(), null, Set.of()));
    ask(door, "");
    door.answer(0, "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nn");
    assertThat(door.lane.kept()).isEmpty();
    door.answer(0, "o");

    assertThat(door.writes.getLast()).isEqualTo("1 o");
  }

  private static void exchange(EmbeddedDoor door, String answer) {
    ask(door, "");
    door.answer(0, answer);
  }

  private static void ask(EmbeddedDoor door, String headers) {
    door.send(
        "POST /model/wine/x HTTP/1.1\r\nHost: d\r\n" + headers + "Content-Length: 4\r\n\r\nbody");
  }

  private static EmbeddedDoor door(KeepRules always) {
    return new EmbeddedDoor(
        new Model(
            "wine",
            new Upstream(List.of(new Replica(URI.create("http://10.0.0.1:5000")))),
            Predictor.NONE,
            "/model/wine",
            null,
            null,
            new Kept(true, 1 << 20, ALMOST_NOTHING, always, List.of())));
  }
}
