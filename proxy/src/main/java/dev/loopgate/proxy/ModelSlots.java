package dev.loopgate.proxy;

import io.netty.channel.EventLoop;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// The cap on connections to models over all event loops. Any thread; takes no lock.
///
/// A slot that becomes free goes to the longest waiting request of any loop. Who waits is bounded
/// by the exchanges in flight: each gives up by its own deadline, and is forgotten.
final class ModelSlots {
  /// @param granted run once on `loop`: a slot is owned now, and is given back if nobody waits any
  ///   more
  private record Waiting(EventLoop loop, Object owner, Runnable granted) {}

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

  /// Waits for a slot; `granted` is run on `loop`, once the slot is there.
  void await(EventLoop loop, Object owner, Runnable granted) {
    waiting.add(new Waiting(loop, owner, granted));
    // A slot may have come back between the try that failed and the line above.
    if (tryTake()) {
      giveBack();
    }
  }

  /// Waits no more. Says whether `owner` was still waiting.
  boolean forget(Object owner) {
    return waiting.removeIf(each -> each.owner().equals(owner));
  }

  /// Whether a connection that nobody needs now should go, for the sake of someone waiting.
  boolean isAwaited() {
    return !waiting.isEmpty();
  }

  void giveBack() {
    Waiting next = waiting.poll();
    if (next != null) {
      next.loop().execute(next.granted());
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
