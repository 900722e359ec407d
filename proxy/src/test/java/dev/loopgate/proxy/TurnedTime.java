package dev.loopgate.proxy;

import dev.loopgate.capture.TimeSource;
import java.time.Duration;

/// Time that only the test turns. Any thread.
final class TurnedTime implements TimeSource {
  /// 2026-11-24 10:00:00 UTC.
  static final long START_MILLIS = 1_795_514_400_000L;

  private volatile long nanos = 1;

  @Override
  public long nanos() {
    return nanos;
  }

  @Override
  public long epochMillis() {
    return START_MILLIS + nanos / 1_000_000;
  }

  synchronized void turn(Duration by) {
    nanos += by.toNanos();
  }
}
