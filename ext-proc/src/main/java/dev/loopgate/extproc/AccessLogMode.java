package dev.loopgate.extproc;

/// What becomes of what Envoys log.
public enum AccessLogMode {
  /// Facts for the exchanges that external processing shows, and proof of those that it did not:
  /// for a gateway that gets both from the same Envoys.
  JOIN,
  /// Each is an entry of its own: for Envoys that only log, or where external processing may go to
  /// another gateway.
  KEEP
}
