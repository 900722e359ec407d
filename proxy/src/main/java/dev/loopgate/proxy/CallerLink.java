package dev.loopgate.proxy;

/// A caller's connection, whatever it speaks, as its event loop looks after it. Confined to that
/// event loop.
interface CallerLink {
  /// A look at the deadlines.
  void tick(long nowNanos);

  /// No further request: closes what is idle; what goes on ends with its answer.
  void drain();

  /// Time is up: whatever goes on ends now.
  void stop();

  /// Closes at once.
  void close();
}
