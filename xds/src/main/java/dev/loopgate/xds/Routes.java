package dev.loopgate.xds;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Model;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which request goes where, by the rules of `proxy`: paths are compared as they came, the longest
/// prefix first, and a model sees what the proxy would show it.
///
/// What an Envoy can't decide or reach goes to our proxy, which then does all of it: it asks for
/// tokens, gives the Request-Id and records. So none of our filters looks at such a request.
final class Routes {
  /// The one route configuration.
  static final String NAME = "loopgate";

  private static final String RETRIED = "connect-failure,refused-stream,reset-before-request";
  // Two dots in any spelling, \C being a byte that need not be UTF-8.
  private static final String DOTS = "\\C*(\\.|%2[eE]){2}\\C*";
  private static final int HOSTS_LOOKED_AT = 10; // for one that was not asked yet; else any
  private static final String MODEL_ID = "model-id";

  private final XdsConfig config;

  Routes(XdsConfig config) {
    this.config = config;
  }

  /// @param routes of the fleet, the longest prefix first
  RouteConfiguration of(List<dev.loopgate.fleet.Route> routes) {
    List<Route> all = new ArrayList<>();
    // Whether dots lead out of a model's prefix our proxy decides: a model might resolve them.
    RegexMatcher.Builder dots = RegexMatcher.newBuilder().setRegex(DOTS);
    all.add(toProxy("dots", RouteMatch.newBuilder().setSafeRegex(dots)));
    dev.loopgate.fleet.Route root = null;
    for (dev.loopgate.fleet.Route route : routes) {
      if (route.prefix().isEmpty()) {
        root = route; // one at most: a prefix is used once
      } else {
        String prefix = route.prefix();
        all.add(to(route, prefix, RouteMatch.newBuilder().setPath(prefix)));
        all.add(to(route, prefix + "/", RouteMatch.newBuilder().setPrefix(prefix + "/")));
      }
    }
    // Before any model: for what the proxy answers itself not everybody is asked for a token.
    for (String own : config.ownPaths()) {
      all.add(toProxy(own, RouteMatch.newBuilder().setPathSeparatedPrefix(own)));
    }
    if (root != null) {
      all.add(to(root, "/", RouteMatch.newBuilder().setPrefix("/")));
    } else {
      addCalls(all, routes);
      all.add(toProxy("rest", RouteMatch.newBuilder().setPrefix("/")));
    }
    return RouteConfiguration.newBuilder()
        .setName(NAME)
        .addVirtualHosts(VirtualHost.newBuilder().setName(NAME).addDomains("*").addAllRoutes(all))
        .build();
  }

  /// Calls of gRPC, whose path is their method's: the model is named beside it, or is the only one.
  private void addCalls(List<Route> all, List<dev.loopgate.fleet.Route> routes) {
    List<dev.loopgate.fleet.Route> callable =
        routes.stream()
            .filter(route -> route.id().equals(route.targets().getFirst().model().id()))
            .filter(route -> route.targets().getFirst().model().upstream().grpc())
            .toList();
    for (dev.loopgate.fleet.Route route : callable) {
      HeaderMatcher named =
          HeaderMatcher.newBuilder()
              .setName(MODEL_ID)
              .setStringMatch(StringMatcher.newBuilder().setExact(route.id()))
              .build();
      all.add(to(route, "/", call().addHeaders(named)));
    }
    HeaderMatcher unnamed =
        HeaderMatcher.newBuilder()
            .setName(MODEL_ID)
            .setPresentMatch(true)
            .setInvertMatch(true)
            .build();
    for (dev.loopgate.fleet.Route route : callable) {
      HeaderMatcher host =
          HeaderMatcher.newBuilder()
              .setName(":authority")
              .setStringMatch(
                  StringMatcher.newBuilder()
                      .setSafeRegex(RegexMatcher.newBuilder().setRegex(route.id() + "([.:].*)?")))
              .build();
      all.add(to(route, "/", call().addHeaders(unnamed).addHeaders(host)));
    }
    if (callable.size() == 1) {
      all.add(to(callable.getFirst(), "/", call().addHeaders(unnamed)));
    }
  }

  private static RouteMatch.Builder call() {
    return RouteMatch.newBuilder()
        .setPrefix("/")
        .setGrpc(RouteMatch.GrpcRouteMatchOptions.getDefaultInstance());
  }

  private Route to(dev.loopgate.fleet.Route route, String matched, RouteMatch.Builder match) {
    if (!Directly.goes(route)) {
      return toProxy(route.id(), match);
    }
    List<Deployment> targets = route.targets();
    Model first = targets.getFirst().model();
    RouteAction.Builder action =
        RouteAction.newBuilder()
            .setAutoHostRewrite(BoolValue.of(true))
            .setAppendXForwardedHost(true)
            .setTimeout(Envoys.duration(total(targets)))
            .setIdleTimeout(Envoys.duration(idle(targets)))
            .setRetryPolicy(retries());
    String rewritten = first.basePath() + "/";
    if (!rewritten.equals(matched)) {
      action.setPrefixRewrite(rewritten);
    }
    if (targets.size() == 1) {
      action.setCluster(Clusters.of(first));
    } else {
      WeightedCluster.Builder weighted = WeightedCluster.newBuilder();
      for (int i = 0; i < targets.size(); i++) {
        weighted.addClusters(
            WeightedCluster.ClusterWeight.newBuilder()
                .setName(Clusters.of(targets.get(i).model()))
                .setWeight(Envoys.count(route.weights().get(i))));
      }
      action.setWeightedClusters(weighted);
    }
    return Route.newBuilder().setName(route.id()).setMatch(match).setRoute(action).build();
  }

  // As the proxy looks for a connection: on another server, and before anything was read.
  private static RetryPolicy retries() {
    return RetryPolicy.newBuilder()
        .setRetryOn(RETRIED)
        .setNumRetries(Envoys.count(2))
        .addRetryHostPredicate(
            RetryPolicy.RetryHostPredicate.newBuilder()
                .setName("envoy.retry_host_predicates.previous_hosts")
                .setTypedConfig(Any.pack(PreviousHostsPredicate.getDefaultInstance())))
        .setHostSelectionRetryMaxAttempts(HOSTS_LOOKED_AT)
        .build();
  }

  private Route toProxy(String name, RouteMatch.Builder match) {
    Any off = Any.pack(FilterConfig.newBuilder().setDisabled(true).build());
    Route.Builder route =
        Route.newBuilder()
            .setName(name)
            .setMatch(match)
            .setRoute(
                RouteAction.newBuilder()
                    .setCluster(Clusters.PROXY)
                    .setTimeout(Envoys.seconds(0)) // none: the proxy has its own
                    .setIdleTimeout(Envoys.seconds(0)))
            .putTypedPerFilterConfig(
                Listeners.CAPTURE, Any.pack(ExtProcPerRoute.newBuilder().setDisabled(true).build()))
            .putTypedPerFilterConfig(Listeners.idFilter(config), off);
    if (config.asksTokens()) {
      route.putTypedPerFilterConfig(Listeners.AUTHORIZATION, off);
    }
    return route.build();
  }

  // Of several targets the longest: an Envoy has one for all of them.
  private Duration total(List<Deployment> targets) {
    return targets.stream()
        .map(each -> or(each.model().bounds().total(), config.timeouts().total()))
        .reduce(Duration.ZERO, Routes::longer);
  }

  private Duration idle(List<Deployment> targets) {
    return targets.stream()
        .map(each -> each.model().bounds())
        .map(this::idle)
        .reduce(Duration.ZERO, Routes::longer);
  }

  // The wait for the first byte is a pause like any other to an Envoy.
  private Duration idle(Bounds bounds) {
    XdsConfig.Timeouts all = config.timeouts();
    return longer(or(bounds.idle(), all.idle()), or(bounds.firstByte(), all.firstByte()));
  }

  private static Duration or(@Nullable Duration own, Duration all) {
    return own == null ? all : own;
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}
