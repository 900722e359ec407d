package dev.loopgate.capture;

/// Why an entry was not kept. The ledger counts each; its cells are in the order of [#number].
public enum DropReason {
  /// The ring had no room, even without bodies.
  RING_FULL(0, "ring_full"),
  /// The spool's disk budget is used up.
  SPOOL_FULL(1, "spool_full"),
  /// The disk failed for good, or the spool's intake is closed.
  SPOOL_FAILED(2, "spool_failed"),
  /// The entry is larger than the spool takes (32 MiB).
  TOO_LARGE(3, "too_large"),
  /// Begun by a process that was killed before the exchange ended.
  GATEWAY_KILLED(4, "gateway_killed"),
  /// Beside Envoy only: it passed, and Envoy did not show it, or showed more than is followed at
  /// once. A lower bound: not all that was not shown can be known.
  NOT_OBSERVED(5, "not_observed");

  /// How many reasons there are: cells of a ledger row.
  public static final int COUNT = values().length;

  private final int number;
  private final String word;

  DropReason(int number, String word) {
    this.number = number;
    this.word = word;
  }

  /// The word in metrics and manifests.
  public String word() {
    return word;
  }

  /// The ledger's cell and the number on disk; never reused.
  public int number() {
    return number;
  }
}
