package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a [Fleet] knows at one moment. Immutable, but for what becomes of each deployment.
///
/// @param deployments in the order of the configuration, those that are declared after them
/// @param own routes of the deployments by themselves, by the ids of these
/// @param byPort the first of each port
/// @param routes longest prefix first
/// @param declared routes that are served as they are declared, by their ids
/// @param onlyGrpc id of the one that serves gRPC, null when there is none or several
record FleetSnapshot(
    Map<String, Deployment> deployments,
    Map<String, Route> own,
    Map<Integer, Route> byPort,
    List<Route> routes,
    Map<String, Route> declared,
    @Nullable String onlyGrpc) {
  /// What one is made of.
  record Parts(
      List<Model> models,
      List<ModelRoute> routes,
      List<Fleet.Declaring> declared,
      List<ModelRoute> declaredRoutes) {
    Parts {
      models = List.copyOf(models);
      routes = List.copyOf(routes);
      declared = List.copyOf(declared);
      declaredRoutes = List.copyOf(declaredRoutes);
    }
  }

  /// What these parts make, where `last` was served before.
  ///
  /// @throws IllegalArgumentException as [Fleet#of]
  static FleetSnapshot of(Parts parts, @Nullable FleetSnapshot last) {
    Map<String, Deployment> before = last == null ? Map.of() : last.deployments();
    Map<String, Deployment> byId = new LinkedHashMap<>();
    Map<String, String> byPrefix = new HashMap<>();
    Map<String, Route> own = new LinkedHashMap<>();
    for (Model model : parts.models()) {
      Deployment deployment = inService(model, before.get(model.id()));
      if (byId.put(model.id(), deployment) != null) {
        throw new IllegalArgumentException("models: id=" + model.id() + " stands twice");
      }
      String other = byPrefix.put(model.prefix(), model.id());
      if (other != null) {
        throw new IllegalArgumentException(
            "models: prefix="
                + shown(model.prefix())
                + " of "
                + model.id()
                + " is used by "
                + other);
      }
      own.put(model.id(), Route.of(deployment, model.id()));
    }
    List<Route> configured = new ArrayList<>();
    Set<String> ids = new HashSet<>(byId.keySet());
    for (ModelRoute route : parts.routes()) {
      if (!ids.add(route.id())) {
        throw new IllegalArgumentException("entity \"" + route.id() + "\" already exists");
      }
      String other = byPrefix.put(route.prefix(), route.id());
      if (other != null) {
        throw new IllegalArgumentException(
            "the URL prefix " + shown(route.prefix()) + " is used by route " + other);
      }
      configured.add(inService(route, byId));
    }
    for (Fleet.Declaring each : parts.declared()) {
      Model model = each.model();
      if (!ids.contains(model.id()) && byPrefix.putIfAbsent(model.prefix(), model.id()) == null) {
        Deployment deployment = inService(each, before.get(model.id()));
        ids.add(model.id());
        byId.put(model.id(), deployment);
        own.put(model.id(), Route.of(deployment, each.route()));
      }
    }
    Map<String, Route> declared = new LinkedHashMap<>();
    List<Route> routes = new ArrayList<>(own.values());
    routes.addAll(configured);
    for (ModelRoute route : parts.declaredRoutes()) {
      Route served = declaredRoute(route, byId, byPrefix, last, declared);
      if (served != null) {
        routes.add(served);
      }
    }
    routes.sort(Comparator.comparingInt((Route route) -> route.prefix().length()).reversed());
    Map<Integer, Route> byPort = new HashMap<>();
    for (Route route : own.values()) {
      Model model = route.first().model();
      if (!model.upstream().isHosted()) {
        byPort.putIfAbsent(model.replica().port(), route);
      }
    }
    return new FleetSnapshot(
        Collections.unmodifiableMap(byId),
        Map.copyOf(own),
        Map.copyOf(byPort),
        List.copyOf(routes),
        Collections.unmodifiableMap(declared),
        onlyGrpc(byId));
  }

  /// The route in service: as it is declared, else as it was, else null.
  private static @Nullable Route declaredRoute(
      ModelRoute route,
      Map<String, Deployment> byId,
      Map<String, String> byPrefix,
      @Nullable FleetSnapshot last,
      Map<String, Route> declared) {
    if (byPrefix.putIfAbsent(route.prefix(), route.id()) != null) {
      return null;
    }
    if (unknownIn(route, byId).isEmpty()) {
      Route before = last == null ? null : last.declared().get(route.id());
      Route now = inService(route, byId);
      Route same = before != null && before.leadsAs(now) ? before : now; // whose turn it is, stays
      declared.put(route.id(), same);
      return same;
    }
    return last == null
        ? null
        : last.routes().stream()
            .filter(each -> each.id().equals(route.id()) && each.prefix().equals(route.prefix()))
            .findFirst()
            .orElse(null);
  }

  private static Deployment inService(Fleet.Declaring each, @Nullable Deployment before) {
    if (before == null || before.hosted() != each.hosted()) {
      return new Deployment(each.model(), each.hosted());
    }
    return before.model().equals(each.model()) ? before : new Deployment(each.model(), before);
  }

  private static Deployment inService(Model model, @Nullable Deployment before) {
    if (before == null) {
      return new Deployment(model);
    }
    return before.model().equals(model) ? before : new Deployment(model, before);
  }

  private static Route inService(ModelRoute route, Map<String, Deployment> byId) {
    List<String> unknown = unknownIn(route, byId);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          unknown.stream()
              .map(id -> "entity \"" + id + "\" is not found")
              .collect(Collectors.joining("; ")));
    }
    String mirror = route.mirror();
    List<Deployment> targets = new ArrayList<>();
    for (ModelRoute.Target target : route.targets()) {
      targets.add(Objects.requireNonNull(byId.get(target.model())));
    }
    return Route.of(route, targets, mirror == null ? null : byId.get(mirror));
  }

  private static List<String> unknownIn(ModelRoute route, Map<String, Deployment> byId) {
    List<String> unknown = new ArrayList<>();
    String mirror = route.mirror();
    if (mirror != null && !byId.containsKey(mirror)) {
      unknown.add(mirror);
    }
    for (ModelRoute.Target target : route.targets()) {
      if (!byId.containsKey(target.model())) {
        unknown.add(target.model());
      }
    }
    return unknown;
  }

  private static @Nullable String onlyGrpc(Map<String, Deployment> deployments) {
    String only = null;
    for (Map.Entry<String, Deployment> each : deployments.entrySet()) {
      if (each.getValue().model().upstream().grpc()) {
        if (only != null) {
          return null; // each call has to name one
        }
        only = each.getKey();
      }
    }
    return only;
  }

  private static String shown(String prefix) {
    return prefix.isEmpty() ? "/" : prefix;
  }
}
