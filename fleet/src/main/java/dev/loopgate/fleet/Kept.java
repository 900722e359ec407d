package dev.loopgate.fleet;

import java.util.List;

/// What is kept of a model's exchanges.
///
/// @param captured whether they are kept at all
/// @param bodyBytesMax bytes kept of each direction's body, 0 to [#BODY_BYTES_MAX]
/// @param sampleRate the part of them that is kept, above 0.0 to 1.0; the rest is counted
/// @param always which are kept whatever the rate says
/// @param secretFields fields of JSON bodies that are never kept as they are
public record Kept(
    boolean captured,
    int bodyBytesMax,
    double sampleRate,
    KeepRules always,
    List<SecretField> secretFields) {
  /// The most that may be kept of one body: what `CaptureLimits` of `capture` allows.
  public static final int BODY_BYTES_MAX = 12 << 20;

  public Kept {
    if (bodyBytesMax < 0 || bodyBytesMax > BODY_BYTES_MAX) {
      throw new IllegalArgumentException(
          "model body bytes: value=" + bodyBytesMax + ", allowed=0 to " + BODY_BYTES_MAX);
    }
    if (!(sampleRate > 0.0 && sampleRate <= 1.0)) {
      throw new IllegalArgumentException(
          "model sample: value=" + sampleRate + ", allowed=above 0.0 to 1.0");
    }
    secretFields = List.copyOf(secretFields);
  }

  /// Bodies are kept as they are, and the rate alone decides.
  public Kept(boolean captured, int bodyBytesMax, double sampleRate) {
    this(captured, bodyBytesMax, sampleRate, KeepRules.NONE, List.of());
  }

  /// Whether there is neither a secret field nor a rule that keeps beside the rate.
  public boolean isPlain() {
    return secretFields.isEmpty() && always.isEmpty();
  }
}
