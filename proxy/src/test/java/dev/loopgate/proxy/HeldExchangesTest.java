package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Gateways.Answering;
import dev.loopgate.fleet.Gateways.Demand;
import dev.loopgate.fleet.Hosted;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Requests for a deployment whose servers come and go.
@ExtendWith(LeakFree.class)
final class HeldExchangesTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer";
  private static final Hosted.Terms TERMS = new Hosted.Terms(Duration.ofSeconds(30), 1, 0);

  private final List<String> woken = new ArrayList<>();
  private final Hosted hosted = new Hosted("wine", TERMS, woken::add);
  private final Fleet fleet = fleet();
  private final EmbeddedDoor door =
      new EmbeddedDoor(
          fleet, List.of(), 1 << 20, Edge.DEFAULT, EmbeddedDoor.LIMITS.connectionsMax(), null);

  private Fleet fleet() {
    Fleet made = Fleet.of(List.of());
    made.declare(List.of(new Fleet.Declaring(model(), hosted, "wine-1a2b3")), List.of());
    return made;
  }

  private static Model model() {
    return new Model(
        "wine",
        Upstream.HOSTED,
        Predictor.NONE,
        "/model/wine",
        null,
        null,
        new Kept(true, 1 << 20, 1.0));
  }

  private static Answering at(int port, String version) {
    Replica replica = new Replica(URI.create("http://127.0.0.1:" + port));
    return new Answering(replica, "r" + version, "white-wine", version);
  }

  private void answer(Answering... answering) {
    hosted.answer(List.of(answering), null, hosted.terms());
    door.settle();
  }

  private static String post(String id) {
    return "POST /model/wine/predict HTTP/1.1\r\nHost: d\r\nRequest-Id: "
        + id
        + "\r\nContent-Length: 5\r\n\r\nhello";
  }

  private void pass(Duration time) {
    door.base.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    door.base.runScheduledPendingTasks();
    door.turn(time);
  }

  private List<Ending> endings() {
    return door.lane.kept().stream().map(kept -> kept.prediction().ending()).toList();
  }

  @AfterEach
  void nothingIsLeft() {
    door.caller.close();
    door.settle();
    assertThat(door.lane.open()).isZero();
    Demand left = hosted.demand();
    assertThat(List.of(left.inFlight(), left.held())).containsExactly(0, 0);
  }

  @Test
  void aRequestWaitsForAReplicaAndTheAnswerSaysHowLong() {
    door.send(post("first"));

    assertThat(door.tried).isEmpty();
    assertThat(woken).containsExactly("wine");
    assertThat(hosted.demand().held()).isOne();
    pass(Duration.ofMillis(700));
    answer(at(5000, "1.0"));
    assertThat(door.asked(0)).startsWith("POST /predict HTTP/1.1\r\n").endsWith("\r\n\r\nhello");
    door.answer(0, OK);

    assertThat(door.received())
        .startsWith("HTTP/1.1 200 OK\r\n")
        .contains("\r\nmodel-cold-start: 700\r\n", "\r\nmodel-version: 1.0\r\n")
        .endsWith("\r\n\r\nanswer");
    assertThat(door.told.words).contains("released wine 700 cold");
    assertThat(door.only().prediction().target())
        .satisfies(target -> {
          assertThat(target.route()).isEqualTo("wine-1a2b3");
          assertThat(target.replica()).isEqualTo("127.0.0.1:5000");
          assertThat(target.model().name()).isEqualTo("white-wine");
          assertThat(target.model().version()).isEqualTo("1.0");
        });
    door.send(post("warm"));
    door.answer(0, OK);
    assertThat(door.received().lastIndexOf("model-cold-start"))
        .isEqualTo(door.received().indexOf("model-cold-start"));
    assertThat(door.told.words).contains("released wine 0");
  }

  @Test
  void aReplicaIsAskedForEachSecondUntilThereIsOne() {
    door.send(post("first"));
    for (int i = 0; i < 10; i++) {
      pass(Duration.ofMillis(250));
    }
    assertThat(woken).hasSize(3);

    answer(at(5000, "1.0"));
    door.answer(0, OK);
    pass(Duration.ofSeconds(5));
    assertThat(woken).hasSize(3);
  }

  @Test
  void whoWaitedComesInTheOrderTheyCameAndMoreAndMoreAtOnce() {
    for (String id : List.of("one", "two", "three", "four")) {
      door.send(post(id));
      door.connect();
    }
    answer(at(5000, "1.0"));
    assertThat(door.models).hasSize(1);
    assertThat(door.asked(0)).contains("request-id: one\r\n");
    assertThat(hosted.demand()).isEqualTo(new Demand(1, 3, 4));

    door.answer(0, OK);
    assertThat(Stream.of(door.asked(0), door.asked(1)).toList())
        .anyMatch(asked -> asked.contains("request-id: two\r\n"))
        .anyMatch(asked -> asked.contains("request-id: three\r\n"));
    assertThat(hosted.demand().held()).isOne();
    door.answer(0, OK);
    assertThat(door.asked(0)).contains("request-id: four\r\n");
    door.answer(0, OK);
    door.answer(1, OK);

    assertThat(endings()).hasSize(4).containsOnly(Ending.COMPLETE);
    hosted.demand();
    assertThat(hosted.demand()).isEqualTo(Demand.NONE);
  }

  @ParameterizedTest
  @CsvSource({
    "'', 30000",
    "'x-envoy-expected-rq-timeout-ms: 1500\r\n', 1500",
    "'x-envoy-expected-rq-timeout-ms: 99999999\r\n', 30000",
    "'x-envoy-expected-rq-timeout-ms: 15s\r\n', 30000",
    "'x-envoy-expected-rq-timeout-ms: 0\r\n', 30000",
    "'grpc-timeout: 1S\r\n', 30000", // no call in HTTP/1.1
  })
  void whoWaitsTooLongIsToldSo(String header, int millis) {
    door.send(post("late").replace("Content-Length", header + "Content-Length"));
    pass(Duration.ofMillis(millis - 1));
    assertThat(door.received()).isEmpty();
    pass(Duration.ofMillis(1));

    assertThat(door.received())
        .startsWith("HTTP/1.1 504 Gateway Timeout\r\n")
        .contains("\r\nrequest-id: late\r\n")
        .endsWith("{\"error\":\"No replica of model wine was ready in time\"}");
    assertThat(door.only().prediction().ending()).isEqualTo(Ending.HELD_TOO_LONG);
    assertThat(door.only().prediction().requestBody().size()).isEqualTo(5);
  }

  @Test
  void whatCanNotStartIsToldToThoseWhoWaitAndThoseWhoCome() {
    door.send(post("waits"));
    Problem crashed = new Problem(Reason.MODEL_CRASHED, "exit code 1: /secret/path");
    hosted.answer(List.of(), crashed, TERMS);
    door.settle();

    assertThat(door.received())
        .startsWith("HTTP/1.1 503 ")
        .endsWith("{\"error\":\"Model wine failed: ModelCrashed\"}")
        .doesNotContain("secret");
    door.connect();
    door.send(post("comes"));
    assertThat(door.received()).startsWith("HTTP/1.1 503 ");
    assertThat(endings()).containsExactly(Ending.REJECTED, Ending.REJECTED);

    door.connect();
    hosted.answer(List.of(), null, TERMS); // it may be tried again
    door.send(post("tries"));
    assertThat(hosted.demand().held()).isOne();
    answer(at(5000, "2"));
    door.answer(0, OK);
    assertThat(door.received()).startsWith("HTTP/1.1 200 OK\r\n");
  }

  @Test
  void aLookAtTheDeadlinesJustThenTakesNothingFromTheReason() {
    door.send(post("waits"));
    pass(EmbeddedDoor.LIMITS.connect().multipliedBy(3));
    hosted.answer(List.of(), new Problem(Reason.MODEL_CRASHED, "exit code 1"), TERMS);
    door.base.eventLoop().execute(door.loop::sweep); // after its turn, before it is turned away
    door.settle();

    assertThat(door.received())
        .startsWith("HTTP/1.1 503 ")
        .endsWith("{\"error\":\"Model wine failed: ModelCrashed\"}");
    assertThat(door.only().prediction().ending()).isEqualTo(Ending.REJECTED);
  }

  @Test
  void oneMoreThanMayWaitIsToldHowManyMay() {
    for (int i = 0; i < Hold.REQUESTS_MAX; i++) {
      hosted.tryHold(Hold.REQUESTS_MAX);
    }
    door.send(post("one-more"));
    for (int i = 0; i < Hold.REQUESTS_MAX; i++) {
      hosted.released();
    }

    assertThat(door.received())
        .startsWith("HTTP/1.1 503 ")
        .contains("\r\nretry-after: 1\r\n")
        .endsWith(
            "{\"error\":\"As many requests wait for a replica of model wine as may: allowed=1000, and 4096 for all"
                + " models\"}");
    assertThat(door.told.words).contains("full wine");
  }

  @Test
  void whatIsDeclaredNoMoreIsNotFound() {
    door.send(post("waits"));
    fleet.declare(List.of(), List.of());
    hosted.retire();
    door.settle();

    assertThat(door.received()).startsWith("HTTP/1.1 404 ").endsWith("\r\n\r\n");
    assertThat(door.only().prediction().ending()).isEqualTo(Ending.REJECTED);
  }

  @Test
  void whoLeavesWhileWaitingIsNeverPassedOn() {
    door.send(post("leaves"));
    door.caller.close();
    door.settle();
    assertThat(hosted.demand().held()).isZero();

    answer(at(5000, "1.0"));
    pass(Duration.ofSeconds(3));
    assertThat(door.tried).isEmpty();
    assertThat(woken).hasSize(1);
    assertThat(door.only().ending()).isEqualTo(Ending.CLIENT_LEFT);
    assertThat(door.only().requestText()).isEqualTo("hello");
    assertThat(door.only().requestBody())
        .satisfies(body -> assertThat(body.size()).isEqualTo(5))
        .satisfies(body -> assertThat(body.truncated()).isFalse());
  }

  @Test
  void ofWhoLeavesInTheMiddleOfABodyThatNobodyTookTheRecordHasWhatCame() {
    door.send(post("part").replace("Length: 5", "Length: 50"));
    door.caller.close();
    door.settle();

    assertThat(door.only().ending()).isEqualTo(Ending.CLIENT_LEFT);
    assertThat(door.only().requestText()).isEqualTo("hello");
    assertThat(door.only().requestBody().size()).isEqualTo(5);
    assertThat(door.only().requestBody().truncated()).isTrue();
  }

  @Test
  void whatFollowsTheRequestOfOneWhoLeavesBeginsNothing() {
    door.send(post("first") + post("second"));
    door.caller.close();
    door.settle();

    assertThat(door.only().requestText()).isEqualTo("hello");
    assertThat(hosted.demand().held()).isZero();
  }

  @Test
  void ofABodyThatIsMalformedAndNobodyTookThereIsOneRecord() {
    door.send(
        post("torn").replace("Content-Length: 5", "Transfer-Encoding: chunked")
            + "\r\nnot the size of a chunk\r\n"
            + post("after"));
    door.caller.close();
    door.settle();

    assertThat(door.only().prediction().requestId().value()).isEqualTo("torn");
    assertThat(hosted.demand().held()).isZero();
  }

  @Test
  void ofWhoWaitsWhenTheGatewayStopsTheRecordHasWhatCame() {
    door.send(post("stopped"));
    door.loop.stop();
    door.settle();

    assertThat(door.received()).startsWith("HTTP/1.1 503 ");
    assertThat(door.only().ending()).isEqualTo(Ending.GATEWAY_STOPPED);
    assertThat(door.only().requestText()).isEqualTo("hello");
  }

  @Test
  void whoCanNotBeReachedIsTriedAgainAndTheRequestIsSentOnce() {
    door.refusesConnections = true;
    answer(at(5000, "1.0"));
    door.send(post("again"));
    assertThat(door.tried).hasSize(1);
    assertThat(hosted.demand()).isEqualTo(new Demand(0, 1, 1));

    pass(Duration.ofMillis(HeldRequest.PAUSE_MILLIS));
    assertThat(door.tried).hasSize(2);
    answer(); // it is gone: another one has to be started
    pass(Duration.ofMillis(HeldRequest.PAUSE_MILLIS));
    pass(Duration.ofSeconds(1));
    assertThat(woken).isNotEmpty();
    door.refusesConnections = false;
    answer(at(5001, "1.0"));

    assertThat(door.models).hasSize(1);
    assertThat(door.asked(0)).contains("request-id: again\r\n").endsWith("\r\n\r\nhello");
    door.answer(0, OK);
    assertThat(door.only().prediction().target().replica()).isEqualTo("127.0.0.1:5001");
  }

  @Test
  void whatAnEndingServerLeavesUnansweredIsNotSentAgain() {
    answer(at(5000, "1.0"));
    door.send(post("once"));
    assertThat(door.asked(0)).endsWith("hello");
    door.modelCloses(0);
    pass(Duration.ofSeconds(1));

    assertThat(door.received()).startsWith("HTTP/1.1 502 ");
    assertThat(door.models).hasSize(1);
    assertThat(door.only().prediction().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void eachRecordHasTheVersionOfTheReplicaThatAnswered() {
    answer(at(5000, "1"));
    door.send(post("old"));
    answer(at(5001, "2")); // the other one is on its way out
    door.connect();
    door.send(post("new"));
    assertThat(door.models).hasSize(2);
    door.answer(1, OK);
    assertThat(door.received()).contains("model-version: 2\r\n");
    door.answer(0, OK);

    assertThat(door.lane.kept())
        .extracting(kept ->
            kept.prediction().requestId().value() + kept.prediction().target().model().version())
        .containsExactlyInAnyOrder("old1", "new2");
  }

  @Test
  void noReplicaHasMoreThanItMay() {
    hosted.answer(
        List.of(at(5000, "1"), at(5001, "1")), null, new Hosted.Terms(TERMS.deadline(), 10, 1));
    for (String id : List.of("a", "b", "c")) {
      door.send(post(id));
      door.connect();
    }
    assertThat(Stream.of(door.asked(0), door.asked(1)).toList())
        .anyMatch(asked -> asked.contains("request-id: a\r\n"))
        .anyMatch(asked -> asked.contains("request-id: b\r\n"));
    assertThat(hosted.demand()).isEqualTo(new Demand(2, 1, 3));

    door.answer(1, OK);
    assertThat(door.asked(1)).contains("request-id: c\r\n");
    door.answer(0, OK);
    door.answer(1, OK);
    assertThat(door.lane.kept()).hasSize(3);
  }
}
