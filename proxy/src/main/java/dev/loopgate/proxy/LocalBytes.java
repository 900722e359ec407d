package dev.loopgate.proxy;

import java.util.concurrent.atomic.AtomicLong;

/// The bytes of all bodies that the door's own services wait for, look at or have not answered. One
/// count over all event loops, so that the largest body fits however many loops there are. Any
/// thread; takes no lock.
final class LocalBytes {
  private final long max;
  private final AtomicLong taken = new AtomicLong();

  LocalBytes(long max) {
    this.max = max;
  }

  /// Takes `bytes`; false, and nothing is taken, when they are more than what is left.
  boolean tryTake(int bytes) {
    while (true) {
      long now = taken.get();
      if (now + bytes > max) {
        return false;
      }
      if (taken.compareAndSet(now, now + bytes)) {
        return true;
      }
    }
  }

  void giveBack(int bytes) {
    taken.addAndGet(-bytes);
  }

  long taken() {
    return taken.get();
  }
}
