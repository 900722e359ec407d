package dev.loopgate.capture;

/// Why a body is kept in part, or nothing of it. Counted for people; the entry itself is kept.
public enum CutReason {
  /// The body is larger than the model's limit.
  LIMIT("limit"),
  /// All capture buffers together are at `capture.bytes-max`.
  BUDGET("budget"),
  /// The ring had no room for the bodies.
  RING_FULL("ring_full"),
  /// A redaction rule names fields of it, and it is no whole JSON within the rules' bounds: nothing
  /// of it is kept.
  UNPARSABLE("unparsable");

  private final String word;

  CutReason(String word) {
    this.word = word;
  }

  /// The word in metrics.
  public String word() {
    return word;
  }
}
