package dev.loopgate.controller;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// When something that failed may be tried again: after a pause that doubles with each failure,
/// with jitter, so that what failed together is not tried together. Confined to one thread.
final class BackOff {
  private static final double JITTER = 0.2; // of the pause, at most that much shorter

  private final long minNanos;
  private final long maxNanos;
  private final RandomGenerator random;
  private long pauseNanos;
  private long openAt;
  private int failures;

  BackOff(Duration min, Duration max, RandomGenerator random) {
    this.minNanos = min.toNanos();
    this.maxNanos = max.toNanos();
    this.random = random;
  }

  /// Whether it may be tried.
  boolean isOpen(long now) {
    return failures == 0 || now - openAt >= 0;
  }

  /// From when on it may be tried, after a failure.
  long openAt() {
    return openAt;
  }

  /// How often in a row it failed.
  int failures() {
    return failures;
  }

  void failed(long now) {
    pauseNanos = failures == 0 ? minNanos : Math.min(maxNanos, 2 * pauseNanos);
    failures = Math.min(failures, Integer.MAX_VALUE - 1) + 1;
    openAt = now + pauseNanos - (long) (pauseNanos * JITTER * random.nextDouble());
  }

  void succeeded() {
    failures = 0;
  }
}
