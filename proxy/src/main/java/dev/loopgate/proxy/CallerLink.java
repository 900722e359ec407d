package dev.loopgate.proxy;

/// A caller's connection, whatever it speaks, as its event loop looks after it. Confined to that
/// event loop.
interface CallerLink {
  /// A look at the deadlines.
  void tick(long nowNanos);

  /// Asks for further requests to come elsewhere, and serves those that come all the same. Where
  /// the protocol has no word of its own for that, the answers say it.
  default void leave() {}

  /// No further request: closes what is idle; what goes on ends with its answer.
  void drain();

  /// Time is up: whatever goes on ends now.
  void stop();

  /// Closes at once.
  void close();
}
