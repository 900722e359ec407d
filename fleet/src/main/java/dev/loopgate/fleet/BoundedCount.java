package dev.loopgate.fleet;

import java.util.concurrent.atomic.AtomicInteger;

/// Counting up to a bound. Any thread; takes no lock.
public final class BoundedCount {
  private BoundedCount() {}

  /// One more, if fewer than `max` are counted; who may counts it back once.
  public static boolean take(AtomicInteger count, int max) {
    int now;
    do {
      now = count.get();
      if (now >= max) {
        return false;
      }
    } while (!count.compareAndSet(now, now + 1));
    return true;
  }
}
