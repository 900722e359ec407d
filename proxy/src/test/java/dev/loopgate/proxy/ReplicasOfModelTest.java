package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A model with several servers, and one with bounds of its own.
@ExtendWith(LeakFree.class)
final class ReplicasOfModelTest {
  private static final String GET = "GET /model/wine/x HTTP/1.1\r\nHost: d\r\n\r\n";
  private static final String POST =
      "POST /model/wine/x HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\n\r\nhello";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  @Test
  void aRequestWhoseConnectionFailedGoesToAnotherReplicaWithinTheTime() {
    EmbeddedDoor door = door(3, Bounds.NONE);
    door.refusing.addAll(List.of("10.0.0.1", "10.0.0.2"));
    door.refusedAfter = Duration.ofMillis(100);

    for (int i = 0; i < 30; i++) {
      int before = door.models.size();
      door.send(POST);
      if (door.models.size() > before) {
        assertThat(door.asked(before)).contains("host: m3:5000\r\n").endsWith("hello");
      }
      door.answer(door.models.size() - 1, OK);
      assertThat(door.caller.isOpen()).isTrue();
    }

    assertThat(door.lane.kept())
        .hasSize(30)
        .allSatisfy(kept -> {
          assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
          assertThat(kept.prediction().target().replica()).isEqualTo("m3:5000");
          assertThat(kept.prediction().request().authority()).isEqualTo("m3:5000");
          assertThat(kept.requestText()).isEqualTo("hello");
        });
    assertThat(door.told.words).contains("left out wine m1:5000", "left out wine m2:5000");
    assertThat(door.tried.stream().filter(one -> one.startsWith("10.0.0.1 "))).hasSize(3);
    assertThat(door.slots.taken()).isEqualTo(1);
  }

  @Test
  void eachReplicaHasItsPartOfTheTime() {
    EmbeddedDoor door = door(3, Bounds.NONE);
    door.refusesConnections = true;
    door.refusedAfter = Duration.ofMillis(500);

    door.send(GET);

    assertThat(door.tried.stream().map(one -> one.substring(one.indexOf(' ') + 1)))
        .containsExactly("666", "750", "1000");
    assertThat(door.received()).startsWith("HTTP/1.1 502 ");
    assertThat(door.only().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
    assertThat(door.only().prediction().target().replica()).isEmpty();
    assertThat(door.slots.taken()).isZero();
  }

  @Test
  void whenAllAreDeadEachRequestIsToldSoAndTheFirstThatLivesIsBack() {
    EmbeddedDoor door = door(2, Bounds.NONE);
    door.refusesConnections = true;
    for (int i = 0; i < 20; i++) {
      door.send(GET);
    }
    assertThat(door.lane.kept()).hasSize(20);
    assertThat(door.told.words).contains("left out wine m1:5000", "left out wine m2:5000");

    door.refusesConnections = false;
    door.send(GET);
    door.answer(0, OK);

    assertThat(door.lane.kept().getLast().ending()).isEqualTo(Ending.COMPLETE);
    assertThat(door.told.words).anySatisfy(word -> assertThat(word).startsWith("back wine m"));
    assertThat(door.lane.open()).isZero();
  }

  @Test
  void aReplicaThatIsBackIsFoundByOneRequestAndServesAgain() {
    EmbeddedDoor door = door(2, Bounds.NONE);
    door.refusing.add("10.0.0.1");
    for (int i = 0; i < 20; i++) {
      door.send(GET);
      door.answer(0, OK);
    }
    assertThat(door.told.words).contains("left out wine m1:5000");
    door.refusing.clear();

    for (int i = 0; i < 100 && !door.told.words.contains("back wine m1:5000"); i++) {
      door.turn(Duration.ofMillis(50));
      door.send(GET);
      door.answer(door.models.size() - 1, OK);
    }

    assertThat(door.told.words).contains("back wine m1:5000");
    assertThat(door.lane.kept()).extracting(KeepingLane.Kept::ending).containsOnly(Ending.COMPLETE);
  }

  @Test
  void whatWasWrittenOnceIsNeverWrittenAgain() {
    EmbeddedDoor door = door(3, Bounds.NONE);
    door.send(POST);
    assertThat(door.models).hasSize(1);
    assertThat(door.asked(0)).endsWith("hello");

    door.modelCloses(0);

    assertThat(door.received()).startsWith("HTTP/1.1 502 ");
    assertThat(door.models).as("nobody else was asked").hasSize(1);
    assertThat(door.only().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void theReplicaWithFewerRequestsGetsTheNextOne() {
    EmbeddedDoor door = door(2, Bounds.NONE);
    door.send(GET);
    String busy = hostOf(door.asked(0));
    for (int i = 0; i < 10; i++) {
      door.connect();
      door.send(GET);
      int index = door.models.size() - 1;
      assertThat(index).isEqualTo(1);
      assertThat(hostOf(door.asked(1))).isNotEqualTo(busy);
      door.answer(1, OK);
    }
  }

  @Test
  void aReplicaGetsNoMoreConnectionsThanItMayAndWhoWaitsGetsTheOneThatIsFree() {
    EmbeddedDoor door = door(1, bounds(1, Bounds.UNBOUNDED, Bounds.UNBOUNDED));
    door.send(GET);
    door.connect();
    door.send(POST);
    assertThat(door.models).as("the second waits").hasSize(1);
    assertThat(door.asked(0)).startsWith("GET ");

    door.answer(0, OK);

    assertThat(door.models).as("over the same connection").hasSize(1);
    assertThat(door.asked(0)).startsWith("POST ").endsWith("hello");
    door.answer(0, OK);
    assertThat(door.received()).endsWith("ok");
    assertThat(door.slots.taken()).isEqualTo(1);
    door.turn(EmbeddedDoor.LIMITS.keep());
    assertThat(door.slots.taken()).isZero();
  }

  @Test
  void whatAModelSendsBeyondItsAnswerIsNotTheNextOnesAnswer() {
    EmbeddedDoor door = door(1, bounds(1, Bounds.UNBOUNDED, Bounds.UNBOUNDED));
    door.send(GET);
    door.connect();
    door.send(GET);

    door.answer(0, OK + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong");
    door.answer(1, OK);

    assertThat(door.received()).endsWith("\r\n\r\nok");
    assertThat(door.models).hasSize(2);
  }

  @Test
  void whoWaitsTooLongForAReplicasConnectionIsToldAndNothingIsLost() {
    EmbeddedDoor door = door(1, bounds(1, Bounds.UNBOUNDED, Bounds.UNBOUNDED));
    door.send(GET);
    door.connect();
    door.send(GET);

    door.turn(Duration.ofMillis(2200));

    assertThat(door.received()).startsWith("HTTP/1.1 503 ").contains("are in use");
    door.answer(0, OK);
    door.send(GET);
    door.answer(0, OK);
    assertThat(door.received()).endsWith("ok");
    assertThat(door.slots.taken()).isEqualTo(1);
  }

  @Test
  void aReplicaWithAFreeConnectionIsTakenBeforeOneIsWaitedFor() {
    EmbeddedDoor door = door(2, bounds(1, Bounds.UNBOUNDED, Bounds.UNBOUNDED));
    door.send(GET);
    door.connect();
    door.send(GET);

    assertThat(door.models).hasSize(2);
    assertThat(hostOf(door.asked(0))).isNotEqualTo(hostOf(door.asked(1)));
  }

  @Test
  void moreRequestsThanAModelMayHaveAreRefusedAtOnceAndCounted() {
    EmbeddedDoor door = door(1, bounds(Bounds.UNBOUNDED, 1, Bounds.UNBOUNDED));
    door.send(GET);
    door.connect();
    door.send(POST);

    assertThat(door.received())
        .startsWith("HTTP/1.1 503 ")
        .contains("\r\nretry-after: 1\r\n")
        .endsWith("{\"error\":\"Model wine has as many requests as it may have\"}");
    assertThat(door.caller.isOpen()).as("its connection goes on").isTrue();
    assertThat(door.lane.kept()).hasSize(1);
    assertThat(door.lane.kept().getFirst().ending()).isEqualTo(Ending.REJECTED);
    assertThat(door.lane.kept().getFirst().requestText()).isEqualTo("hello");
    assertThat(door.told.words).contains("circuit wine");

    door.answer(0, OK);
    door.send(GET);
    door.answer(0, OK);
    assertThat(door.received()).endsWith("ok");
    assertThat(door.lane.open()).isZero();
  }

  @Test
  void eachWayOutLeavesTheCircuit() {
    EmbeddedDoor door = door(1, bounds(Bounds.UNBOUNDED, 1, Bounds.UNBOUNDED));
    door.send(GET);
    door.caller.close(); // left
    door.connect();
    door.send(GET);
    door.modelCloses(1); // reset
    door.send(GET);
    door.answer(2, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
    door.modelCloses(2); // cut
    door.connect();
    door.refusesConnections = true;
    door.send(GET); // unreachable
    door.refusesConnections = false;
    door.send(GET);
    door.answer(3, OK);

    assertThat(door.received()).endsWith("ok");
    assertThat(door.told.words).doesNotContain("circuit wine");
  }

  @Test
  void moreThanMayWaitForAConnectionAreRefusedAtOnce() {
    EmbeddedDoor door = door(1, bounds(1, Bounds.UNBOUNDED, 1));
    door.send(GET);
    door.connect();
    door.send(GET); // waits
    door.connect();
    door.send(GET);

    assertThat(door.received())
        .startsWith("HTTP/1.1 503 ")
        .endsWith("{\"error\":\"As many requests as may wait for a connection to model wine\"}");
    door.answer(0, OK);
    door.answer(0, OK);
    door.send(GET);
    door.answer(0, OK);
    assertThat(door.received()).endsWith("ok");
    assertThat(door.lane.open()).isZero();
  }

  @Test
  void aModelsOwnTimesBeatTheGateways() {
    EmbeddedDoor door =
        door(
            1,
            new Bounds(
                Duration.ofMillis(600),
                Duration.ofSeconds(1),
                null,
                null,
                Bounds.UNBOUNDED,
                Bounds.UNBOUNDED,
                Bounds.UNBOUNDED));
    door.send(GET);
    assertThat(door.tried).containsExactly("10.0.0.1 600");

    door.turn(Duration.ofMillis(999));
    assertThat(door.received()).isEmpty();
    door.turn(Duration.ofMillis(1));

    assertThat(door.received()).startsWith("HTTP/1.1 504 ");
    assertThat(door.only().ending()).isEqualTo(Ending.TIMED_OUT);
  }

  private static String hostOf(String head) {
    return head.lines().filter(line -> line.startsWith("host: ")).findFirst().orElseThrow();
  }

  private static Bounds bounds(int connectionsMax, int requestsMax, int waitingMax) {
    return new Bounds(null, null, null, null, connectionsMax, requestsMax, waitingMax);
  }

  private static EmbeddedDoor door(int replicas, Bounds bounds) {
    List<Replica> all =
        IntStream.rangeClosed(1, replicas)
            .mapToObj(i -> new Replica(URI.create("http://m" + i + ":5000")))
            .toList();
    EmbeddedDoor door =
        new EmbeddedDoor(
            new Model(
                "wine",
                new Upstream(all),
                Predictor.NONE,
                "/model/wine",
                null,
                null,
                new Kept(true, 1 << 20, 1.0),
                bounds));
    for (int i = 1; i <= replicas; i++) {
      door.hosts.put("m" + i, List.of(InetAddress.ofLiteral("10.0.0." + i)));
    }
    return door;
  }
}
