package dev.loopgate.logshipper;

import dev.loopgate.capture.TimeSource;
import java.time.Duration;
import java.time.Instant;

/// Time that only a test turns.
final class ManualTime implements TimeSource {
  private long nanos = 1;
  private long millis;

  ManualTime(String instant) {
    millis = Instant.parse(instant).toEpochMilli();
  }

  void pass(Duration duration) {
    nanos += duration.toNanos();
    millis += duration.toMillis();
  }

  /// The wall clock steps, the monotonic one does not.
  void jump(Duration duration) {
    millis += duration.toMillis();
  }

  @Override
  public long nanos() {
    return nanos;
  }

  @Override
  public long epochMillis() {
    return millis;
  }
}
