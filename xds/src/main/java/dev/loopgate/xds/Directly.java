package dev.loopgate.xds;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Route;
import dev.loopgate.fleet.Upstream;
import java.util.List;

/// Whether an Envoy goes to models by itself, or leaves a request to our proxy.
final class Directly {
  private Directly() {}

  /// Whether an Envoy can ask all that a route leads to, with one rule for all of them: it rewrites
  /// paths by the route, not by the target. It copies headers for a mirror as they are: the mirror
  /// would see the caller's `Host`, and maybe a token.
  static boolean goes(Route route) {
    if (route.mirror() != null) {
      return false;
    }
    List<Deployment> all = route.targets();
    String base = all.getFirst().model().basePath();
    return all.stream().allMatch(each -> asks(each) && each.model().basePath().equals(base));
  }

  /// Whether an Envoy can ask a model's servers. Not where they come and go: it can wake nobody.
  /// Not when they want a certificate of ours: its key stays here. Not when they have several names
  /// over TLS, of which an Envoy would check any.
  static boolean asks(Deployment deployment) {
    Upstream upstream = deployment.model().upstream();
    if (upstream.isHosted()) {
      return false;
    }
    return !upstream.isSecure()
        || (upstream.trust().certificate() == null
            && (upstream.trust().serverName() != null || hosts(upstream) == 1));
  }

  private static long hosts(Upstream upstream) {
    return upstream.replicas().stream().map(Replica::host).distinct().count();
  }
}
