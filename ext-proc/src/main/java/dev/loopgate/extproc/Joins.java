package dev.loopgate.extproc;

import dev.loopgate.capture.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Which exchanges external processing shows, or has shown within [#WINDOW], and which the access
/// log told of that it has not: by Envoy's `x-request-id`. Any thread; a short lock, on the door's
/// own loops only.
///
/// Callers may choose that id. Of several exchanges that share one at a time none is told what the
/// log says, since nothing tells whose it is.
final class Joins {
  /*
   * A gap is claimed only where it is sure. What began before an Envoy logged here, or before ended
   * ids had to be forgotten early, is not judged: it may have been shown.
   */

  /// How long a log waits for its exchange, and an exchange that has ended for its log.
  static final Duration WINDOW = Duration.ofSeconds(10);

  /// What waits, about; for one more the oldest waits no longer.
  static final int WAITING_BYTES_MAX = 4 << 20;

  private static final int WAITING_MAX = 4096;

  /// Who had to wait no longer than this proves nothing.
  private static final long PROOF_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// Streams with one id. Shared from when there were two until there is none.
  private static final class Place {
    final List<ObservedStream> streams = new ArrayList<>(1);
    boolean shared;
  }

  private record Waiting(LoggedExchange logged, long sinceNanos, boolean judged) {}

  /// What was not shown within its time.
  ///
  /// @param judged whether that proves that it is not shown at all: it began when all that was
  ///   shown was remembered
  record Expired(LoggedExchange logged, boolean judged) {}

  private static final ObservedStream[] NOBODY = {};

  private final TimeSource time;
  private final Map<String, Place> open = new HashMap<>();
  private final Queue<Waiting> waiting = new ArrayDeque<>(); // in the order of their coming
  private volatile @Nullable EndedIds ended; // null: no Envoy logs here
  private long waitingBytes;
  private long agedNanos;
  private long judgedFromNanos;

  Joins(TimeSource time) {
    this.time = time;
  }

  /// An Envoy logs here: from now on exchanges are remembered.
  synchronized void begin() {
    if (ended == null) {
      ended = new EndedIds();
      agedNanos = time.nanos();
      judgedFromNanos = agedNanos;
    }
  }

  /// Whether an Envoy logs here.
  boolean isActive() {
    return ended != null;
  }

  /// External processing shows an exchange.
  ///
  /// @param id empty when it has none
  /// @return what the log has said of it already, null when nothing
  @Nullable LoggedFacts opened(String id, ObservedStream stream) {
    if (ended == null || id.isEmpty()) {
      return null;
    }
    synchronized (this) {
      LoggedExchange logged = takeWaiting(id);
      if (logged != null) {
        return logged.facts();
      }
      Place place = open.computeIfAbsent(id, _ -> new Place());
      place.streams.add(stream);
      place.shared |= place.streams.size() > 1;
      return null;
    }
  }

  /// It is shown elsewhere from now on: its log is not this stream's.
  synchronized void forget(String id, ObservedStream stream) {
    Place place = open.get(id);
    if (place != null && place.streams.remove(stream)) {
      removeIfEmpty(id, place);
    }
  }

  /// It shows no more of it.
  void over(String id, ObservedStream stream) {
    EndedIds remembered = ended;
    if (remembered == null || id.isEmpty()) {
      return;
    }
    synchronized (this) {
      Place place = open.get(id);
      if (place != null && place.streams.remove(stream)) {
        removeIfEmpty(id, place);
        remember(remembered, id);
      }
    }
  }

  /// It has shown an exchange that is not followed.
  void passedOver(String id) {
    EndedIds remembered = ended;
    if (remembered != null && !id.isEmpty()) {
      synchronized (this) {
        if (takeWaiting(id) == null) {
          remember(remembered, id);
        }
      }
    }
  }

  /// Looks for the exchange that the log tells of, and forgets it.
  ///
  /// @return whom to tell; nobody where it has ended, or others share its id; null when it was not
  ///   shown
  synchronized ObservedStream @Nullable [] take(String id) {
    EndedIds remembered = ended;
    if (remembered == null) {
      return null;
    }
    Place place = open.get(id);
    boolean hasEnded = remembered.has(id);
    if (place == null) {
      return hasEnded && remembered.take(id) ? NOBODY : null;
    }
    place.shared |= hasEnded;
    if (hasEnded) {
      remembered.take(id);
      return NOBODY;
    }
    ObservedStream stream = place.streams.removeFirst();
    removeIfEmpty(id, place);
    return place.shared ? NOBODY : new ObservedStream[] {stream};
  }

  /// Keeps what the log says until its exchange is shown, or its time is over.
  ///
  /// @return what may wait no longer for that, each once
  synchronized List<Expired> await(LoggedExchange logged) {
    long now = time.nanos();
    List<Expired> expired = new ArrayList<>();
    while (!waiting.isEmpty()
        && (waiting.size() >= WAITING_MAX || waitingBytes + logged.bytes() > WAITING_BYTES_MAX)) {
      expired.add(removeOldest(now));
    }
    long beganNanos = now - logged.durationNanos() - WINDOW.toNanos();
    waiting.add(new Waiting(logged, now, beganNanos - judgedFromNanos >= 0));
    waitingBytes += logged.bytes();
    return expired;
  }

  /// What has waited for a window, or all that waits, each once; and forgets what ended two windows
  /// ago.
  synchronized List<Expired> expired(boolean all) {
    EndedIds remembered = ended;
    if (remembered == null) {
      return List.of();
    }
    long now = time.nanos();
    if (now - agedNanos >= WINDOW.toNanos()) {
      remembered.age();
      agedNanos = now;
    }
    List<Expired> expired = new ArrayList<>();
    while (!waiting.isEmpty()
        && (all || now - waiting.element().sinceNanos() >= WINDOW.toNanos())) {
      expired.add(removeOldest(now));
    }
    return expired;
  }

  private Expired removeOldest(long nowNanos) {
    Waiting oldest = waiting.remove();
    waitingBytes -= oldest.logged().bytes();
    boolean proven = nowNanos - oldest.sinceNanos() >= PROOF_NANOS;
    return new Expired(oldest.logged(), oldest.judged() && proven);
  }

  private @Nullable LoggedExchange takeWaiting(String id) {
    for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
      LoggedExchange logged = each.next().logged();
      if (logged.id().equals(id)) {
        each.remove();
        waitingBytes -= logged.bytes();
        return logged;
      }
    }
    return null;
  }

  private void remember(EndedIds remembered, String id) {
    if (!remembered.add(id)) {
      remembered.age(); // before its time: what is forgotten with it can't be judged any more
      agedNanos = time.nanos();
      judgedFromNanos = agedNanos;
      remembered.add(id);
    }
  }

  private void removeIfEmpty(String id, Place place) {
    if (place.streams.isEmpty()) {
      open.remove(id);
    }
  }
}
