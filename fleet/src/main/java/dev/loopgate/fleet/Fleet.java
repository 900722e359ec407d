package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// All models of this gateway and the routes to them. Any thread; look-ups read an immutable
/// snapshot, which [#replace] exchanges for another one.
public final class Fleet {
  /// A route that a path matches.
  ///
  /// @param through the route
  /// @param deployment who gets the request; of a route by weight its first target, until [#chosen]
  /// @param path the path (no query) with the route's prefix taken off; starts with `/`
  public record Match(Route through, Deployment deployment, String path) {
    /// The route's id.
    public String route() {
      return through.id();
    }

    /// Whether the route's prefix is `/`.
    public boolean isAtRoot() {
      return through.prefix().isEmpty();
    }

    /// Whether the path would leave the route's prefix, were its dot segments resolved. Cautious:
    /// what some server may take for a slash or a dot counts as one. There is no prefix to leave
    /// where the caller wanted to go by itself.
    public boolean climbsOut() {
      return !deployment.isElsewhere() && DotSegments.climbOut(path);
    }

    /// The same with the target whose turn it is. Called once for each request that takes the
    /// route, and for no other: each call is a turn.
    public Match chosen() {
      return through.hasTurns() ? new Match(through, through.next(), path) : this;
    }

    /// The same with the target of this id, which somebody else has chosen; with the one it has,
    /// when no target has that id.
    public Match chosenElsewhere(String id) {
      for (Deployment target : through.targets()) {
        if (target.model().id().equals(id)) {
          return new Match(through, target, path);
        }
      }
      return this;
    }

    /// Gives the turn back, at most once: the request was refused for what it is, before anything
    /// was asked of the target. Without this, bad requests among good ones would shift the weights.
    ///
    /// What a target refuses for its own sake, being full or for others, stays its turn: the next
    /// request would only be refused by the same one.
    public void giveBack() {
      if (through.hasTurns()) {
        through.giveBack(deployment);
      }
    }
  }

  /// What a [#replace] changed. A model that was changed is in both lists.
  ///
  /// @param added in service from now on
  /// @param retired in service no more; what they have in flight ends with them
  public record Change(List<Deployment> added, List<Deployment> retired) {
    public Change {
      added = List.copyOf(added);
      retired = List.copyOf(retired);
    }
  }

  /// @param deployments in the order of the configuration
  /// @param routes longest prefix first
  /// @param onlyGrpc id of the one that serves gRPC, null when there is none or several
  private record Snapshot(
      Map<String, Deployment> deployments,
      Map<String, Route> own, // routes of the deployments by themselves
      Map<Integer, Route> byPort, // the first of each port
      List<Route> routes,
      @Nullable String onlyGrpc) {}

  private volatile Snapshot snapshot;

  private Fleet(Snapshot snapshot) {
    this.snapshot = snapshot;
  }

  /// A fleet of these models, each with one route.
  ///
  /// @throws IllegalArgumentException when two models share an id or a prefix; the message names it
  public static Fleet of(List<Model> models) {
    return of(models, List.of());
  }

  /// A fleet of these models, each with a route of its own, and of these routes.
  ///
  /// @throws IllegalArgumentException when an id or a prefix is used twice or a route leads to a
  ///   model that is not there; the message names it
  public static Fleet of(List<Model> models, List<ModelRoute> routes) {
    return new Fleet(snapshot(models, routes, Map.of()));
  }

  /// Exchanges all models and routes at once. A model that did not change stays as it is, with what
  /// was learned of it and its connections; of one that answers at the same place what was learned
  /// stays. One caller at a time.
  ///
  /// @throws IllegalArgumentException as [#of]; nothing has changed then
  public Change replace(List<Model> models, List<ModelRoute> routes) {
    Map<String, Deployment> before = snapshot.deployments();
    Snapshot next = snapshot(models, routes, before);
    Set<Deployment> kept = new HashSet<>(next.deployments().values());
    List<Deployment> added = new ArrayList<>(next.deployments().values());
    added.removeAll(before.values());
    List<Deployment> retired = new ArrayList<>(before.values());
    retired.removeIf(kept::contains);
    snapshot = next;
    retired.forEach(Deployment::retire);
    return new Change(added, retired);
  }

  /// The deployment with this id.
  public Optional<Deployment> deployment(String id) {
    return Optional.ofNullable(snapshot.deployments().get(id));
  }

  /// All deployments, in the order of the configuration.
  public List<Deployment> deployments() {
    return List.copyOf(snapshot.deployments().values());
  }

  /// How many routes there are, those of the models among them.
  public int routeCount() {
    return snapshot.routes().size();
  }

  /// All routes, those of the models among them, the longest prefix first. What they lead to is of
  /// one moment.
  public List<Route> routes() {
    return snapshot.routes();
  }

  /// The first deployment whose model calls itself `name`, else the first that has such a one among
  /// several, else the one whose id that is.
  public Optional<Deployment> deploymentOfModel(String name) {
    Map<String, Deployment> deployments = snapshot.deployments();
    for (Deployment deployment : deployments.values()) {
      if (deployment.name().equals(name)) {
        return Optional.of(deployment);
      }
    }
    for (Deployment deployment : deployments.values()) {
      if (deployment.isCalled(name)) {
        return Optional.of(deployment);
      }
    }
    return Optional.ofNullable(deployments.get(name));
  }

  /// The first deployment that has a server at this address.
  ///
  /// @param address `host:port`, as its configuration says it
  public Optional<Deployment> deploymentAt(String address) {
    for (Deployment deployment : snapshot.deployments().values()) {
      for (Replica replica : deployment.model().upstream().replicas()) {
        if (replica.authority().equals(address)) {
          return Optional.of(deployment);
        }
      }
    }
    return Optional.empty();
  }

  /// Whether a model of the fleet calls itself so, in this version.
  public boolean has(String name, String version) {
    for (Deployment deployment : snapshot.deployments().values()) {
      if (deployment.isCalled(name, version)) {
        return true;
      }
    }
    return false;
  }

  /// The route with the longest prefix that `path` (no query) lies under.
  public Optional<Match> match(String path) {
    for (Route route : snapshot.routes()) {
      String prefix = route.prefix();
      if (path.startsWith(prefix)
          && (path.length() == prefix.length() || path.charAt(prefix.length()) == '/')) {
        String rest = path.substring(prefix.length());
        return Optional.of(new Match(route, route.first(), rest.isEmpty() ? "/" : rest));
      }
    }
    return Optional.empty();
  }

  /// Whether a model's first server is at `port`, on whatever host.
  public boolean isAtPort(int port) {
    return snapshot.byPort().containsKey(port);
  }

  /// The model whose first server is at the port of `place`, asked there and in the protocol of its
  /// caller: for who stands between a caller and a server that the caller has chosen.
  ///
  /// @param path of the request, which is the model's as it is
  public Optional<Match> matchPort(Replica place, Protocol protocol, String path) {
    Route route = snapshot.byPort().get(place.port());
    return route == null
        ? Optional.empty()
        : Optional.of(new Match(route, route.first().at(place, protocol), path));
  }

  private static Snapshot snapshot(
      List<Model> models, List<ModelRoute> configured, Map<String, Deployment> before) {
    Map<String, Deployment> byId = new LinkedHashMap<>();
    Map<String, String> byPrefix = new HashMap<>();
    Map<String, Route> own = new LinkedHashMap<>();
    for (Model model : models) {
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
      own.put(model.id(), Route.of(deployment));
    }
    List<Route> routes = new ArrayList<>(own.values());
    Set<String> ids = new HashSet<>(byId.keySet());
    for (ModelRoute route : configured) {
      if (!ids.add(route.id())) {
        throw new IllegalArgumentException("entity \"" + route.id() + "\" already exists");
      }
      String other = byPrefix.put(route.prefix(), route.id());
      if (other != null) {
        throw new IllegalArgumentException(
            "the URL prefix " + shown(route.prefix()) + " is used by route " + other);
      }
      routes.add(inService(route, byId));
    }
    routes.sort(Comparator.comparingInt((Route route) -> route.prefix().length()).reversed());
    Map<Integer, Route> byPort = new HashMap<>();
    own.values()
        .forEach(route -> byPort.putIfAbsent(route.first().model().replica().port(), route));
    return new Snapshot(
        Collections.unmodifiableMap(byId),
        Map.copyOf(own),
        Map.copyOf(byPort),
        List.copyOf(routes),
        onlyGrpc(byId));
  }

  private static Deployment inService(Model model, @Nullable Deployment before) {
    if (before == null) {
      return new Deployment(model);
    }
    return before.model().equals(model) ? before : new Deployment(model, before);
  }

  private static Route inService(ModelRoute route, Map<String, Deployment> byId) {
    List<String> unknown = new ArrayList<>();
    String mirror = route.mirror();
    if (mirror != null && !byId.containsKey(mirror)) {
      unknown.add("entity \"" + mirror + "\" is not found");
    }
    List<Deployment> targets = new ArrayList<>();
    for (ModelRoute.Target target : route.targets()) {
      Deployment deployment = byId.get(target.model());
      if (deployment == null) {
        unknown.add("entity \"" + target.model() + "\" is not found");
      } else {
        targets.add(deployment);
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", unknown));
    }
    return Route.of(route, targets, mirror == null ? null : byId.get(mirror));
  }

  /// The route of a gRPC call whose path names no model.
  ///
  /// @param id of a deployment, as the call's own header names it; null when there is none
  /// @param host the call's authority; its first label may be a deployment's id
  /// @param path of the call
  /// @return the deployment that is named, if it serves gRPC; that of the only one that does, when
  ///   none is named; else none
  public Optional<Match> matchGrpc(@Nullable String id, String host, String path) {
    Snapshot now = snapshot;
    if (id != null) {
      return grpc(now, id, path);
    }
    int end = 0;
    while (end < host.length() && host.charAt(end) != '.' && host.charAt(end) != ':') {
      end++;
    }
    String only = now.onlyGrpc();
    Optional<Match> byHost = grpc(now, host.substring(0, end), path);
    return byHost.isPresent() || only == null ? byHost : grpc(now, only, path);
  }

  private static Optional<Match> grpc(Snapshot now, String id, String path) {
    Route own = now.own().get(id);
    return own == null || !own.first().model().upstream().grpc()
        ? Optional.empty()
        : Optional.of(new Match(own, own.first(), path));
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
