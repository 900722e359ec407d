package dev.loopgate.proxy;

import dev.loopgate.fleet.Hosted;
import io.netty.channel.EventLoop;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Requests for one deployment whose servers come and go: those that replicas have, and those that
/// wait for one, in the order they came. Any thread; takes no lock.
final class Hold {
  /// Requests that wait for one deployment at most. None is read further ahead than
  /// [ProxyConfig#HELD_BYTES_MAX], so together they hold 64 MiB at most.
  static final int REQUESTS_MAX = 1_000;

  /// Whoever ends lets so many go that wait: so a model is asked for more and more, as fast as it
  /// answers, until nobody waits.
  private static final int GO_FOR_ONE = 2;

  /// While somebody waits and nothing runs, a replica is asked for so often.
  static final long WAKE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// What becomes of a request that comes.
  enum Entry {
    /// It has its place at a replica.
    GOES,
    /// It waits; its waiter is told once.
    WAITS,
    /// As many wait as may.
    FULL,
    /// No replica will be ready soon: [Hosted#problem].
    FAILED,
    /// It is declared no more.
    GONE
  }

  /// A request that waits; told at most once, on its event loop.
  interface Waiter {
    /// Its turn has come: see what becomes of it now, [Hold#enter].
    void turn(Entry entry);
  }

  private static final class Waiting {
    private final EventLoop loop;
    private final Waiter waiter;
    private final AtomicBoolean over = new AtomicBoolean(); // told, or forgotten

    Waiting(EventLoop loop, Waiter waiter) {
      this.loop = loop;
      this.waiter = waiter;
    }
  }

  private final Hosted hosted;
  private final Holds all;
  private final ConcurrentLinkedDeque<Waiting> waiting = new ConcurrentLinkedDeque<>();
  private final AtomicInteger mayGo = new AtomicInteger(); // of those that wait; without a maximum
  private final AtomicLong wokenNanos;

  /// @param nowNanos of the time that [#sweep] is told
  Hold(Hosted hosted, Holds all, long nowNanos) {
    this.hosted = hosted;
    this.all = all;
    this.wokenNanos = new AtomicLong(nowNanos - WAKE_EVERY_NANOS);
    hosted.listen(this::changed);
  }

  Hosted hosted() {
    return hosted;
  }

  /// Takes a place at a replica, or waits for one. Who goes calls [#ended] once; who waits is told,
  /// or calls [#forget].
  ///
  /// @param loop the waiter's
  Entry enter(EventLoop loop, Waiter waiter, long nowNanos) {
    Entry ended = endedBy();
    if (ended != Entry.WAITS) {
      return ended;
    }
    if (waiting.isEmpty() && tryStart(false)) {
      hosted.came();
      return Entry.GOES;
    }
    if (!hosted.tryHold(REQUESTS_MAX)) {
      return Entry.FULL;
    }
    if (!all.take()) {
      hosted.released();
      return Entry.FULL;
    }
    hosted.came();
    if (waiting.isEmpty()) {
      allowSome(); // nobody has waited so far: they begin anew
    }
    waiting.add(new Waiting(loop, waiter));
    serve(); // a place may have become free just before
    wakeIfNoneRuns(nowNanos);
    return Entry.WAITS;
  }

  /// One that had its place, and could not be given to its replica, waits on without being in the
  /// queue; whatever the bounds say, it was there before. Ends by [#again] or [#over].
  void pause() {
    hosted.tryHold(Integer.MAX_VALUE);
    all.takeAnyway();
    ended();
  }

  /// One that paused wants a place again, before all others that wait.
  Entry again(EventLoop loop, Waiter waiter, long nowNanos) {
    Entry ended = endedBy();
    if (ended != Entry.WAITS) {
      released();
      return ended;
    }
    waiting.addFirst(new Waiting(loop, waiter));
    mayGo.incrementAndGet(); // it was let go once
    serve();
    wakeIfNoneRuns(nowNanos);
    return Entry.WAITS;
  }

  /// One that paused will not come back.
  void over() {
    released();
  }

  /// Waits no more. Says whether it did: else it has been told, or will be.
  boolean forget(Waiter waiter) {
    for (Waiting each : waiting) {
      if (each.waiter.equals(waiter)) {
        if (!each.over.compareAndSet(false, true)) {
          return false;
        }
        waiting.remove(each);
        released();
        return true;
      }
    }
    return false;
  }

  /// A request that had a place at a replica is over, or could not be given to it.
  void ended() {
    hosted.ended();
    if (!waiting.isEmpty()) {
      allow(GO_FOR_ONE);
      serve();
    }
  }

  /// Whether nobody waits and nobody ever will: it can be forgotten.
  boolean isOver() {
    return hosted.isGone() && waiting.isEmpty();
  }

  /// Asks again for a replica where somebody still waits for one.
  void sweep(long nowNanos) {
    if (!waiting.isEmpty()) {
      wakeIfNoneRuns(nowNanos);
      allowSome(); // also where nobody ends for long
      serve();
    }
  }

  private void changed() {
    allowSome();
    serve();
  }

  // So many that a replica just started is not asked by all at once.
  private void allowSome() {
    int some = hosted.replicas().all().size() * hosted.terms().target();
    if (mayGo.get() < some) {
      mayGo.set(some);
    }
  }

  private void allow(int more) {
    mayGo.accumulateAndGet(more, (now, add) -> Math.min(REQUESTS_MAX, now + add));
  }

  private void wakeIfNoneRuns(long nowNanos) {
    long last = wokenNanos.get();
    if (nowNanos - last >= WAKE_EVERY_NANOS
        && hosted.replicas().all().isEmpty()
        && !waiting.isEmpty()
        && wokenNanos.compareAndSet(last, nowNanos)) {
      hosted.wake();
    }
  }

  // Whoever frees a place, or knows of a new one, gives it to who waits the longest.
  private void serve() {
    while (!waiting.isEmpty()) {
      Entry ended = endedBy();
      if (ended == Entry.WAITS && !tryStart(true)) {
        return;
      }
      Waiting next = waiting.poll();
      if (next == null || !next.over.compareAndSet(false, true)) {
        if (ended == Entry.WAITS) {
          hosted.ended(); // for nobody: place and turn are for the next one
          allow(1);
        }
        continue;
      }
      released();
      next.loop.execute(() -> next.waiter.turn(ended == Entry.WAITS ? Entry.GOES : ended));
    }
  }

  private void released() {
    hosted.released();
    all.giveBack();
  }

  // WAITS where it has not ended.
  private Entry endedBy() {
    if (hosted.isGone()) {
      return Entry.GONE;
    }
    return hosted.problem() == null ? Entry.WAITS : Entry.FAILED;
  }

  private boolean tryStart(boolean waited) {
    int ready = hosted.replicas().all().size();
    if (ready == 0) {
      return false;
    }
    int max = hosted.terms().concurrencyMax();
    if (max > 0) {
      long places = (long) ready * max + hosted.leavingRequests();
      return hosted.tryStart((int) Math.min(places, Integer.MAX_VALUE));
    }
    return (!waited || takeTurn()) && hosted.tryStart(Integer.MAX_VALUE);
  }

  private boolean takeTurn() {
    int left;
    do {
      left = mayGo.get();
      if (left <= 0) {
        return false;
      }
    } while (!mayGo.compareAndSet(left, left - 1));
    return true;
  }
}
