package dev.loopgate.controller;

import static dev.loopgate.controller.Scene.ANY;
import static dev.loopgate.fleet.Kind.DEPLOYMENT;
import static dev.loopgate.fleet.Kind.ROUTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.ModelReader.ModelCard;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.testkit.ScriptedHost.Fate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What becomes of many, of routes, and of everything when something around it fails or starts
/// anew.
final class ReconcilerFleetTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final Scene scene = new Scene();

  @Test
  void aThousandBecomeReadyWithoutACallOrAWriteTooMany() throws Exception {
    int count = 1_000;
    for (int i = 0; i < count; i++) {
      scene.declared.create(DEPLOYMENT, "m" + i, Specs.deployment("i"));
    }

    scene.settle();

    for (int i = 0; i < count; i++) {
      assertThat(scene.status("m" + i)).isEqualTo("Ready 1/1 m" + i + ":1.0");
      assertThat(scene.route("m" + i).state().word()).isEqualTo("Ready");
      assertThat(scene.reader.asked("m" + i)).isEqualTo(1);
    }
    Map<String, Integer> calls = scene.host.calls();
    assertThat(calls).hasSize(2 * count);
    assertThat(calls.values()).containsOnly(1);
    List<String> writes = scene.store.writes();
    assertThat(writes).doesNotHaveDuplicates();
    assertThat(writes).filteredOn(write -> write.startsWith("ModelDeployment")).hasSize(3 * count);
    assertThat(writes).filteredOn(write -> write.startsWith("ModelRoute")).hasSize(2 * count);
    assertThat(scene.gateways.serveCount()).isLessThan(20); // one a round
    scene.advance(Duration.ofSeconds(30));
    assertThat(scene.host.callCount()).isZero();
    assertThat(scene.store.writes()).isEmpty();
    scene.advance(MINUTE.multipliedBy(4));
    assertThat(scene.status("m7")).startsWith("Ready 0/0");
    assertThat(scene.host.callCount()).isEqualTo(count);
    assertThat(scene.route("m7").state().word()).isEqualTo("Ready");
    assertThat(scene.store.writes()).noneMatch(write -> write.startsWith("ModelRoute"));
  }

  @Test
  void whatIsNewWaitsForRoomAndWhatIsKnownDoesNot() throws Exception {
    scene.declare("known", Specs.deployment("k"));
    scene.advance(MINUTE.multipliedBy(4));
    assertThat(scene.status("known")).startsWith("Ready 0/0");
    scene.host.fate("k", Fate.NO_ROOM);
    scene.host.fate("n", Fate.NO_ROOM);
    scene.host.wake("known");
    scene.declare("new", Specs.deployment("n"));
    assertThat(scene.status("new")).isEqualTo("Failed 0/1 NoCapacity");

    scene.advance(MINUTE.multipliedBy(3));

    assertThat(scene.status("known")).isEqualTo("Failed 0/0 known:1.0 NoCapacity");
    assertThat(scene.status("new")).isEqualTo("Failed 0/1 NoCapacity");
    scene.host.fate("n", Fate.READY); // others have gone
    scene.settle();
    assertThat(scene.status("new")).isEqualTo("Ready 1/1 new:1.0");
  }

  @Test
  void aRouteIsReadyWhenAllItsTargetsAre() throws Exception {
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.declared.create(ROUTE, "r", Specs.route("/custom/r/", "wine"));
    scene.settle();

    assertThat(scene.declared.get(ROUTE, "r").orElseThrow().status().edgeUrl())
        .isEqualTo("http://edge:8080/custom/r");
    assertThat(state("r")).isEqualTo("Ready");
    assertThat(scene.route("wine").edgeUrl()).isEqualTo("http://edge:8080/model/wine");
    scene.declared.replace(ROUTE, "r", Specs.route("/custom/r", "beer"), ANY);
    scene.settle();
    assertThat(state("r")).isEqualTo("Processing");
    scene.declare("beer", Specs.scaled("i", 1, 1));
    assertThat(state("r")).isEqualTo("Ready");
    scene.host.fate("i", Fate.CRASHES);
    scene.settle();
    assertThat(state("r")).isEqualTo("Processing");
    scene.host.fate("i", Fate.READY);
    scene.settle();
    assertThat(state("r")).isEqualTo("Ready");
    scene.declared.mark(DEPLOYMENT, "beer", ANY);
    scene.settle();
    assertThat(state("r")).isEqualTo("Processing");
    scene.declared.delete(ROUTE, "r", ANY);
    scene.settle();
    assertThat(scene.gateways.routes()).extracting(Declared::id).doesNotContain("r");
  }

  @Test
  void aRouteThatGatewaysDoNotServeAsDeclaredIsNotReady() throws Exception {
    scene.gateways.refuse("r");
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.declared.create(ROUTE, "r", Specs.route("/custom/r", "wine"));
    scene.settle();

    assertThat(state("r")).isEqualTo("Processing");
    assertThat(scene.route("wine").state().word()).isEqualTo("Ready");
  }

  @Test
  void anUrlThatNobodyCouldAskIsNotSaid() throws Exception {
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.declared.create(ROUTE, "r", Specs.route("/custom/" + "r".repeat(3_000), "wine"));
    scene.settle();

    assertThat(scene.declared.get(ROUTE, "r").orElseThrow().status().edgeUrl()).isEmpty();
    assertThat(state("r")).isEqualTo("Ready");
  }

  @Test
  void whatIsDeclaredWhileAStatusIsWrittenIsNotOverwritten() throws Exception {
    scene.store.beforeNext(() -> scene.replace("wine", Specs.scaled("two", 2, 2)));
    scene.declare("wine", Specs.scaled("one", 1, 1));

    assertThat(scene.store.writes()).anyMatch(write -> write.startsWith("Stale "));
    assertThat(scene.status("wine")).isEqualTo("Ready 2/2 wine:1.0");
    assertThat(scene.host.observe("wine").wanted()).isEqualTo(2);
  }

  @Test
  void aStoreThatFailsForAWhileIsWrittenLaterAndToldOnce() throws Exception {
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.memory().fail(new StoreException("disk\nfull", false, null));
    scene.host.fate("i", Fate.CRASHES);
    scene.events.lines();
    scene.store.attempts();
    scene.advance(MINUTE.multipliedBy(10));
    assertThat(scene.store.attempts()).as("of two, with pauses").isBetween(20, 60);
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
    assertThat(scene.gateways.served("wine").orElseThrow().problem()).isNotNull();
    assertThat(scene.events.lines())
        .filteredOn(line -> line.startsWith("deployment"))
        .containsExactly("deployment wine: write disk\\u000afull");

    scene.memory().fail(null);
    scene.advance(MINUTE); // the longest pause

    assertThat(scene.status("wine")).isEqualTo("Failed 0/1 wine:1.0 ModelCrashed");
    assertThat(scene.route("wine").state().word()).isEqualTo("Processing");
  }

  @Test
  void aHostThatTakesNothingIsToldLaterAndTheDeploymentIsLate() throws Exception {
    scene.host.fail(new IllegalStateException("no room"));
    scene.declare("wine", Specs.deployment("i"));
    scene.advance(MINUTE);
    assertThat(scene.status("wine")).isEqualTo("Processing 0/0");
    scene.advance(MINUTE.multipliedBy(8));
    assertThat(scene.status("wine")).isEqualTo("Failed 0/0 ReadinessTimeout");
    assertThat(scene.events.lines()).containsOnlyOnce("wine: host no room");

    scene.host.fail(null);
    scene.advance(MINUTE);

    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
  }

  @Test
  void aHostThatDoesNotTakeAChangeLeavesItUnready() throws Exception {
    scene.declare("wine", Specs.deployment("one"));
    scene.host.fail(new IllegalStateException("no room"));
    scene.replace("wine", Specs.deployment("two"));
    scene.settle();

    assertThat(scene.status("wine")).isEqualTo("Processing 1/1 wine:1.0");
    assertThat(scene.gateways.served("wine").orElseThrow().ready()).hasSize(1);
  }

  @Test
  void gatewaysThatTakeNothingAreToldLaterAndOnceSo() throws Exception {
    scene.gateways.fail(new IllegalStateException("busy"));
    scene.declare("wine", Specs.scaled("i", 1, 1));
    scene.advance(MINUTE);
    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
    assertThat(scene.route("wine").state().word()).isEqualTo("Processing");
    assertThat(scene.events.lines()).containsOnlyOnce("serving: busy");

    scene.gateways.fail(null);
    scene.advance(MINUTE);

    assertThat(scene.gateways.served("wine").orElseThrow().ready()).hasSize(1);
    assertThat(scene.route("wine").state().word()).isEqualTo("Ready");
  }

  @Test
  void aHostThatForgotIsToldAgain() throws Exception {
    scene.declare("wine", Specs.scaled("i", 2, 2));
    scene.host.remove("wine"); // by somebody else
    scene.settle();

    assertThat(scene.status("wine")).isEqualTo("Ready 2/2 wine:1.0");
    assertThat(scene.host.observe("wine").replicas()).hasSize(2);
  }

  @Test
  void theNextLifeBeginsWhereThisOneEnded() throws Exception {
    scene.declare("asleep", Specs.deployment("i"));
    scene.advance(MINUTE.multipliedBy(5));
    scene.declare("awake", Specs.scaled("i", 0, 5));
    scene.gateways.demand("awake", 30, 0);
    scene.advance(Duration.ofSeconds(6));
    scene.declare("going", Specs.scaled("i", 1, 1));
    scene.declared.mark(DEPLOYMENT, "going", ANY);
    scene.gateways.demand("awake", 0, 0);
    scene.gateways.demand("awake");
    scene.host.leftOver("stray");
    scene.store.writes();

    scene.restart();
    scene.settle();

    assertThat(scene.status("asleep")).isEqualTo("Ready 0/0 asleep:1.0");
    assertThat(scene.status("awake")).isEqualTo("Ready 3/3 awake:1.0");
    assertThat(scene.status("going")).isEqualTo("gone");
    assertThat(scene.host.deployments()).containsExactlyInAnyOrder("asleep", "awake");
    assertThat(scene.host.calls())
        .isEqualTo(
            Map.of(
                "apply asleep", 1,
                "apply awake", 1,
                "scale awake 3", 1,
                "remove going", 1,
                "remove stray", 1));
    assertThat(scene.reader.asked("asleep")).isEqualTo(1);
    assertThat(scene.reader.asked("awake")).isEqualTo(2); // its document is known again
    assertThat(scene.cards.all()).containsOnlyKeys("awake");
    scene.host.wake("asleep");
    scene.settle();
    assertThat(scene.cards.all()).containsOnlyKeys("asleep", "awake");
    scene.advance(Duration.ofSeconds(55));
    assertThat(scene.status("awake"))
        .as("nothing goes in the first minute")
        .startsWith("Ready 3/3");
    scene.advance(Duration.ofSeconds(15));
    assertThat(scene.status("awake")).startsWith("Ready 1/1");
  }

  @Test
  void aStoreOfFilesRemembersItAll(@TempDir Path root) throws Exception {
    Path directory = root.resolve("declared");
    try (FileStore files = FileStore.open(directory, new ManualClock(), new Random(7))) {
      Scene first = new Scene(files);
      first.declare("wine", Specs.scaled("i", 1, 2));
      first.declare("beer", Specs.deployment("i"));
      first.advance(MINUTE.multipliedBy(4));
      assertThat(first.status("wine")).isEqualTo("Ready 1/1 wine:1.0");
      assertThat(first.status("beer")).isEqualTo("Ready 0/0 beer:1.0");
      files.mark(DEPLOYMENT, "wine", ANY); // and then it is killed
    }

    try (FileStore files = FileStore.open(directory, new ManualClock(), new Random(7))) {
      Scene next = new Scene(files);
      next.settle();

      assertThat(next.status("wine")).isEqualTo("gone");
      assertThat(next.status("beer")).isEqualTo("Ready 0/0 beer:1.0");
      assertThat(next.host.calls()).isEqualTo(Map.of("apply beer", 1));
      assertThat(next.reader.asked("beer")).isZero();
      assertThat(next.store.writes()).containsExactly("delete wine");
      next.host.wake("beer");
      next.settle();
      assertThat(next.status("beer")).isEqualTo("Ready 1/1 beer:1.0");
    }
  }

  @Test
  void aDocumentWithoutRoomIsLeftOutAndTold() throws Exception {
    String document = " ".repeat(600_000);
    scene.reader.answer("beer", new ModelCard("beer", "1", document));
    scene.reader.answer("wine", new ModelCard("wine", "1", document));
    scene.declare("beer", Specs.deployment("i"));
    scene.declare("wine", Specs.deployment("i"));

    assertThat(scene.status("wine")).isEqualTo("Ready 1/1 wine:1");
    assertThat(scene.cards.all().get("wine")).isEqualTo(new ModelCard("wine", "1", null));
    assertThat(scene.events.lines()).contains("wine: document left out 600000");
    scene.declared.delete(DEPLOYMENT, "beer", ANY);
    scene.settle();
    scene.replace("wine", Specs.deployment("two"));
    scene.settle();
    assertThat(scene.cards.all().get("wine")).isEqualTo(new ModelCard("wine", "1", document));
  }

  private String state(String route) {
    return scene.declared.get(ROUTE, route).orElseThrow().status().state().word();
  }
}
