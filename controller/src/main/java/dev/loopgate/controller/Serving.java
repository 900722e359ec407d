package dev.loopgate.controller;

import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Gateways.Answering;
import dev.loopgate.fleet.Gateways.Served;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.Shown;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tells the gateways what is to be served, when that is something else than what they were told.
/// Confined to one thread.
final class Serving {
  /// A route as gateways serve it: what is observed of it makes no difference.
  private record Leading(String id, RouteSpec spec) {}

  /// A deployment likewise: only what its model is called makes one.
  private record Answered(
      String id,
      DeploymentSpec spec,
      String name,
      String version,
      String revision,
      List<Answering> ready,
      @Nullable Problem problem) {
    static Answered of(Served served) {
      Declared<DeploymentSpec, DeploymentStatus> declared = served.declared();
      return new Answered(
          declared.id(),
          declared.spec(),
          declared.status().modelName(),
          declared.status().modelVersion(),
          served.revision(),
          served.ready(),
          served.problem());
    }
  }

  private final Shared shared;
  private final BackOff telling;
  private final Map<String, List<Ref>> leadingTo = new HashMap<>(); // routes, by deployment
  private List<Answered> answered = List.of();
  private List<Leading> leading = List.of();
  private Set<String> servedIds = Set.of();
  private Map<String, RouteSpec> servedRoutes = Map.of();
  private long openAt; // not sooner than that
  private boolean isChanged = true;
  private boolean isIndexed;

  Serving(Shared shared) {
    this.shared = shared;
    this.telling = shared.backOff();
    this.openAt = shared.now();
  }

  /// Something may be to be served otherwise.
  ///
  /// @param inRoutes whether routes changed
  void changed(boolean inRoutes) {
    isChanged = true;
    isIndexed &= !inRoutes;
  }

  /// Whether the gateways were told to serve the deployment.
  boolean isServed(String deployment) {
    return servedIds.contains(deployment);
  }

  /// Whether the gateways serve the route as it is declared.
  boolean isServed(Declared<RouteSpec, RouteStatus> route) {
    return route.spec().equals(servedRoutes.get(route.id()));
  }

  /// The routes that lead to a deployment.
  List<Ref> leadingTo(String deployment) {
    if (!isIndexed) {
      leadingTo.clear();
      for (Declared<RouteSpec, RouteStatus> route : shared.store().list(Kind.ROUTE)) {
        for (RouteSpec.Target target : route.spec().modelDeployments()) {
          leadingTo
              .computeIfAbsent(target.mdName(), _ -> new ArrayList<>())
              .add(new Ref(Kind.ROUTE, route.id()));
        }
      }
      isIndexed = true;
    }
    return leadingTo.getOrDefault(deployment, List.of());
  }

  /// Nothing is to be told before that; `otherwise` when nothing waits, or later.
  long next(long otherwise) {
    return isChanged && openAt - otherwise < 0 ? openAt : otherwise;
  }

  /// Tells the gateways, if they have to know something new.
  void serve(Map<String, DeploymentWork> works) {
    long begin = shared.now();
    if (!isChanged || begin - openAt < 0) {
      return;
    }
    List<Served> next = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (DeploymentWork work : works.values()) {
      Served each = work.served();
      if (each != null) {
        next.add(each);
        ids.add(each.declared().id());
      }
    }
    List<Declared<RouteSpec, RouteStatus>> routes =
        shared.store().list(Kind.ROUTE).stream()
            .filter(route -> !route.isDefault() || ids.contains(targetOf(route)))
            .toList();
    List<Answered> answers = next.stream().map(Answered::of).toList();
    List<Leading> leads =
        routes.stream().map(route -> new Leading(route.id(), route.spec())).toList();
    isChanged = false;
    if (answers.equals(answered) && leads.equals(leading)) {
      return;
    }
    try {
      told(leads, shared.gateways().serve(next, routes), ids);
      telling.succeeded();
      answered = answers;
      leading = leads;
      long end = shared.now();
      openAt = end + (end - begin); // many changes in a row take half of the time at most
    } catch (RuntimeException e) {
      if (telling.failures() == 0) {
        shared.events().servingFailed(Shown.of(String.valueOf(e.getMessage())));
      }
      telling.failed(shared.now());
      openAt = telling.openAt();
      isChanged = true;
    }
  }

  private void told(List<Leading> leads, Set<String> asDeclared, Set<String> ids) {
    Map<String, RouteSpec> routes = new HashMap<>();
    for (Leading each : leads) {
      if (asDeclared.contains(each.id())) {
        routes.put(each.id(), each.spec());
      }
    }
    Set<String> either = new HashSet<>(routes.keySet());
    either.addAll(servedRoutes.keySet());
    for (String route : either) {
      if (!Objects.equals(routes.get(route), servedRoutes.get(route))) {
        lookAgain(new Ref(Kind.ROUTE, route));
      }
    }
    for (String deployment : servedIds) {
      if (!ids.contains(deployment)) {
        lookAgain(new Ref(Kind.DEPLOYMENT, deployment)); // now it may go
      }
    }
    servedRoutes = routes;
    servedIds = ids;
  }

  private void lookAgain(Ref ref) {
    shared.queue().add(ref, shared.now());
  }

  private static String targetOf(Declared<RouteSpec, RouteStatus> defaultRoute) {
    return defaultRoute.spec().modelDeployments().getFirst().mdName();
  }
}
