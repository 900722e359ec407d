package dev.loopgate.proxy;

import io.netty.channel.EventLoop;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// The cap on connections to models over all event loops. Any thread; takes no lock.
///
/// A slot that becomes free goes to the longest waiting request of any loop. Waiting is bounded by the
/// exchanges in flight, and each waiter gives up by its own deadline.
final class ModelSlots {
  /// Someone who waits for a slot.
  interface Waiter {
    /// Called once on the waiter's loop: it owns a slot now, and gives it back if it waits no more.
    void slotGranted();
  }

  private record Waiting(EventLoop loop, Waiter waiter) {}

  private final int max;
  private final AtomicInteger taken = new AtomicInteger();
  private final ConcurrentLinkedQueue<Waiting> waiting = new ConcurrentLinkedQueue<>();

  ModelSlots(int max) {
    this.max = max;
  }

  boolean tryTake() {
    while (true) {
      int now = taken.get();
      if (now >= max) {
        return false;
      }
      if (taken.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /// Waits for a slot; `waiter` is told on `loop`.
  void await(EventLoop loop, Waiter waiter) {
    waiting.add(new Waiting(loop, waiter));
    // A slot may have come back between the try that failed and the line above.
    if (tryTake()) {
      giveBack();
    }
  }

  /// Whether a connection that nobody needs now should go, for the sake of someone waiting.
  boolean isAwaited() {
    return !waiting.isEmpty();
  }

  void giveBack() {
    Waiting next = waiting.poll();
    if (next != null) {
      next.loop().execute(next.waiter()::slotGranted);
      return;
    }
    taken.decrementAndGet();
    // Somebody may have begun to wait just before: then it is theirs after all.
    if (!waiting.isEmpty() && tryTake()) {
      giveBack();
    }
  }

  int taken() {
    return taken.get();
  }
}
