package dev.loopgate.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ModelRoute;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.ServerTrust;
import io.envoyproxy.controlplane.cache.Resources.ResourceType;
import io.envoyproxy.controlplane.cache.v3.Snapshot;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster.ClusterWeight;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FleetViewTest {
  private static final String ONE = "http://127.0.0.1:7001";
  private static final String TWO = "http://127.0.0.1:7002";

  @Test
  void aModelIsReachedByItsPrefixAndSeesTheRestOfThePath() {
    FleetResources view = Fleets.view(Fleet.of(List.of(Fleets.model("wine", ONE + "/base"))));

    List<Route> routes = Fleets.routes(view);
    assertThat(routes.get(1).getMatch().getPath()).isEqualTo("/model/wine");
    assertThat(routes.get(2).getMatch().getPrefix()).isEqualTo("/model/wine/");
    assertThat(routes.subList(1, 3))
        .allSatisfy(route -> {
          assertThat(route.getRoute().getCluster()).isEqualTo("model_wine");
          assertThat(route.getRoute().getPrefixRewrite()).isEqualTo("/base/");
          assertThat(route.getRoute().getAutoHostRewrite().getValue()).isTrue();
          assertThat(route.getTypedPerFilterConfigMap()).isEmpty();
        });
    assertThat(routes.getLast().getMatch().getPrefix()).isEqualTo("/");
    assertThat(routes.getLast().getRoute().getCluster()).isEqualTo("loopgate_proxy");
    assertThat(view.endpoints()).containsOnlyKeys("model_wine");
    assertThat(view.clusters())
        .containsOnlyKeys("loopgate_access", "loopgate_capture", "loopgate_proxy", "model_wine");
  }

  @Test
  void theLongestPrefixComesFirstAndWhatIsAtTheRootLeavesTheDoorItsOwn() {
    Fleet fleet =
        Fleet.of(
            List.of(
                Fleets.at("", Fleets.model("root", ONE)),
                Fleets.at("/a", Fleets.model("a", ONE)),
                Fleets.at("/a/b", Fleets.model("b", TWO))));

    assertThat(Fleets.routes(Fleets.view(fleet)).stream().map(FleetViewTest::told))
        .containsExactly(
            "dots loopgate_proxy",
            "=/a/b model_b",
            "/a/b/* model_b",
            "=/a model_a",
            "/a/* model_a",
            "/feedback loopgate_proxy",
            "/metrics loopgate_proxy",
            "/* model_root");
  }

  @ParameterizedTest
  @CsvSource({
    "/model/a/../b/x, true",
    "/model/a/%2e%2E/b, true",
    "/model/a/.%2E;x=y/b, true",
    "/model/a/%2e.%5cb, true",
    "/model/a/\u00ff/../b, true",
    "/..,true",
    "/model/a/x..y, true", // the proxy decides
    "/model/a/./b.c/.d/%2e, false",
    "/model/a/%2e/., false",
  })
  void dotsThatMayLeadOutOfAPrefixAreOurProxys(String path, boolean caught) {
    Route first = Fleets.routes(Fleets.view(Fleet.of(List.of(Fleets.model("a", ONE))))).getFirst();

    assertThat(first.getRoute().getCluster()).isEqualTo("loopgate_proxy");
    assertThat(first.getTypedPerFilterConfigMap())
        .containsOnlyKeys("loopgate.capture", "loopgate.id");
    // Java has no name for any byte.
    String regex = first.getMatch().getSafeRegex().getRegex().replace("\\C", "(?s:.)");
    assertThat(path.matches(regex)).isEqualTo(caught);
  }

  private static String told(Route route) {
    RouteMatch match = route.getMatch();
    String path =
        switch (match.getPathSpecifierCase()) {
          case PATH -> "=" + match.getPath();
          case PREFIX -> match.getPrefix() + "*";
          case SAFE_REGEX -> route.getName();
          default -> match.getPathSeparatedPrefix();
        };
    return path + " " + route.getRoute().getCluster();
  }

  @Test
  void aRouteByWeightHasItsWeightsAndOneWithAMirrorIsOurProxys() {
    List<Model> models =
        List.of(Fleets.model("a", ONE), Fleets.model("b", TWO), Fleets.model("c", ONE));
    List<ModelRoute.Target> targets =
        List.of(new ModelRoute.Target("a", 70), new ModelRoute.Target("b", 30));
    Fleet fleet =
        Fleet.of(
            models,
            List.of(
                new ModelRoute("ab", "/custom/ab", targets, null),
                new ModelRoute("copied", "/custom/copied", targets, "c")));

    RouteAction action = routed(Fleets.view(fleet), "ab");
    Map<String, Integer> weights = new TreeMap<>();
    for (ClusterWeight one : action.getWeightedClusters().getClustersList()) {
      weights.put(one.getName(), one.getWeight().getValue());
    }
    assertThat(weights).isEqualTo(Map.of("model_a", 7, "model_b", 3));
    assertThat(routed(Fleets.view(fleet), "copied").getCluster())
        .as("a mirror sees its own Host, and no token")
        .isEqualTo("loopgate_proxy");
  }

  private static RouteAction routed(FleetResources view, String id) {
    return Fleets.routes(view).stream()
        .filter(route -> route.getName().equals(id))
        .findFirst()
        .orElseThrow()
        .getRoute();
  }

  @ParameterizedTest
  @CsvSource({
    ",     ,     600",
    "20,   ,     300", // the gateway's own for a pause is longer
    "1200, ,     1200",
    ",     20,   600",
    "20,   30,   30",
    "30,   20,   30",
    ",     3600, 3600",
  })
  void aPauseMayTakeAsLongAsTheLongerOfTheWaitsAtTheProxy(
      @Nullable Integer firstByte, @Nullable Integer idle, int seconds) {
    Bounds bounds = new Bounds(null, time(firstByte), time(idle), null, 1, 1, 1);
    Model model = Fleets.bound(Fleets.model("a", ONE), bounds);

    assertThat(routed(Fleets.view(Fleet.of(List.of(model))), "a").getIdleTimeout())
        .isEqualTo(Envoys.seconds(seconds));
  }

  private static @Nullable Duration time(@Nullable Integer seconds) {
    return seconds == null ? null : Duration.ofSeconds(seconds);
  }

  @Test
  void whatNoEnvoyCanDoGoesToOurProxyAndNoFilterSeesIt() throws Exception {
    ServerTrust named = new ServerTrust("ca.pem", null, "own.pem", "own.key");
    Model asking =
        Fleets.model("b", Predictor.NONE, Protocol.HTTP1, false, named, "https://b.test:8443");
    Model elsewhere = Fleets.model("c", ONE + "/elsewhere");
    ModelRoute both =
        new ModelRoute(
            "ac",
            "/custom/ac",
            List.of(new ModelRoute.Target("a", 50), new ModelRoute.Target("c", 50)),
            null);
    Fleet fleet = Fleet.of(List.of(asking, elsewhere));
    fleet.declare(List.of(Fleets.declaring("a")), List.of(both)); // its servers come and go

    FleetResources view = Fleets.view(fleet, Fleets.config(XdsConfig.Tokens.TAKEN_OFF));
    for (String id : List.of("a", "b", "ac")) {
      assertThat(routed(view, id).getCluster()).as(id).isEqualTo("loopgate_proxy");
    }
    assertThat(routed(view, "c").getCluster()).isEqualTo("model_c");
    assertThat(view.clusters()).doesNotContainKeys("model_a", "model_b");
    Route asleep =
        Fleets.routes(view).stream()
            .filter(route -> route.getName().equals("a"))
            .findFirst()
            .orElseThrow();
    assertThat(asleep.getTypedPerFilterConfigMap())
        .containsOnlyKeys("loopgate.capture", "loopgate.reply-id", "envoy.filters.http.ext_authz");
    assertThat(
            asleep
                .getTypedPerFilterConfigOrThrow("loopgate.capture")
                .unpack(ExtProcPerRoute.class)
                .getDisabled())
        .isTrue();

    Fleet configured = Fleet.of(List.of(Fleets.model("a", ONE), elsewhere), List.of(both));
    assertThat(routed(Fleets.view(configured), "a").getCluster()).isEqualTo("model_a");
    assertThat(routed(Fleets.view(configured), "ac").getCluster())
        .as("paths are rewritten for both alike, or not here")
        .isEqualTo("loopgate_proxy");
  }

  @Test
  void serversByNameAreResolvedByEnvoyAndServersOverTlsAreChecked() throws Exception {
    ServerTrust own = new ServerTrust("the authorities", null, null, null);
    Model secure =
        Fleets.model("s", Predictor.TRITON, Protocol.H2, false, own, "https://s.test:8443/b");
    Model system =
        Fleets.model(
            "t", Predictor.NONE, Protocol.AUTO, false, ServerTrust.DEFAULT, "https://[::1]:8443");

    FleetResources view = Fleets.view(Fleet.of(List.of(secure, system)));
    Cluster s = cluster(view, "model_s");
    assertThat(s.getType()).isEqualTo(Cluster.DiscoveryType.STRICT_DNS);
    assertThat(s.getHealthChecks(0).getHttpHealthCheck().getPath()).isEqualTo("/b/v2/health/ready");
    UpstreamTlsContext tls =
        s.getTransportSocket().getTypedConfig().unpack(UpstreamTlsContext.class);
    assertThat(tls.getSni()).isEqualTo("s.test");
    assertThat(tls.getCommonTlsContext().getAlpnProtocolsList()).containsExactly("h2");
    assertThat(
            tls.getCommonTlsContext()
                .getValidationContext()
                .getTrustedCa()
                .getInlineBytes()
                .toStringUtf8())
        .isEqualTo("the authorities");
    Cluster t = cluster(view, "model_t");
    assertThat(t.getType()).isEqualTo(Cluster.DiscoveryType.EDS);
    assertThat(t.getHealthChecksList()).isEmpty();
    tls = t.getTransportSocket().getTypedConfig().unpack(UpstreamTlsContext.class);
    assertThat(tls.getCommonTlsContext().getValidationContext().getTrustedCa().getFilename())
        .isEqualTo(Fleets.CONFIG.modelCa());
    assertThat(tls.getCommonTlsContext().getValidationContext().getMatchTypedSubjectAltNames(0))
        .satisfies(san -> assertThat(san.getMatcher().getExact()).isEqualTo("::1"));
  }

  @Test
  void boundsAreCircuitBreakersButForThoseWhoWait() {
    Bounds bounds = new Bounds(null, null, null, null, 7, 9, 0);
    Model model = Fleets.bound(Fleets.model("a", ONE), bounds);

    CircuitBreakers.Thresholds told =
        cluster(Fleets.view(Fleet.of(List.of(model))), "model_a")
            .getCircuitBreakers()
            .getThresholds(0);
    assertThat(told.getMaxConnections().getValue()).isEqualTo(7);
    assertThat(told.getMaxRequests().getValue()).isEqualTo(9);
    assertThat(told.getMaxPendingRequests().getValue())
        .as("with 0 an Envoy makes no connection")
        .isEqualTo(65_536);
    assertThat(connections(Fleets.bound(Fleets.model("a", ONE, TWO), bounds)))
        .as("of each server in the proxy, of all in an Envoy")
        .isEqualTo(14);
    assertThat(connections(Fleets.model("a", ONE, TWO))).isEqualTo(Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP1, http://127.0.0.1:7001",
    "H2C,   http://127.0.0.1:7001",
    "H2,    https://127.0.0.1:7001",
    "AUTO,  https://127.0.0.1:7001",
  })
  void aConnectionThatIsNotUsedIsClosedAsByTheProxy(Protocol protocol, String url)
      throws Exception {
    Model model = Fleets.model("a", Predictor.NONE, protocol, false, ServerTrust.DEFAULT, url);
    FleetResources view = Fleets.view(Fleet.of(List.of(model)));

    for (String name : List.of("model_a", "loopgate_proxy")) {
      HttpProtocolOptions spoken =
          cluster(view, name)
              .getTypedExtensionProtocolOptionsOrThrow(
                  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions")
              .unpack(HttpProtocolOptions.class);
      assertThat(spoken.getCommonHttpProtocolOptions().getIdleTimeout())
          .as(name)
          .isEqualTo(Envoys.duration(Fleets.UNUSED));
    }
  }

  private static int connections(Model model) {
    return cluster(Fleets.view(Fleet.of(List.of(model))), "model_a")
        .getCircuitBreakers()
        .getThresholds(0)
        .getMaxConnections()
        .getValue();
  }

  private static Cluster cluster(FleetResources view, String name) {
    return Objects.requireNonNull(view.clusters().get(name), name);
  }

  @Test
  void theDoorIsWhoItsCertificateNames() throws Exception {
    XdsConfig plain = Fleets.CONFIG;
    XdsConfig mutual =
        new XdsConfig(
            plain.listen(),
            new HostPort("gateway.internal", 9901),
            plain.proxy(),
            true,
            plain.tokens(),
            plain.modelCa(),
            plain.ownPaths(),
            plain.timeouts());
    FleetResources view = Fleets.view(Fleet.of(List.of()), mutual);

    for (String name : List.of("loopgate_capture", "loopgate_access")) {
      assertThat(
              cluster(view, name)
                  .getTransportSocket()
                  .getTypedConfig()
                  .unpack(UpstreamTlsContext.class)
                  .getCommonTlsContext()
                  .getCombinedValidationContext()
                  .getDefaultValidationContext()
                  .getMatchTypedSubjectAltNames(0))
          .satisfies(san -> {
            assertThat(san.getSanType()).isEqualTo(SubjectAltNameMatcher.SanType.DNS);
            assertThat(san.getMatcher().getExact()).isEqualTo("gateway.internal");
          });
    }
  }

  @Test
  void callsOfGrpcFindTheirModelAsAtTheProxy() {
    Model g = Fleets.model("g", Predictor.NONE, Protocol.AUTO, true, ServerTrust.DEFAULT, ONE);
    Model h = Fleets.model("h", Predictor.NONE, Protocol.AUTO, true, ServerTrust.DEFAULT, TWO);

    assertThat(calls(Fleet.of(List.of(g)))).isEqualTo(3); // named, by host, the only one
    assertThat(calls(Fleet.of(List.of(g, h)))).isEqualTo(4); // each has to be named
    assertThat(calls(Fleet.of(List.of(Fleets.at("", g))))).isZero(); // the root takes all
  }

  @Test
  void noCallOfGrpcIsTakenForWhatTheProxyAnswersWithoutAToken() {
    Model g = Fleets.model("g", Predictor.NONE, Protocol.AUTO, true, ServerTrust.DEFAULT, ONE);

    assertThat(Fleets.routes(Fleets.view(Fleet.of(List.of(g)))).stream().map(FleetViewTest::told))
        .containsSubsequence(
            "/feedback loopgate_proxy",
            "/metrics loopgate_proxy",
            "/* model_g",
            "/* loopgate_proxy");
  }

  private static long calls(Fleet fleet) {
    return Fleets.routes(Fleets.view(fleet)).stream()
        .filter(route -> route.getMatch().hasGrpc())
        .count();
  }

  @Test
  void theFiltersStandInTheirOrderAndAuthorizationFailsClosed() throws Exception {
    assertThat(filters(Fleets.CONFIG).stream().map(HttpFilter::getName))
        .containsExactly("loopgate.id", "loopgate.capture", "envoy.filters.http.router");

    List<HttpFilter> asked = filters(Fleets.config(XdsConfig.Tokens.TAKEN_OFF));
    assertThat(asked.stream().map(HttpFilter::getName))
        .containsExactly(
            "loopgate.reply-id",
            "envoy.filters.http.ext_authz",
            "loopgate.capture",
            "envoy.filters.http.router");
    ExtAuthz authorization = asked.get(1).getTypedConfig().unpack(ExtAuthz.class);
    assertThat(authorization.getFailureModeAllow()).isFalse();
    assertThat(authorization.getStatusOnError().getCodeValue()).isEqualTo(503);
  }

  private static List<HttpFilter> filters(XdsConfig config) throws Exception {
    return Listeners.of(config)
        .getFilterChains(0)
        .getFilters(0)
        .getTypedConfig()
        .unpack(HttpConnectionManager.class)
        .getHttpFiltersList();
  }

  @Test
  void theSameFleetHasTheSameVersionsAndAMovedServerChangesEndpointsAlone() {
    Snapshot first = Fleets.view(Fleet.of(List.of(Fleets.model("a", ONE)))).snapshot();
    Snapshot again = Fleets.view(Fleet.of(List.of(Fleets.model("a", ONE)))).snapshot();
    Snapshot moved = Fleets.view(Fleet.of(List.of(Fleets.model("a", TWO)))).snapshot();

    for (ResourceType type :
        List.of(
            ResourceType.CLUSTER,
            ResourceType.ENDPOINT,
            ResourceType.LISTENER,
            ResourceType.ROUTE)) {
      assertThat(again.version(type)).as("%s", type).isEqualTo(first.version(type)).hasSize(16);
      assertThat(moved.version(type).equals(first.version(type)))
          .as("%s", type)
          .isEqualTo(type != ResourceType.ENDPOINT);
    }
  }

  @Test
  void aThousandModelsAreConsistentAndSmall() {
    List<Model> models = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      models.add(Fleets.model("model-" + i, ONE, TWO));
    }

    FleetResources view = Fleets.view(Fleet.of(models));
    assertThat(view.endpoints()).hasSize(1000);
    assertThat(Fleets.routes(view)).hasSize(2004);
    int bytes =
        view.routes().getSerializedSize()
            + view.clusters().values().stream().mapToInt(Cluster::getSerializedSize).sum();
    assertThat(bytes).isLessThan(4 << 20);
  }

  @Test
  void oddPrefixesAreTakenAsTheyStand() {
    String odd = "/a.b~c/$&'()*+,=:@/x!";
    FleetResources view = Fleets.view(Fleet.of(List.of(Fleets.at(odd, Fleets.model("a--0", ONE)))));

    assertThat(Fleets.routes(view).get(1).getMatch().getPath()).isEqualTo(odd);
    assertThat(Fleets.routes(view).get(2).getMatch().getPrefix()).isEqualTo(odd + "/");
    assertThat(view.clusters()).containsKey("model_a--0");
  }

  @Test
  void whatIsGoneStaysUntilRoutesLeadElsewhere() {
    FleetResources before =
        Fleets.view(Fleet.of(List.of(Fleets.model("a", ONE), Fleets.model("b", TWO))));
    FleetResources after = Fleets.view(Fleet.of(List.of(Fleets.model("b", "http://b.test:7002"))));

    FleetResources both = after.withMissingOf(before);
    assertThat(both.clusters()).containsKeys("model_a", "model_b");
    assertThat(both.endpoints()).containsOnlyKeys("model_a"); // b is resolved now
    assertThat(both.routes()).isEqualTo(after.routes());
  }

  @Test
  void whatIsNewIsThereBeforeRoutesLeadToItAndNothingElseHasChanged() {
    FleetResources before = Fleets.view(Fleet.of(List.of(Fleets.model("a", ONE))));
    FleetResources after =
        Fleets.view(Fleet.of(List.of(Fleets.model("a", TWO), Fleets.model("b", TWO))));

    FleetResources both = before.withMissingOf(after);
    assertThat(both.clusters()).containsKeys("model_a", "model_b");
    assertThat(both.endpoints().get("model_a")).isEqualTo(before.endpoints().get("model_a"));
    assertThat(both.endpoints().get("model_b")).isEqualTo(after.endpoints().get("model_b"));
    assertThat(both.routes()).isEqualTo(before.routes());
  }

  @Test
  void whatIsNotThereIsABug() {
    FleetResources view = Fleets.view(Fleet.of(List.of(Fleets.model("a", ONE))));

    assertThatThrownBy(() ->
            new FleetResources(new TreeMap<>(), view.endpoints(), view.listener(), view.routes()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("model_a");
  }
}
