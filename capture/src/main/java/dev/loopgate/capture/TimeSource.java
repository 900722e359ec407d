package dev.loopgate.capture;

/// The time, as `app` tells it. Declared in the innermost room so that every other can take it;
/// this room itself never asks. Any thread.
public interface TimeSource {
  /// Monotonic nanoseconds from an arbitrary origin, for ages and durations.
  long nanos();

  /// Milliseconds since the epoch by the guarded wall clock, for records and their hours.
  long epochMillis();
}
