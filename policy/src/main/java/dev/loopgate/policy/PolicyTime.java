package dev.loopgate.policy;

/// The time, as `app` tells it; this room never asks a clock. Any thread.
public interface PolicyTime {
  /// Monotonic nanoseconds from an arbitrary origin, for ages.
  long nanos();

  /// Milliseconds since the epoch, for what stands in tokens.
  long epochMillis();
}
