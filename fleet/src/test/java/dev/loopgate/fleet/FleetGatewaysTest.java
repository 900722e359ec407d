package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.Gateways.Answering;
import dev.loopgate.fleet.Gateways.Demand;
import dev.loopgate.fleet.Gateways.Served;
import dev.loopgate.fleet.HostedDeployment.Problem;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class FleetGatewaysTest {
  private static final Instant NOW = Instant.parse("2026-11-27T10:00:00Z");

  private final List<String> woken = new ArrayList<>();
  private final List<String> coming = new ArrayList<>();
  private int changes;
  private final Fleet fleet =
      Fleet.of(
          List.of(
              Model.of(
                  "fixed",
                  URI.create("http://10.0.0.1:80"),
                  Predictor.NONE,
                  "/model/fixed",
                  null,
                  null,
                  0)));
  private final FleetGateways gateways =
      new FleetGateways(
          fleet,
          new Kept(true, 1 << 20, 1.0),
          woken::add,
          models -> models.forEach(model -> coming.add(model.id())),
          () -> changes++);

  private static DeploymentSpec spec(@Nullable String role, DeploymentSpec.Serving serving) {
    return new DeploymentSpec(
        "exec:/bin/model",
        "odahu-ml-server",
        null,
        Map.of(),
        0,
        1,
        null,
        null,
        role,
        null,
        Map.of(),
        serving);
  }

  private static Served served(String id, @Nullable Problem problem, Answering... ready) {
    return served(id, spec("role-" + id, DeploymentSpec.Serving.NONE), problem, ready);
  }

  private static Served served(
      String id, DeploymentSpec spec, @Nullable Problem problem, Answering... ready) {
    Declared<DeploymentSpec, DeploymentStatus> declared =
        Declared.created(Kind.DEPLOYMENT, id, spec, NOW, 1);
    return new Served(declared, "r1", List.of(ready), problem);
  }

  private static Declared<RouteSpec, RouteStatus> defaultRoute(String deployment) {
    return Declared.defaultRoute(deployment + "-1a2b3", deployment, NOW, 2);
  }

  private static Declared<RouteSpec, RouteStatus> route(String id, String prefix, String... to) {
    List<RouteSpec.Target> targets = new ArrayList<>();
    for (String each : to) {
      targets.add(new RouteSpec.Target(each, 100 / to.length));
    }
    return Declared.created(Kind.ROUTE, id, new RouteSpec(prefix, null, targets), NOW, 3);
  }

  private static Answering at(int port, String version) {
    return new Answering(
        new Replica(URI.create("http://127.0.0.1:" + port)), "r" + version, "wine", version);
  }

  private Hosted hosted(String id) {
    return Objects.requireNonNull(fleet.deployment(id).orElseThrow().hosted());
  }

  private String matched(String path) {
    return fleet
        .match(path)
        .map(match -> match.route() + " " + match.deployment().model().id())
        .orElse("nobody");
  }

  @Test
  void whatIsDeclaredIsServedBesideWhatIsConfigured() {
    assertThat(gateways.serve(List.of(served("a", null)), List.of(defaultRoute("a"))))
        .containsExactly("a-1a2b3");

    assertThat(matched("/model/a/x")).isEqualTo("a-1a2b3 a");
    assertThat(matched("/model/fixed/x")).isEqualTo("fixed fixed");
    assertThat(coming).containsExactly("a");
    assertThat(changes).isOne();
    assertThat(fleet.deployment("a").orElseThrow().model().role()).isEqualTo("role-a");
    assertThat(hosted("a").replicas().all()).isEmpty();
    hosted("a").wake();
    assertThat(woken).containsExactly("a");
  }

  @Test
  void whoWaitsForItIsToldOnceItIsServed() throws Exception {
    Ref deployment = new Ref(Kind.DEPLOYMENT, "a");
    Ref byDefault = new Ref(Kind.ROUTE, "a-1a2b3");
    Ref custom = new Ref(Kind.ROUTE, "r");
    assertThat(gateways.awaitFirst(Duration.ZERO)).isFalse();
    FutureTask<Boolean> waiting =
        new FutureTask<>(() -> gateways.awaitServed(custom, Duration.ofSeconds(60)));
    Thread.ofVirtual().start(waiting);

    gateways.serve(List.of(served("a", null)), List.of(defaultRoute("a")));

    assertThat(gateways.awaitFirst(Duration.ZERO)).isTrue();
    assertThat(gateways.awaitServed(deployment, Duration.ZERO)).isTrue();
    assertThat(gateways.awaitServed(byDefault, Duration.ZERO)).isTrue();
    assertThat(gateways.awaitServed(custom, Duration.ofMillis(1))).isFalse();
    assertThat(waiting.isDone()).isFalse();

    gateways.serve(
        List.of(served("a", null)), List.of(defaultRoute("a"), route("r", "/custom/r", "a")));
    assertThat(waiting.get(60, TimeUnit.SECONDS)).isTrue();

    gateways.serve(List.of(), List.of());
    assertThat(gateways.awaitServed(deployment, Duration.ZERO)).isFalse();
  }

  @Test
  void configurationThatChangesLeavesWhatIsDeclared() {
    gateways.serve(List.of(served("a", null, at(1, "1"))), List.of(defaultRoute("a")));
    Deployment before = fleet.deployment("a").orElseThrow();

    fleet.replace(List.of(), List.of());

    assertThat(matched("/model/fixed/x")).isEqualTo("nobody");
    assertThat(fleet.deployment("a")).containsSame(before);
    assertThat(before.isRetired()).isFalse();
  }

  @Test
  void whatIsConfiguredGoesFirst() {
    assertThat(
            gateways.serve(
                List.of(served("fixed", null), served("b", null)),
                List.of(defaultRoute("fixed"), defaultRoute("b"))))
        .containsExactly("b-1a2b3");

    assertThat(fleet.deployment("fixed").orElseThrow().hosted()).isNull();
    assertThat(matched("/model/fixed/x")).isEqualTo("fixed fixed");
  }

  @Test
  void replicasThatStayAreTheSameAndOthersComeAndGo() {
    gateways.serve(List.of(served("a", null, at(1, "1"), at(2, "1"))), List.of());
    ReplicaState first = hosted("a").replicas().all().getFirst();
    ReplicaState second = hosted("a").replicas().all().get(1);

    gateways.serve(List.of(served("a", null, at(2, "1"), at(3, "2"))), List.of());

    List<ReplicaState> now = hosted("a").replicas().all();
    assertThat(now).hasSize(2).contains(second).doesNotContain(first);
    assertThat(first.isRetired()).isTrue();
    assertThat(second.isRetired()).isFalse();
    assertThat(now.stream().map(ReplicaState::bit).distinct()).hasSize(2);
    assertThat(now)
        .extracting(state -> fleet.deployment("a").orElseThrow().labelsAt("/", state).version())
        .containsExactlyInAnyOrder("1", "2");
  }

  @Test
  void aRoleThatChangesKeepsWhoWaits() {
    gateways.serve(List.of(served("a", null)), List.of());
    Hosted before = hosted("a");
    before.tryHold(10);

    DeploymentSpec.Serving serving =
        new DeploymentSpec.Serving(null, Duration.ofSeconds(5), 3, 2, null, null);
    gateways.serve(List.of(served("a", spec("other", serving), null)), List.of());

    assertThat(hosted("a")).isSameAs(before);
    assertThat(before.isGone()).isFalse();
    assertThat(before.terms()).isEqualTo(new Hosted.Terms(Duration.ofSeconds(5), 3, 2));
    assertThat(fleet.deployment("a").orElseThrow().model().role()).isEqualTo("other");
    assertThat(gateways.demand("a")).isEqualTo(new Demand(0, 1, 1));
    assertThat(gateways.demand("b")).isEqualTo(Demand.NONE);
  }

  @Test
  void aProblemIsOneOnlyWhileNoReplicaAnswers() {
    Problem crashed = new Problem(Reason.MODEL_CRASHED, "exit code 1");
    gateways.serve(List.of(served("a", crashed)), List.of());
    assertThat(hosted("a").problem()).isEqualTo(crashed);

    gateways.serve(List.of(served("a", crashed, at(1, "1"))), List.of());
    assertThat(hosted("a").problem()).isNull();
  }

  @Test
  void whatIsDeclaredNoMoreIsGoneAndTellsWhoWaits() {
    gateways.serve(List.of(served("a", null, at(1, "1"))), List.of(defaultRoute("a")));
    Hosted before = hosted("a");
    List<Boolean> told = new ArrayList<>();
    before.listen(() -> told.add(before.isGone()));

    gateways.serve(List.of(), List.of());

    assertThat(told).containsExactly(true);
    assertThat(before.replicas().all()).isEmpty();
    assertThat(matched("/model/a/x")).isEqualTo("nobody");
    gateways.serve(List.of(served("a", null)), List.of());
    assertThat(hosted("a")).isNotSameAs(before);
  }

  @Test
  void aReplicaIsDrainedOnceNobodyIsToldOfItAndItsLastRequestIsOver() {
    gateways.serve(List.of(served("a", null, at(1, "1"), at(2, "1"))), List.of());
    ReplicaState first = hosted("a").replicas().all().getFirst();
    ReplicaState second = hosted("a").replicas().all().get(1);
    first.started();
    second.started();
    assertThat(gateways.isDrained("a", first.replica())).isFalse();

    gateways.serve(List.of(served("a", null, at(2, "1"))), List.of());
    assertThat(gateways.isDrained("a", first.replica())).isFalse();
    first.ended();
    assertThat(gateways.isDrained("a", first.replica())).isTrue();
    assertThat(gateways.isDrained("a", second.replica())).isFalse();

    gateways.serve(List.of(), List.of()); // declared no more, and a request goes on
    assertThat(gateways.isDrained("a", second.replica())).isFalse();
    second.ended();
    assertThat(gateways.isDrained("a", second.replica())).isTrue();
  }

  @Test
  void aRouteWhoseTargetIsGoneStaysAsItWas() {
    Declared<RouteSpec, RouteStatus> both = route("both", "/custom/both", "a", "b");
    List<Served> served = List.of(served("a", null), served("b", null));
    assertThat(gateways.serve(served, List.of(both))).contains("both");
    Route before = fleet.match("/custom/both/x").orElseThrow().through();

    assertThat(gateways.serve(served, List.of(both))).contains("both");
    assertThat(fleet.match("/custom/both/x").orElseThrow().through()).isSameAs(before);
    assertThat(gateways.serve(List.of(served("a", null)), List.of(both))).doesNotContain("both");
    assertThat(fleet.match("/custom/both/x").orElseThrow().through()).isSameAs(before);
    assertThat(gateways.serve(List.of(served("a", null)), List.of())).doesNotContain("both");
    assertThat(matched("/custom/both/x")).isEqualTo("nobody");
  }

  @Test
  void aRouteThatNeverLedAnywhereIsNotServed() {
    Declared<RouteSpec, RouteStatus> lost = route("lost", "/custom/lost", "nobody");
    assertThat(gateways.serve(List.of(), List.of(lost))).isEmpty();
    assertThat(matched("/custom/lost/x")).isEqualTo("nobody");
  }
}
