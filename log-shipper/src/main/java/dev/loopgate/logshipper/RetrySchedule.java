package dev.loopgate.logshipper;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long to wait before the next try: anything up to a bound that doubles from `first` to `max`,
/// each as likely, so that gateways that failed together do not come back together. Belongs to the
/// one thread named `shipper`.
final class RetrySchedule {
  private static final int LEAST_SHARE = 10; // of `first`: a store that is down is never hammered

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
    long bound = boundNanos(firstNanos, maxNanos, failures);
    failures++;
    long least = Math.min(firstNanos / LEAST_SHARE, bound);
    return least + random.nextLong(bound - least + 1);
  }

  /// The longest wait after so many failures in a row before this one.
  static long boundNanos(long firstNanos, long maxNanos, int failures) {
    int doublings = Math.min(failures, 40);
    return firstNanos > maxNanos >> doublings ? maxNanos : firstNanos << doublings;
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
