package dev.loopgate.api;

import dev.loopgate.capture.BodyRules;
import dev.loopgate.capture.Redaction;

/// What the feedback door may be told.
///
/// @param bytesMax `feedback.bytes-max`: a larger body is refused with 413; 1 MiB by default, at
///   most [#BYTES_MAX_HIGHEST]
/// @param redaction which query parameters are masked before anything is kept (P6)
/// @param secret which fields of a JSON payload are masked or dropped before
public record FeedbackConfig(int bytesMax, Redaction redaction, BodyRules secret) {
  /// The highest limit: with both copies in the answer a feedback stays well below what the spool
  /// takes.
  public static final int BYTES_MAX_HIGHEST = 8 << 20;

  /// 1 MiB, and the contract's rules.
  public static final FeedbackConfig DEFAULT = new FeedbackConfig(1 << 20, Redaction.DEFAULT);

  /// Payloads are kept as they come.
  public FeedbackConfig(int bytesMax, Redaction redaction) {
    this(bytesMax, redaction, BodyRules.NONE);
  }

  public FeedbackConfig {
    if (bytesMax < 1 || bytesMax > BYTES_MAX_HIGHEST) {
      throw new IllegalArgumentException(
          "feedback.bytes-max: value=" + bytesMax + ", allowed=1.." + BYTES_MAX_HIGHEST);
    }
  }
}
