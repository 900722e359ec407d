package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.HashSet;
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

  /// A model that is declared and not configured: its servers come and go.
  ///
  /// @param model at [Upstream#HOSTED] or [Upstream#HOSTED_GRPC]
  /// @param hosted the same one as long as the deployment is declared
  /// @param route the id of its default route
  public record Declaring(Model model, Hosted hosted, String route) {}

  private final Object writing = new Object(); // held by who makes the next snapshot
  private FleetSnapshot.Parts parts; // guarded by it
  private volatile FleetSnapshot snapshot;

  private Fleet(FleetSnapshot.Parts parts) {
    this.parts = parts;
    this.snapshot = FleetSnapshot.of(parts, null);
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
    return new Fleet(new FleetSnapshot.Parts(models, routes, List.of(), List.of()));
  }

  /// Exchanges all models and routes that are configured at once. A model that did not change stays
  /// as it is, with what was learned of it and its connections; of one that answers at the same
  /// place what was learned stays.
  ///
  /// @throws IllegalArgumentException as [#of]; nothing has changed then
  public Change replace(List<Model> models, List<ModelRoute> routes) {
    synchronized (writing) {
      return exchange(
          new FleetSnapshot.Parts(models, routes, parts.declared(), parts.declaredRoutes()));
    }
  }

  /// Exchanges all models and routes that are declared at once, by the same rules. What is
  /// configured goes first: of the same id or prefix the declared one is left out. A route that
  /// leads to a model that is not there stays as it was.
  public Change declare(List<Declaring> models, List<ModelRoute> routes) {
    synchronized (writing) {
      return exchange(new FleetSnapshot.Parts(parts.models(), parts.routes(), models, routes));
    }
  }

  /// The ids of those routes of the last [#declare] that are served as they were declared.
  public Set<String> declaredRoutes() {
    return snapshot.declared().keySet();
  }

  private Change exchange(FleetSnapshot.Parts by) {
    FleetSnapshot now = snapshot;
    Map<String, Deployment> before = now.deployments();
    FleetSnapshot next = FleetSnapshot.of(by, now);
    Set<Deployment> kept = new HashSet<>(next.deployments().values());
    List<Deployment> added = new ArrayList<>(next.deployments().values());
    added.removeAll(before.values());
    List<Deployment> retired = new ArrayList<>(before.values());
    retired.removeIf(kept::contains);
    parts = by;
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

  /// The route of a gRPC call whose path names no model.
  ///
  /// @param id of a deployment, as the call's own header names it; null when there is none
  /// @param host the call's authority; its first label may be a deployment's id
  /// @param path of the call
  /// @return the deployment that is named, if it serves gRPC; that of the only one that does, when
  ///   none is named; else none
  public Optional<Match> matchGrpc(@Nullable String id, String host, String path) {
    FleetSnapshot now = snapshot;
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

  private static Optional<Match> grpc(FleetSnapshot now, String id, String path) {
    Route own = now.own().get(id);
    return own == null || !own.first().model().upstream().grpc()
        ? Optional.empty()
        : Optional.of(new Match(own, own.first(), path));
  }
}
