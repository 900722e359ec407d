package dev.loopgate.capture;

/// What an entry is about. The ledger counts by it.
public enum EntryKind {
  /// One exchange with a model: two streams, `request_response` and `response_body`.
  PREDICTION(0, "prediction"),
  /// One feedback: the stream `feedback`.
  FEEDBACK(1, "feedback"),
  /// What an Envoy's access log says of one exchange: the stream `access_log`.
  ACCESS_LOG(2, "access_log");

  private final int number;
  private final String word;

  EntryKind(int number, String word) {
    this.number = number;
    this.word = word;
  }

  /// The word in metrics and manifests.
  public String word() {
    return word;
  }

  /// The number on disk; never reused.
  public int number() {
    return number;
  }

  /// The kind with this number.
  public static EntryKind ofNumber(int number) {
    return switch (number) {
      case 0 -> PREDICTION;
      case 1 -> FEEDBACK;
      case 2 -> ACCESS_LOG;
      default -> throw new IllegalArgumentException("entry kind: number=" + number);
    };
  }
}
