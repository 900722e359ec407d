package dev.loopgate.spool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Who waits for a force: at most [#WAITING_MAX] feedbacks. Any thread; each listener is told once,
/// by whoever comes first: the writer after its force, or the watch when no force returned in time.
final class ForceTickets {
  /// Feedbacks that may wait; one more is answered FULL.
  static final int WAITING_MAX = 1 << 16;

  /// Nobody waits.
  static final long NONE = 0;

  private record Waiting(long ticket, ForceListener listener, long deadlineNanos) {}

  private final AtomicReferenceArray<@Nullable Waiting> waiting =
      new AtomicReferenceArray<>(WAITING_MAX);
  private final AtomicLong next = new AtomicLong(1);
  private final AtomicInteger count = new AtomicInteger();

  /// A ticket for `listener`, or [#NONE] when too many wait.
  long open(ForceListener listener, long deadlineNanos) {
    long ticket = next.getAndIncrement();
    if (!waiting.compareAndSet(
        placeOf(ticket), null, new Waiting(ticket, listener, deadlineNanos))) {
      return NONE;
    }
    count.incrementAndGet();
    return ticket;
  }

  /// The entry came to nothing: its listener is not told.
  void cancel(long ticket) {
    take(ticket);
  }

  /// Tells the listener of this ticket, unless it was told before.
  void tell(long ticket, ForceListener.Outcome outcome) {
    Waiting taken = take(ticket);
    if (taken != null) {
      taken.listener().forced(outcome);
    }
  }

  /// Tells everybody who waited too long that the outcome is unknown; answers how many.
  int expire(long nowNanos) {
    return tellUnknown(nowNanos, false);
  }

  /// Tells everybody that the outcome is unknown.
  int tellAllUnknown() {
    return tellUnknown(0, true);
  }

  /// How many wait.
  int waiting() {
    return count.get();
  }

  private int tellUnknown(long nowNanos, boolean all) {
    int told = 0;
    for (int place = 0; place < WAITING_MAX && count.get() > 0; place++) {
      Waiting one = waiting.get(place);
      if (one != null
          && (all || nowNanos - one.deadlineNanos() >= 0)
          && waiting.compareAndSet(place, one, null)) {
        count.decrementAndGet();
        one.listener().forced(ForceListener.Outcome.UNKNOWN);
        told++;
      }
    }
    return told;
  }

  private @Nullable Waiting take(long ticket) {
    int place = placeOf(ticket);
    Waiting one = waiting.get(place);
    if (one == null || one.ticket() != ticket || !waiting.compareAndSet(place, one, null)) {
      return null;
    }
    count.decrementAndGet();
    return one;
  }

  private static int placeOf(long ticket) {
    return (int) (ticket & (WAITING_MAX - 1));
  }
}
