package dev.loopgate.extproc;

/// A stream of an Envoy that has no end of its own. Confined to its connection's event loop.
interface StandingStream {
  /// Ends it: the Envoy opens another one, perhaps elsewhere.
  void stop();
}
