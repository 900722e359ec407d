package dev.loopgate.proxy;

import dev.loopgate.fleet.BoundedCount;
import dev.loopgate.fleet.Hosted;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Who waits for replicas, of all deployments and all event loops. Any thread; takes no lock.
final class Holds {
  /// Requests that wait at most, of all deployments together; they hold 256 MiB at most.
  static final int REQUESTS_MAX = 4_096;

  private static final long SWEEP_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Map<Hosted, Hold> byDeployment = new ConcurrentHashMap<>(); // swept
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong sweptNanos;

  Holds(long nowNanos) {
    this.sweptNanos = new AtomicLong(nowNanos);
  }

  Hold of(Hosted hosted, long nowNanos) {
    Hold hold = byDeployment.get(hosted);
    return hold == null
        ? byDeployment.computeIfAbsent(hosted, one -> new Hold(one, this, nowNanos))
        : hold;
  }

  /// Looks after those that wait; called by each loop, done by one of them.
  void sweep(long nowNanos) {
    long last = sweptNanos.get();
    if (nowNanos - last >= SWEEP_EVERY_NANOS && sweptNanos.compareAndSet(last, nowNanos)) {
      byDeployment.values().forEach(hold -> hold.sweep(nowNanos));
      byDeployment.values().removeIf(Hold::isOver);
    }
  }

  boolean take() {
    return BoundedCount.take(waiting, REQUESTS_MAX);
  }

  /// Whatever the bound says.
  void takeAnyway() {
    waiting.incrementAndGet();
  }

  void giveBack() {
    waiting.decrementAndGet();
  }
}
