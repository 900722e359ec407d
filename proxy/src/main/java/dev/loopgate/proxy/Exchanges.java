package dev.loopgate.proxy;

/// Begins what answers a request: an exchange with a model, or with the door itself. Confined to
/// one event loop.
final class Exchanges {
  private final ProxyLoop loop;
  private final Routing routing;
  private final CallerSlots slots;
  private final boolean upgrades;

  /// @param slots of all doors together
  Exchanges(ProxyLoop loop, Routing routing, CallerSlots slots) {
    this(loop, routing, slots, true);
  }

  /// @param upgrades whether HTTP/2 is spoken with callers who ask for it in HTTP/1.1
  Exchanges(ProxyLoop loop, Routing routing, CallerSlots slots, boolean upgrades) {
    this.loop = loop;
    this.routing = routing;
    this.slots = slots;
    this.upgrades = upgrades;
  }

  ProxyLoop loop() {
    return loop;
  }

  CallerSlots slots() {
    return slots;
  }

  boolean upgrades() {
    return upgrades;
  }

  /// The exchange for `request`, not started yet.
  Exchange of(Caller caller, CallerRequest request) {
    RequestIdentity identity =
        RequestIdentity.of(request.headers(), loop.requestIds(), loop.time().epochMillis());
    return switch (routing.route(request)) {
      case Router.Route.ToModel(var match) ->
          new RelayedExchange(caller, loop, request, identity, match);
      case Router.Route.ToService(var service) ->
          new LocalExchange(caller, loop, request, identity, service);
      case Router.Route.UnknownModel() -> {
        loop.events().unknownModel();
        yield always(caller, request, identity, LocalReplies.unknownModel());
      }
      case Router.Route.Nobody(var reply) -> always(caller, request, identity, reply);
    };
  }

  private Exchange always(
      Caller caller, CallerRequest request, RequestIdentity identity, LocalReply reply) {
    return new LocalExchange(caller, loop, request, identity, new LocalExchange.Always(reply));
  }
}
