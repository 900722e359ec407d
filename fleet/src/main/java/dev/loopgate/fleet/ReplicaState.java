package dev.loopgate.fleet;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A replica in service: how many requests it has at the moment, and whether it is left out for a
/// while because no connection to it could be made. Any thread; takes no lock.
///
/// The only replica of a model is always taken: nothing is counted for it.
public final class ReplicaState {
  /// Connections in a row that failed, from which on a replica is left out.
  static final int MISSES_MAX = 3;

  /// How long it is left out at first; twice as long each time that it is not back after it.
  static final Duration OUT_MIN = Duration.ofSeconds(1);

  /// How long it is left out at most. Up to a quarter of the time is taken off by chance, so that
  /// gateways do not come back together.
  static final Duration OUT_MAX = Duration.ofSeconds(30);

  /// How long the one request that looks whether it is back may take to say so, before another
  /// looks.
  static final Duration PROBE_WITHIN = Duration.ofSeconds(5);

  /// @param times how often in a row
  /// @param probed one request is on its way to look whether it is back
  private record Out(long untilNanos, int times, boolean probed) {}

  private final Replica replica;
  private final int index;
  private final boolean alone;
  private final Deployment.@Nullable Labels labels;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger misses = new AtomicInteger();
  private final AtomicReference<@Nullable Out> out = new AtomicReference<>();
  private volatile boolean retired;

  ReplicaState(Replica replica, int index, boolean alone) {
    this(replica, index, alone, null);
  }

  /// @param labels of the model that this very replica runs; null where they are its deployment's
  ReplicaState(Replica replica, int index, boolean alone, Deployment.@Nullable Labels labels) {
    this.replica = replica;
    this.index = index;
    this.alone = alone;
    this.labels = labels;
  }

  /// Where it answers.
  public Replica replica() {
    return replica;
  }

  /// What the model is called that this very replica runs: while a revision is rolled out, another
  /// replica may run another one. Null where nothing but its deployment says.
  public Deployment.@Nullable Labels labels() {
    return labels;
  }

  /// Its bit in what [Replicas#choose] is told of the replicas tried.
  public long bit() {
    return 1L << index;
  }

  /// A request is for it from now on; ends by [#ended], once.
  public void started() {
    if (!alone) {
      requests.incrementAndGet();
    }
  }

  /// As [#started], if it has fewer than `max` requests; not for the only one that there ever is.
  boolean startedWithin(int max) {
    int now = requests.get();
    return now < max && requests.compareAndSet(now, now + 1);
  }

  /// A request that [#started] is over, or is for another replica.
  public void ended() {
    if (!alone) {
      requests.decrementAndGet();
    }
  }

  /// A connection to it was made, or lives.
  ///
  /// @return whether it had been left out and is back now
  public boolean reached() {
    if (alone || (misses.get() == 0 && out.get() == null)) {
      return false;
    }
    misses.set(0);
    return out.getAndSet(null) != null;
  }

  /// A connection to it could not be made.
  ///
  /// @return whether it is left out from now on
  public boolean missed(RandomGenerator random, long nowNanos) {
    if (alone) {
      return false;
    }
    int inARow = misses.incrementAndGet();
    Out before = out.get();
    if (before == null ? inARow < MISSES_MAX : !before.probed()) {
      return false; // a first miss, or one that was on its way when it was left out already
    }
    int times = before == null ? 1 : before.times() + 1;
    long nanos =
        Math.min(OUT_MAX.toNanos(), OUT_MIN.toNanos() << Math.min(times - 1, Integer.SIZE / 2));
    nanos -= (long) (nanos / 4.0 * random.nextDouble());
    return out.compareAndSet(before, new Out(nowNanos + nanos, times, false)) && before == null;
  }

  /// Whether its model is in service no more: connections to it need not be kept.
  public boolean isRetired() {
    return retired;
  }

  void retire() {
    retired = true;
  }

  int requests() {
    return requests.get();
  }

  int index() {
    return index;
  }

  /// Whether it is left out, and its time is not over.
  boolean isOut(long nowNanos) {
    Out now = out.get();
    return now != null && nowNanos - now.untilNanos() < 0;
  }

  /// Whether it takes the request that has chosen it. After its time out one request is taken, to
  /// look whether it is back; the others are not until that one knows.
  boolean admits(long nowNanos) {
    Out now = out.get();
    return now == null
        || (nowNanos - now.untilNanos() >= 0
            && out.compareAndSet(
                now, new Out(nowNanos + PROBE_WITHIN.toNanos(), now.times(), true)));
  }
}
