package dev.loopgate.capture;

/// What is kept of an exchange or a feedback: immutable facts, already redacted.
public sealed interface Entry permits Prediction, Feedback, AccessRecord {
  /// The join key.
  RequestId requestId();

  /// The model it is about.
  ModelIdentity model();

  /// Milliseconds since the epoch: the end of an exchange, the arrival of a feedback or of a line
  /// of an access log. Its UTC hour is the entry's partition.
  long timeMillis();

  /// What it is about.
  default EntryKind kind() {
    return switch (this) {
      case Prediction _ -> EntryKind.PREDICTION;
      case Feedback _ -> EntryKind.FEEDBACK;
      case AccessRecord _ -> EntryKind.ACCESS_LOG;
    };
  }
}
