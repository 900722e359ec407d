package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.Sampling;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakFree.class)
final class SampledExchangeTest {
  private static final int COUNT = 40;
  private static final double RATE = 0.5;

  private final EmbeddedDoor door =
      new EmbeddedDoor(
          new Model(
              "wine",
              new Upstream(List.of(new Replica(URI.create("http://10.0.0.1:5000")))),
              Predictor.NONE,
              "/model/wine",
              null,
              null,
              new Kept(true, 1 << 20, RATE)));

  @Test
  void keepsWhatTheIdSaysAndCountsTheRest() {
    Set<String> expected = new HashSet<>();
    for (int i = 0; i < COUNT; i++) {
      String id = "exchange-" + i;
      if (new Sampling(RATE).keeps(new RequestId(id))) {
        expected.add(id);
      }
      ask(id);
      int sampledOut = door.lane.sampledOut();
      int kept = door.lane.kept().size();
      assertThat(door.lane.open()).isEqualTo(1);
      door.answer(0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      assertThat(door.lane.sampledOut() + door.lane.kept().size())
          .as(id)
          .isEqualTo(sampledOut + kept + 1);
    }

    assertThat(door.lane.kept())
        .extracting(kept -> kept.prediction().requestId().value())
        .containsExactlyInAnyOrderElementsOf(expected);
    assertThat(door.lane.sampledOut()).isEqualTo(COUNT - expected.size()).isPositive();
    assertThat(door.lane.open()).isZero();
  }

  @Test
  void countsBeforeTheCompletingByteIsReleased() {
    ask(leftOut());
    assertThat(door.loop.captureBuffers().bytesInUse()).as("nothing is copied").isZero();
    door.answer(0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    assertThat(door.lane.sampledOut()).isZero();
    door.answer(0, "k");

    assertThat(door.lane.sampledOut()).isOne();
    assertThat(door.received()).endsWith("ok");
    assertThat(door.told.words).contains("ended wine complete 200");
  }

  @Test
  void countsWhoeverLeavesAndWhatIsAnsweredHere() {
    ask(leftOut());
    door.caller.close();
    door.settle();
    assertThat(door.lane.sampledOut()).isOne();

    door.connect();
    door.refusesConnections = true;
    ask(leftOut());
    assertThat(door.received()).startsWith("HTTP/1.1 502 ");
    assertThat(door.lane.sampledOut()).isEqualTo(2);
    assertThat(door.lane.kept()).isEmpty();
    assertThat(door.lane.open()).isZero();
  }

  private void ask(String id) {
    door.send(
        "POST /model/wine/x HTTP/1.1\r\nHost: d\r\nRequest-Id: "
            + id
            + "\r\nContent-Length: 4\r\n\r\nbody");
  }

  private static String leftOut() {
    for (int i = 0; ; i++) {
      if (!new Sampling(RATE).keeps(new RequestId("out-" + i))) {
        return "out-" + i;
      }
    }
  }
}
