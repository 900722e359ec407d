package dev.loopgate.controller;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import java.util.function.Predicate;

/// Says of one route whether it leads where its spec says. Confined to one thread.
final class RouteWork {
  private final Shared shared;
  private final Writes<RouteSpec, RouteStatus> writes;

  RouteWork(String id, Shared shared) {
    this.shared = shared;
    this.writes = new Writes<>(Kind.ROUTE, id, shared);
  }

  /// Looks at it.
  ///
  /// @param isServed whether gateways serve it as declared
  /// @param isReady whether a deployment is a target that is ready
  void look(
      Declared<RouteSpec, RouteStatus> declared, boolean isServed, Predicate<String> isReady) {
    RouteSpec spec = declared.spec();
    boolean leads =
        isServed
            && spec.modelDeployments().stream().map(RouteSpec.Target::mdName).allMatch(isReady);
    RouteStatus.State state = leads ? RouteStatus.State.READY : RouteStatus.State.PROCESSING;
    writes.observed(declared, new RouteStatus(url(spec.urlPrefix()), state), _ -> {});
  }

  private String url(String prefix) {
    String url = shared.edge() + prefix;
    int end = url.length();
    while (end > 0 && url.charAt(end - 1) == '/') {
      end--;
    }
    // What is longer could not be kept, and nobody could ask it either.
    return end <= RouteStatus.URL_LENGTH_MAX ? url.substring(0, end) : "";
  }
}
