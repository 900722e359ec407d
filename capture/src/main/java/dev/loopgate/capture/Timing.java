package dev.loopgate.capture;

/// When an exchange happened.
///
/// @param startMillis the request's head, milliseconds since the epoch
/// @param endMillis the ending, milliseconds since the epoch
/// @param durationNanos from the request's head to the ending, by the monotonic clock
/// @param firstByteNanos from the request's head to the response's head, [#NONE] when none came
/// @param gapMaxNanos the longest time between two pieces of the response's body, [#NONE] when
///   there was none worth the name
public record Timing(
    long startMillis, long endMillis, long durationNanos, long firstByteNanos, long gapMaxNanos) {
  /// There is no such time.
  public static final long NONE = -1;
}
