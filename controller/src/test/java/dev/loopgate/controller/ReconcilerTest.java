package dev.loopgate.controller;

import static dev.loopgate.controller.Scene.ANY;
import static dev.loopgate.fleet.Kind.CONNECTION;
import static dev.loopgate.fleet.Kind.DEPLOYMENT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.Gateways.Answering;
import dev.loopgate.fleet.Gateways.Served;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.ModelReader.ModelCard;
import dev.loopgate.testkit.ScriptedHost.Fate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What becomes of one deployment.
final class ReconcilerTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final Scene scene = new Scene();

  @AfterEach
  void noContractIsBroken() {
    assertThat(scene.events.troubles()).isEmpty();
  }

  @Test
  void whatIsNewStartsIsReadOnceAndSleepsWhenNobodyAsks() throws Exception {
    scene.declare("wine", Specs.deployment("i"));

    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
    assertThat(scene.store.writes())
        .filteredOn(write -> write.startsWith("ModelDeployment"))
        .containsExactly(
            "ModelDeployment wine Processing 0/1",
            "ModelDeployment wine Processing 1/1",
            "ModelDeployment wine Ready 1/1 wine:1.0");
    scene.advance(Duration.ofSeconds(175));
    assertThat(scene.status("wine")).startsWith("Ready 1/1");
    scene.advance(Duration.ofSeconds(10));
    assertThat(scene.status("wine")).isEqualTo("Ready 0/0 wine:1.0");
    assertThat(scene.host.calls())
        .isEqualTo(Map.of("apply wine", 1, "scale wine 1", 1, "scale wine 0", 1));
    assertThat(scene.reader.asked("wine")).isEqualTo(1);
    assertThat(scene.events.lines())
        .containsExactly(
            "wine: 0 to 1 STARTED",
            "wine: NEW to PROCESSING",
            "wine: is wine 1.0",
            "wine: PROCESSING to READY",
            "wine: 1 to 0 IDLE",
            "wine: READY to PROCESSING", // it ends
            "wine: PROCESSING to READY");
    assertThat(scene.cards.all()).isEqualTo(Map.of("wine", new ModelCard("wine", "1.0", "{}")));
  }

  @Test
  void whoIsWokenByAGatewayIsNotReadAgainAndStaysForTheIdleTime() throws Exception {
    scene.declare("wine", Specs.deployment("i"));
    scene.advance(MINUTE.multipliedBy(5));
    Served asleep = scene.gateways.served("wine").orElseThrow();
    assertThat(asleep.ready()).isEmpty();
    assertThat(asleep.problem()).isNull();
    assertThat(asleep.revision()).isNotEmpty();

    scene.host.wake("wine");
    scene.host.step();
    scene.host.step(); // ready before anybody looks
    scene.settle();

    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
    assertThat(scene.gateways.served("wine").orElseThrow().ready()).hasSize(1);
    scene.advance(Duration.ofSeconds(170));
    assertThat(scene.status("wine")).startsWith("Ready 1/1");
    scene.advance(Duration.ofSeconds(14));
    assertThat(scene.status("wine")).startsWith("Ready 0/0");
    assertThat(scene.reader.asked("wine")).isEqualTo(1);
  }

  @Test
  void twiceChangesNothing() throws Exception {
    scene.declare("wine", Specs.scaled("i", 2, 3));
    scene.settle();
    assertThat(scene.status("wine")).isEqualTo("Ready 2/2 wine:1.0");
    scene.host.callCount();
    scene.store.writes();
    scene.gateways.serveCount();

    scene.advance(MINUTE.multipliedBy(25)); // two resyncs
    scene.host.storm(1_000);
    scene.settle();

    assertThat(scene.host.callCount()).isZero();
    assertThat(scene.store.writes()).isEmpty();
    assertThat(scene.gateways.serveCount()).isZero();
  }

  @Test
  void whatIsDeclaredEquallyAgainIsObservedAgainAndRollsNothingOut() throws Exception {
    scene.declare("wine", Specs.scaled("i", 2, 3));
    scene.host.callCount();
    scene.store.writes();
    List<Answering> before = scene.gateways.served("wine").orElseThrow().ready();

    scene.replace("wine", Specs.scaled("i", 2, 3));
    scene.advance(MINUTE);

    assertThat(scene.host.callCount()).isZero();
    assertThat(scene.store.writes()).containsExactly("ModelDeployment wine Ready 2/2 wine:1.0");
    assertThat(scene.gateways.served("wine").orElseThrow().ready()).isEqualTo(before);
    assertThat(scene.reader.asked("wine")).isEqualTo(1);
  }

  @Test
  void whoeverScalesItTooIsLeftAloneWithinTheBounds() throws Exception {
    scene.declare("wine", Specs.scaled("i", 1, 4));
    scene.advance(Duration.ofSeconds(30));
    scene.host.callCount();

    scene.host.meddle("wine", 3);
    scene.advance(Duration.ofSeconds(20)); // before the first minute is over
    assertThat(scene.host.callCount()).isZero();
    assertThat(scene.status("wine")).startsWith("Ready 3/3");

    scene.host.meddle("wine", 9);
    scene.settle();
    assertThat(scene.host.calls()).isEqualTo(Map.of("scale wine 4", 1));
    scene.host.meddle("wine", 0);
    scene.settle();
    assertThat(scene.host.calls()).isEqualTo(Map.of("scale wine 1", 1));
  }

  @Test
  void callersDecideHowManyThereAre() throws Exception {
    scene.declare("wine", Specs.scaled("i", 0, 8));

    scene.gateways.demand("wine", 10, 22);
    scene.advance(Duration.ofSeconds(4));
    assertThat(scene.status("wine")).isEqualTo("Ready 4/4 wine:1.0");
    scene.gateways.demand("wine", 1_000_000, 0);
    scene.advance(Duration.ofSeconds(4));
    assertThat(scene.status("wine")).startsWith("Ready 8/8");
    scene.gateways.demand("wine", 0, 0);
    scene.advance(Duration.ofSeconds(58));
    assertThat(scene.status("wine")).startsWith("Ready 8/8");
    scene.advance(Duration.ofSeconds(10));
    assertThat(scene.status("wine")).startsWith("Ready 1/1");
    scene.advance(MINUTE.multipliedBy(3));
    assertThat(scene.status("wine")).startsWith("Ready 0/0");
    scene.gateways.demand("wine", 0, 1); // held, and nobody woke it
    scene.advance(Duration.ofSeconds(4));
    assertThat(scene.status("wine")).startsWith("Ready 1/1");
  }

  @ParameterizedTest
  @CsvSource({"IMAGE_MISSING,IMAGE_PULL_FAILED", "CRASHES,MODEL_CRASHED"})
  void whatFailsIsToldGoesToSleepAndIsTriedAgain(Fate fate, Reason reason) throws Exception {
    scene.host.fate("i", fate);
    scene.declare("wine", Specs.deployment("i"));

    assertThat(scene.status("wine")).isEqualTo("Failed 0/1 " + reason.word());
    assertThat(scene.route("wine").state().word()).isEqualTo("Processing");
    assertThat(scene.gateways.served("wine").map(Served::problem).map(Problem::reason))
        .contains(reason);
    scene.advance(Duration.ofSeconds(58));
    assertThat(scene.status("wine")).startsWith("Failed 0/1");
    scene.advance(Duration.ofSeconds(4));
    assertThat(scene.status("wine")).isEqualTo("Failed 0/0 " + reason.word());
    assertThat(scene.gateways.served("wine").orElseThrow().problem())
        .as("who asks next waits for another try")
        .isNull();
    assertThat(scene.events.lines()).noneMatch(line -> line.contains("\n"));
    scene.advance(MINUTE);
    assertThat(scene.status("wine")).startsWith("Failed 0/0");

    scene.host.wake("wine");
    scene.settle();
    assertThat(scene.status("wine")).startsWith("Failed 0/1");
    assertThat(scene.gateways.served("wine").orElseThrow().problem()).isNotNull();
    scene.host.fate("i", Fate.READY);
    scene.settle();
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
    assertThat(scene.gateways.served("wine").orElseThrow().problem()).isNull();
    assertThat(scene.route("wine").state().word()).isEqualTo("Ready");
  }

  @Test
  void whatWasNeverReadyIsTriedAgainWithoutARequestNowAndThen() throws Exception {
    scene.host.fate("i", Fate.IMAGE_MISSING);
    scene.declare("wine", Specs.deployment("i"));
    scene.advance(MINUTE.multipliedBy(2));
    assertThat(scene.status("wine")).isEqualTo("Failed 0/0 ImagePullFailed");
    scene.host.fate("i", Fate.READY);

    scene.advance(MINUTE.multipliedBy(9));

    assertThat(scene.events.lines()).contains("wine: 0 to 1 RETRIED");
    assertThat(scene.reader.asked("wine")).isEqualTo(1);
  }

  @Test
  void whatMayNotSleepIsTriedForEver() throws Exception {
    scene.host.fate("i", Fate.CRASHES);
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.advance(MINUTE.multipliedBy(5));
    assertThat(scene.status("wine")).isEqualTo("Failed 0/1 ModelCrashed");

    scene.host.fate("i", Fate.READY);
    scene.settle();

    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
  }

  @Test
  void whatIsNeverReadyFailsAtTheDeadlineAndABetterOneIsReady() throws Exception {
    scene.host.fate("i", Fate.NEVER_READY);
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.advance(Duration.ofSeconds(499));
    assertThat(scene.status("wine")).isEqualTo("Processing 0/1");
    assertThat(scene.gateways.served("wine").orElseThrow().problem()).isNull();

    scene.advance(Duration.ofSeconds(3));

    assertThat(scene.status("wine")).isEqualTo("Failed 0/1 ReadinessTimeout");
    assertThat(scene.gateways.served("wine").orElseThrow().problem()).isNotNull();
    scene.replace("wine", Specs.scaled("better", 1, 1));
    scene.settle();
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
  }

  @Test
  void anotherImageServesAsSoonAsItIsReadyAndEachReplicaSaysWhichOneItIs() throws Exception {
    scene.declare("wine", Specs.scaled("one", 2, 2));
    scene.reader.answer("wine", new ModelCard("wine", "2.0", "{\"later\":1}"));
    String before = scene.gateways.served("wine").orElseThrow().revision();
    scene.replace("wine", Specs.scaled("two", 2, 2));

    Set<String> seen = new TreeSet<>();
    for (int i = 0; i < 30; i++) {
      scene.round();
      Served served = scene.gateways.served("wine").orElseThrow();
      assertThat(served.ready()).as("step %s", i).isNotEmpty();
      served
          .ready()
          .forEach(each -> seen.add(each.revision().equals(before) + " " + each.version()));
      if (scene.status("wine").startsWith("Ready")) {
        assertThat(served.ready()).extracting(Answering::revision).doesNotContain(before);
      }
      scene.host.step();
    }

    assertThat(seen).containsExactly("false 2.0", "true 1.0");
    scene.settle();
    assertThat(scene.status("wine")).isEqualTo("Ready 2/2 wine:2.0");
    assertThat(scene.gateways.served("wine").orElseThrow().revision()).isNotEqualTo(before);
    assertThat(scene.cards.all().get("wine"))
        .isEqualTo(new ModelCard("wine", "2.0", "{\"later\":1}"));
  }

  @Test
  void whatAnEarlierRevisionSaysLateIsNotTheLaterOnes() throws Exception {
    scene.holdReadings();
    scene.declare("wine", Specs.deployment("one"));
    assertThat(scene.gateways.served("wine").orElseThrow().ready()).as("unasked").isEmpty();
    scene.replace("wine", Specs.deployment("two"));
    scene.settle();
    scene.readNow();
    scene.reader.fail("wine", 1);
    scene.settle();

    assertThat(scene.cards.all()).isEmpty();
    assertThat(scene.status("wine")).isEqualTo("Processing 1/1");
    scene.reader.answer("wine", new ModelCard("wine", "2.0", null));
    scene.advance(Duration.ofSeconds(2));
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:2.0");
    assertThat(scene.cards.all()).containsOnlyKeys("wine");
  }

  @Test
  void anotherImageThatFailsLeavesTheOneThatServes() throws Exception {
    scene.declare("wine", Specs.deployment("one"));
    List<Answering> before = scene.gateways.served("wine").orElseThrow().ready();
    scene.host.fate("bad", Fate.IMAGE_MISSING);

    scene.replace("wine", Specs.deployment("bad"));
    scene.advance(MINUTE.multipliedBy(9));

    assertThat(scene.status("wine")).isEqualTo("Failed 1/1 ImagePullFailed");
    Served served = scene.gateways.served("wine").orElseThrow();
    assertThat(served.ready()).isEqualTo(before);
    assertThat(served.problem()).isNull();
    assertThat(scene.route("wine").state().word()).isEqualTo("Ready");
    scene.replace("wine", Specs.deployment("one"));
    scene.settle();
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
  }

  @Test
  void aSleepingModelsNewImageHasToShowThatItRuns() throws Exception {
    scene.declare("wine", Specs.deployment("one"));
    scene.advance(MINUTE.multipliedBy(5));
    assertThat(scene.status("wine")).startsWith("Ready 0/0");

    scene.replace("wine", Specs.deployment("two"));
    scene.settle();

    assertThat(scene.status("wine")).startsWith("Ready 1/1");
    assertThat(scene.reader.asked("wine")).isEqualTo(2);
    scene.advance(MINUTE.multipliedBy(4));
    assertThat(scene.status("wine")).startsWith("Ready 0/0");
  }

  @Test
  void withoutItsConnectionNothingStartsAndWhatRunsStays() throws Exception {
    scene.declare("wine", Specs.pulled("one", "registry"));
    assertThat(scene.status("wine")).isEqualTo("Failed 0/0 PullConnectionNotFound");
    assertThat(scene.gateways.served("wine").orElseThrow().problem()).isNotNull();
    assertThat(scene.host.callCount()).isZero();

    scene.declared.create(CONNECTION, "registry", Specs.docker("YQ=="));
    scene.settle();
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
    scene.host.calls();
    scene.declared.replace(CONNECTION, "registry", Specs.docker("Yg=="), ANY);
    scene.settle();
    assertThat(scene.host.calls()).isEqualTo(Map.of("apply wine", 1)); // another password
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");

    scene.declared.delete(CONNECTION, "registry", ANY);
    scene.settle();
    assertThat(scene.status("wine")).isEqualTo("Failed 1/1 wine:1.0 PullConnectionNotFound");
    assertThat(scene.gateways.served("wine").orElseThrow().ready()).hasSize(1);
    assertThat(scene.gateways.served("wine").orElseThrow().problem()).isNull();
    assertThat(scene.host.callCount()).isZero();
    scene.advance(MINUTE.multipliedBy(5));
    assertThat(scene.status("wine")).startsWith("Failed 0/0");
    assertThat(scene.gateways.served("wine").orElseThrow().problem()).as("it can wake").isNull();
  }

  @Test
  void aModelThatDoesNotSayWhatItIsServesAndIsKnownByItsDeploymentAfterFiveTries()
      throws Exception {
    scene.reader.fail("wine", 100);
    scene.declare("wine", Specs.deployment("i"));

    assertThat(scene.status("wine")).isEqualTo("Processing 1/1");
    Answering unread = scene.gateways.served("wine").orElseThrow().ready().getFirst();
    assertThat(unread.name() + unread.version()).isEmpty();
    assertThat(scene.reader.asked("wine")).isEqualTo(1);
    scene.advance(Duration.ofSeconds(10));
    assertThat(scene.status("wine")).isEqualTo("Processing 1/1");
    scene.advance(Duration.ofSeconds(6));
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:unknown");
    assertThat(scene.reader.asked("wine")).isEqualTo(5);
    assertThat(scene.cards.all()).as("the catalogue has it").containsKey("wine");
    assertThat(scene.events.lines()).containsOnlyOnce("wine: unreadable");
    scene.advance(MINUTE.multipliedBy(5));
    assertThat(scene.status("wine")).isEqualTo("Ready 0/0 wine:unknown");
    assertThat(scene.reader.asked("wine")).isEqualTo(5);
  }

  @Test
  void aModelThatSaysWhatItIsLaterIsCalledSo() throws Exception {
    scene.reader.fail("wine", 2);
    scene.reader.answer("wine", new ModelCard("Wine", "", null));
    scene.declare("wine", Specs.deployment("i"));

    scene.advance(Duration.ofSeconds(5));

    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 Wine:unknown");
    assertThat(scene.reader.asked("wine")).isEqualTo(3);
  }

  @Test
  void whatCantBeALabelIsNoName() throws Exception {
    scene.reader.answer("wine", new ModelCard("Wine\n", "1.0", null));
    scene.declare("wine", Specs.deployment("i"));
    scene.advance(Duration.ofSeconds(20));
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:unknown");

    scene.reader.answer("beer", new ModelCard("\ud83c", "1.0", null));
    scene.declare("beer", Specs.deployment("i"));
    scene.advance(Duration.ofSeconds(20));
    assertThat(scene.status("beer")).isEqualTo("Ready 1/1 beer:unknown");
    assertThat(scene.events.lines()).noneMatch(line -> line.startsWith("failed"));
  }

  @Test
  void whatIsMarkedIsLetGoByTheGatewaysThenEndsThenIsGone() throws Exception {
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.host.calls();
    scene.store.writes();
    scene.declared.mark(DEPLOYMENT, "wine", ANY);

    scene.round();
    assertThat(scene.gateways.served("wine")).isEmpty();
    assertThat(scene.gateways.routes()).isEmpty();
    assertThat(scene.host.calls()).isEmpty();
    scene.round();
    assertThat(scene.host.calls()).isEqualTo(Map.of("remove wine", 1));
    scene.round();
    assertThat(scene.status("wine")).isEqualTo("Deleting 0/0 wine:1.0");
    scene.settle();

    assertThat(scene.status("wine")).isEqualTo("gone");
    assertThat(scene.store.writes())
        .filteredOn(write -> !write.startsWith("ModelRoute"))
        .containsExactly("ModelDeployment wine Deleting 0/0 wine:1.0", "delete wine");
    assertThat(scene.host.deployments()).isEmpty();
    assertThat(scene.host.callCount()).isZero();
    assertThat(scene.cards.all()).isEmpty();
  }

  @Test
  void whatIsDeclaredAgainMeanwhileStays() throws Exception {
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.declared.mark(DEPLOYMENT, "wine", ANY);
    scene.round();
    scene.round(); // told to remove
    scene.replace("wine", Specs.scaled("i", 1, 1));
    scene.settle();

    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
    assertThat(scene.gateways.served("wine").orElseThrow().ready()).hasSize(1);
    assertThat(scene.store.writes()).noneMatch(write -> write.startsWith("delete"));
  }

  @Test
  void whatIsDeclaredAgainJustBeforeItGoesIsNotDeleted() throws Exception {
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.store.writes();
    scene.declared.mark(DEPLOYMENT, "wine", ANY);
    scene.round();
    scene.round();
    scene.round(); // Deleting is kept
    scene.host.step();
    scene.store.beforeNext(() -> scene.replace("wine", Specs.scaled("i", 1, 1)));
    scene.settle();

    assertThat(scene.store.writes()).contains("Stale delete wine");
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
  }

  @Test
  void whatIsDeletedAtOnceEnds() throws Exception {
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.declared.delete(DEPLOYMENT, "wine", ANY);
    scene.settle();

    assertThat(scene.host.deployments()).isEmpty();
    assertThat(scene.gateways.served("wine")).isEmpty();
  }
}
