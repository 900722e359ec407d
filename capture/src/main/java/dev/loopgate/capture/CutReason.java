package dev.loopgate.capture;

/// Why a body is kept in part. Counted for people; the entry itself is kept.
public enum CutReason {
  /// The body is larger than the model's limit.
  LIMIT("limit"),
  /// All capture buffers together are at `capture.bytes-max`.
  BUDGET("budget"),
  /// The ring had no room for the bodies.
  RING_FULL("ring_full");

  private final String word;

  CutReason(String word) {
    this.word = word;
  }

  /// The word in metrics.
  public String word() {
    return word;
  }
}
