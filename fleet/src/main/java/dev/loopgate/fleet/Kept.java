package dev.loopgate.fleet;

/// What is kept of a model's exchanges.
///
/// @param captured whether they are kept at all
/// @param bodyBytesMax bytes kept of each direction's body, 0 to [#BODY_BYTES_MAX]
/// @param sampleRate the part of them that is kept, above 0.0 to 1.0; the rest is counted
public record Kept(boolean captured, int bodyBytesMax, double sampleRate) {
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
  }
}
