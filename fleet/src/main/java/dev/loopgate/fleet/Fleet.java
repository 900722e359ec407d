package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// All models of this gateway and the routes to them. Any thread; look-ups read an immutable
/// snapshot.
public final class Fleet {
  /// A route that a path matches.
  ///
  /// @param route the route's id
  /// @param path the path (no query) with the route's prefix taken off; starts with `/`
  public record Match(String route, Deployment deployment, String path) {}

  private record Route(String id, String prefix, Deployment deployment) {}

  private final Map<String, Deployment> deployments; // in the order of the configuration
  private final List<Route> routes; // longest prefix first
  private final @Nullable String onlyGrpc; // id of the one that serves it

  private Fleet(Map<String, Deployment> deployments, List<Route> routes) {
    this.deployments = deployments;
    this.routes = routes;
    this.onlyGrpc = onlyGrpc(deployments);
  }

  /// A fleet of these models, each with one route.
  ///
  /// @throws IllegalArgumentException when two models share an id or a prefix; the message names it
  public static Fleet of(List<Model> models) {
    Map<String, Deployment> byId = new LinkedHashMap<>();
    Map<String, String> byPrefix = new HashMap<>();
    List<Route> routes = new ArrayList<>();
    for (Model model : models) {
      Deployment deployment = new Deployment(model);
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
      routes.add(new Route(model.id(), model.prefix(), deployment));
    }
    routes.sort(Comparator.comparingInt((Route route) -> route.prefix().length()).reversed());
    return new Fleet(Collections.unmodifiableMap(byId), List.copyOf(routes));
  }

  /// The deployment with this id.
  public Optional<Deployment> deployment(String id) {
    return Optional.ofNullable(deployments.get(id));
  }

  /// All deployments, in the order of the configuration.
  public List<Deployment> deployments() {
    return List.copyOf(deployments.values());
  }

  /// The first deployment whose model calls itself `name`, else the one whose id that is.
  public Optional<Deployment> deploymentOfModel(String name) {
    for (Deployment deployment : deployments.values()) {
      if (deployment.name().equals(name)) {
        return Optional.of(deployment);
      }
    }
    return deployment(name);
  }

  /// The route with the longest prefix that `path` (no query) lies under.
  public Optional<Match> match(String path) {
    for (Route route : routes) {
      String prefix = route.prefix();
      if (path.startsWith(prefix)
          && (path.length() == prefix.length() || path.charAt(prefix.length()) == '/')) {
        String rest = path.substring(prefix.length());
        return Optional.of(new Match(route.id(), route.deployment(), rest.isEmpty() ? "/" : rest));
      }
    }
    return Optional.empty();
  }

  /// The route of a gRPC call whose path names no model.
  ///
  /// @param id of a deployment, as the call's own header names it; null when there is none
  /// @param host the call's authority; its first label may be a deployment's id
  /// @param path of the call
  /// @return the deployment that is named, if it serves gRPC; that of the only one that does, when
  ///   none is named; else none
  public Optional<Match> matchGrpc(@Nullable String id, String host, String path) {
    if (id != null) {
      return grpc(id, path);
    }
    int end = 0;
    while (end < host.length() && host.charAt(end) != '.' && host.charAt(end) != ':') {
      end++;
    }
    Optional<Match> byHost = grpc(host.substring(0, end), path);
    return byHost.isPresent() || onlyGrpc == null ? byHost : grpc(onlyGrpc, path);
  }

  private Optional<Match> grpc(String id, String path) {
    Deployment deployment = deployments.get(id);
    return deployment == null || !deployment.model().upstream().grpc()
        ? Optional.empty()
        : Optional.of(new Match(id, deployment, path));
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
