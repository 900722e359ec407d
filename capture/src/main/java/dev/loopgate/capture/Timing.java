package dev.loopgate.capture;

/// When an exchange happened.
///
/// @param startMillis the request's head, milliseconds since the epoch
/// @param endMillis the ending, milliseconds since the epoch
/// @param durationNanos from the request's head to the ending, by the monotonic clock
/// @param firstByteNanos from the request's head to the response's head, [#NONE] when none came
public record Timing(long startMillis, long endMillis, long durationNanos, long firstByteNanos) {
  /// No response began.
  public static final long NONE = -1;
}
