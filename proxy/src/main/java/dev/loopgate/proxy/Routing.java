package dev.loopgate.proxy;

/// Who answers a request.
@FunctionalInterface
interface Routing {
  /// Any thread.
  Router.Route route(CallerRequest request);
}
