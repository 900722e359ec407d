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

  /// What waits, about; one more is not judged.
  static final int WAITING_BYTES_MAX = 2 << 20;

  private static final int WAITING_MAX = 2048;

  /// Streams with one id. Shared from when there were two until there is none.
  private static final class Place {
    final List<ObservedStream> streams = new ArrayList<>(1);
    boolean shared;
  }

  private record Waiting(LoggedExchange logged, AccessLog of, long sinceNanos) {}

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

  /// Whether an exchange that nobody has shown can be told to be a gap: it has begun when all that
  /// was shown was remembered.
  synchronized boolean judges(LoggedExchange logged) {
    long beganNanos = time.nanos() - logged.durationNanos() - WINDOW.toNanos();
    return ended != null && beganNanos - judgedFromNanos >= 0;
  }

  /// Keeps what the log says until its exchange is shown, or [#expired].
  ///
  /// @return false when too much waits
  synchronized boolean await(LoggedExchange logged, AccessLog of) {
    if (waiting.size() == WAITING_MAX || waitingBytes + logged.bytes() > WAITING_BYTES_MAX) {
      return false;
    }
    waiting.add(new Waiting(logged, of, time.nanos()));
    waitingBytes += logged.bytes();
    return true;
  }

  /// What `of` put here a window ago, or all of it; and forgets what ended two windows ago.
  synchronized List<LoggedExchange> expired(AccessLog of, boolean all) {
    EndedIds remembered = ended;
    if (remembered == null) {
      return List.of();
    }
    long now = time.nanos();
    if (now - agedNanos >= WINDOW.toNanos()) {
      remembered.age();
      agedNanos = now;
    }
    List<LoggedExchange> expired = new ArrayList<>();
    for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
      Waiting one = each.next();
      if (!all && now - one.sinceNanos() < WINDOW.toNanos()) {
        break; // those behind it came later
      }
      if (one.of() == of) {
        each.remove();
        waitingBytes -= one.logged().bytes();
        expired.add(one.logged());
      }
    }
    return expired;
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
