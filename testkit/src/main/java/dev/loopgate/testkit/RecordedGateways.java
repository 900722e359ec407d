package dev.loopgate.testkit;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.Gateways;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Serves nobody, and keeps what it was told to serve: a route, when all of its targets are there.
/// Any thread; refuses what breaks the contract of the seam.
public final class RecordedGateways implements Gateways {
  private final Map<String, Demand> demands = new HashMap<>();
  private final Set<String> refusedRoutes = new HashSet<>();
  private final AtomicBoolean isServing = new AtomicBoolean();
  private List<Served> served = List.of();
  private List<Declared<RouteSpec, RouteStatus>> routes = List.of();
  private @Nullable RuntimeException failing;
  private int serveCount;

  /// Callers want this of a deployment from now on; the most of a moment ago is kept until it is
  /// asked for.
  public synchronized void demand(String deployment, int inFlight, int held) {
    Demand before = demands.getOrDefault(deployment, Demand.NONE);
    demands.put(deployment, new Demand(inFlight, held, Math.max(before.peak(), inFlight + held)));
  }

  /// A route can't be served as declared from now on.
  public synchronized void refuse(String route) {
    refusedRoutes.add(route);
  }

  /// Nothing is taken from now on; null to take it again.
  public synchronized void fail(@Nullable RuntimeException by) {
    failing = by;
  }

  /// What was served last of a deployment; empty when it is not.
  public synchronized Optional<Served> served(String deployment) {
    return served.stream().filter(each -> each.declared().id().equals(deployment)).findFirst();
  }

  /// The routes that were told last.
  public synchronized List<Declared<RouteSpec, RouteStatus>> routes() {
    return routes;
  }

  /// How often something was told since this was last asked.
  public synchronized int serveCount() {
    int count = serveCount;
    serveCount = 0;
    return count;
  }

  @Override
  public Set<String> serve(
      List<Served> deployments, List<Declared<RouteSpec, RouteStatus>> allRoutes) {
    if (!isServing.compareAndSet(false, true)) {
      throw new IllegalStateException("serve: two callers, allowed=one at a time");
    }
    try {
      return keep(deployments, allRoutes);
    } finally {
      isServing.set(false);
    }
  }

  private synchronized Set<String> keep(
      List<Served> deployments, List<Declared<RouteSpec, RouteStatus>> allRoutes) {
    RuntimeException why = failing;
    if (why != null) {
      throw why;
    }
    List<String> ids = deployments.stream().map(each -> each.declared().id()).toList();
    if (!ids.equals(List.copyOf(new TreeSet<>(ids)))) {
      throw new IllegalArgumentException("deployments: allowed=each once, in the order of ids");
    }
    for (Served each : deployments) {
      boolean isNameless = !each.ready().isEmpty() && each.revision().isEmpty();
      boolean isRefused = !each.ready().isEmpty() && each.problem() != null;
      if (each.declared().deletionMark() || isNameless || isRefused) {
        throw new IllegalArgumentException("deployment: value=" + each);
      }
    }
    served = List.copyOf(deployments);
    routes = List.copyOf(allRoutes);
    serveCount++;
    return allRoutes.stream()
        .filter(route -> !refusedRoutes.contains(route.id()))
        .filter(route ->
            route.spec().modelDeployments().stream()
                .allMatch(target -> ids.contains(target.mdName())))
        .map(Declared::id)
        .collect(Collectors.toSet());
  }

  @Override
  public synchronized Demand demand(String deployment) {
    Demand now = demands.getOrDefault(deployment, Demand.NONE);
    demands.put(deployment, new Demand(now.inFlight(), now.held(), now.inFlight() + now.held()));
    return now;
  }
}
