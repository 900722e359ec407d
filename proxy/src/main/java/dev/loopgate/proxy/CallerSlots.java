package dev.loopgate.proxy;

import java.util.concurrent.atomic.AtomicInteger;

/// How many callers are served at once, over all doors and event loops: each connection takes a
/// slot, and each stream of an HTTP/2 connection beyond its first. Any thread.
final class CallerSlots {
  private final int max;
  private final AtomicInteger taken = new AtomicInteger();

  CallerSlots(int max) {
    this.max = max;
  }

  /// Takes a slot, if one is free.
  boolean tryTake() {
    if (taken.incrementAndGet() <= max) {
      return true;
    }
    taken.decrementAndGet();
    return false;
  }

  void giveBack() {
    taken.decrementAndGet();
  }

  int taken() {
    return taken.get();
  }
}
