package dev.loopgate.logshipper;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long to wait before the next try: doubling from `first` to `max`, each wait drawn between
/// half and all of it, so that gateways that failed together do not come back together. Belongs to
/// the one thread named `shipper`.
final class RetrySchedule {
  private final long firstNanos;
  private final long maxNanos;
  private final RandomGenerator random;
  private int failures;

  RetrySchedule(Duration first, Duration max, RandomGenerator random) {
    this.firstNanos = first.toNanos();
    this.maxNanos = max.toNanos();
    this.random = random;
  }

  /// One more failure in a row; nanoseconds to wait.
  long failed() {
    int doublings = Math.min(failures, 40);
    failures++;
    long whole =
        doublings >= 62 || firstNanos > maxNanos >> doublings ? maxNanos : firstNanos << doublings;
    return whole / 2 + random.nextLong(whole / 2 + 1);
  }

  /// It went well: the next failure waits `first` again.
  void succeeded() {
    failures = 0;
  }

  /// Failures in a row.
  int failures() {
    return failures;
  }
}
