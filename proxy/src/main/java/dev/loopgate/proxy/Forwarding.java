package dev.loopgate.proxy;

/// What models are told of the caller in `x-forwarded-for`, `-proto` and `-host`.
public enum Forwarding {
  /// The caller's address is added to `x-forwarded-for`; the other two are added where absent.
  APPEND,
  /// The caller's own claims are replaced: for a door that faces strangers.
  REPLACE,
  /// Whatever the caller sent, nothing added.
  PASS
}
