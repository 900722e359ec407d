package dev.loopgate.spool;

/// Told once what became of an entry that asks to be forced. Called on `spool-writer`: must not
/// block, so an event loop's own work is handed back to the loop.
@FunctionalInterface
public interface ForceListener {
  /// What a force can have come to.
  enum Outcome {
    /// The force returned: the entry survives a power cut (P2).
    DURABLE,
    /// The disk refused, or no force returned within 10 s; the entry may still be stored.
    UNKNOWN
  }

  /// Called exactly once for an entry that was [Appended#ACCEPTED].
  void forced(Outcome outcome);
}
