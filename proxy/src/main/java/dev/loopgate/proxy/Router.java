package dev.loopgate.proxy;

import dev.loopgate.fleet.Fleet;
import java.util.List;
import java.util.Optional;

/// Decides who answers a request. Any thread.
///
/// Paths are compared as they came: nothing is decoded or normalised here.
final class Router implements Routing {
  /// Who answers.
  sealed interface Route {
    record ToModel(Fleet.Match match) implements Route {}

    record ToService(LocalService service) implements Route {}

    /// A path that could only be a model's, and no such model is there.
    record UnknownModel() implements Route {}

    record Nobody(LocalReply reply) implements Route {}
  }

  private final Fleet fleet;
  private final List<LocalService> services;

  Router(Fleet fleet, List<LocalService> services) {
    this.fleet = fleet;
    this.services = List.copyOf(services);
  }

  @Override
  public Route route(CallerRequest request) {
    Route route = route(request.method(), request.path());
    boolean named = route instanceof Route.ToModel || route instanceof Route.ToService;
    if (named || !Grpc.isCall(request)) {
      return route;
    }
    // A call's path is its method's: the model is named beside it, or is the only one.
    String id = RawHead.first(request.headers(), Grpc.MODEL_ID);
    Optional<Fleet.Match> match = fleet.matchGrpc(id, request.host(), request.path());
    return match.isPresent() ? new Route.ToModel(match.get()) : new Route.UnknownModel();
  }

  private Route route(String method, String path) {
    Optional<Fleet.Match> match = fleet.match(path);
    if (match.isPresent()) {
      // A prefix of its own is the model's alone. One at `/` takes what nothing else serves, so
      // that
      // a drop-in model does not swallow feedback and health; only the greeting at `/` gives way.
      if (!match.get().isAtRoot() || path.equals("/")) {
        return new Route.ToModel(match.get().chosen());
      }
    }
    for (LocalService service : services) {
      if (service.serves(method, path)) {
        return new Route.ToService(service);
      }
    }
    if (match.isPresent()) {
      return new Route.ToModel(match.get().chosen());
    }
    if (path.startsWith("/model/")) {
      return new Route.UnknownModel();
    }
    return new Route.Nobody(
        path.startsWith("/api/v1/") ? LocalReplies.unknownApi() : LocalReplies.incorrectUrl());
  }
}
