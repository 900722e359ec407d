package dev.loopgate.extproc;

import dev.loopgate.capture.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Which exchanges external processing shows, or has shown within [#WINDOW], and which the access
/// log told of that it has not: by Envoy's `x-request-id`, method and path, see
/// [ObservedRequest#key]. Any thread; a short lock, on the door's own loops only.
///
/// Callers may choose that id. Of several exchanges that share all of this at a time none is told
/// what the log says, since nothing tells whose it is.
final class Joins {
  /*
   * A gap is claimed only where it is sure. What began before an Envoy logged here, or before ended
   * ids had to be forgotten early, is not judged: it may have been shown. Nor is anything as long as
   * nothing was ever shown: then Envoys only log.
   */

  /// How long a log waits for its exchange, and an exchange that has ended for its log.
  static final Duration WINDOW = Duration.ofSeconds(10);

  /// What waits, about; for one more the oldest waits no longer.
  static final int WAITING_BYTES_MAX = 4 << 20;

  private static final int WAITING_MAX = 4096;

  /// Who had to wait no longer than this proves nothing.
  private static final long PROOF_NANOS = TimeUnit.SECONDS.toNanos(1);

  private record Showing(ObservedStream stream, ObservedRequest request, long sinceNanos) {}

  /// What is shown under one key. Shared from when there were two until there is none.
  private static final class Place {
    final List<Showing> showings = new ArrayList<>(1);
    boolean shared;

    boolean remove(ObservedStream stream) {
      return showings.removeIf(showing -> showing.stream() == stream);
    }

    @Nullable Showing fitting(LoggedExchange logged, long nowNanos) {
      for (Showing showing : showings) {
        if (logged.fits(showing.request(), showing.sinceNanos(), nowNanos)) {
          return showing;
        }
      }
      return null;
    }
  }

  // Each is itself alone: two may say the same.
  private static final class Waiting {
    final LoggedExchange logged;
    final long sinceNanos;
    final boolean judged;

    Waiting(LoggedExchange logged, long sinceNanos, boolean judged) {
      this.logged = logged;
      this.sinceNanos = sinceNanos;
      this.judged = judged;
    }
  }

  /// What was not shown within its time.
  ///
  /// @param judged whether that proves that it is not shown at all: it began when all that was
  ///   shown was remembered
  record Expired(LoggedExchange logged, boolean judged) {}

  /// The exchange that a log tells of was shown.
  ///
  /// @param stream whom to tell; null where it has ended, or others share its key
  record Shown(@Nullable ObservedStream stream) {
    private static final Shown TO_NOBODY = new Shown(null);
  }

  private static final ArrayDeque<Waiting> NONE = new ArrayDeque<>(0);

  private final TimeSource time;
  private final Map<String, Place> open = new HashMap<>();
  private final Set<Waiting> waiting = new LinkedHashSet<>(); // in the order of their coming
  private final Map<String, ArrayDeque<Waiting>> waitingByKey = new HashMap<>();
  private volatile @Nullable EndedIds ended; // null: nothing was ever shown, and no Envoy logs here
  private volatile boolean isActive;
  private long waitingBytes;
  private long agedNanos;
  private long judgedFromNanos;
  private boolean shows; // anything at all: an Envoy may only log

  Joins(TimeSource time) {
    this.time = time;
  }

  /// An Envoy logs here: from now on what it tells of is judged. What was shown before is
  /// remembered all the same, for the log of it may come on the first stream.
  synchronized void begin() {
    if (!isActive) {
      remembered();
      judgedFromNanos = time.nanos();
      isActive = true;
    }
  }

  private EndedIds remembered() {
    EndedIds there = ended;
    if (there == null) {
      there = new EndedIds();
      ended = there;
      agedNanos = time.nanos();
    }
    return there;
  }

  /// Whether an Envoy logs here.
  boolean isActive() {
    return isActive;
  }

  /// External processing shows an exchange.
  ///
  /// @param key of the request, as everywhere here; empty when Envoy has no id for it
  /// @return what the log may have said of it already, null when nothing
  @Nullable LoggedExchange opened(String key, ObservedRequest request, ObservedStream stream) {
    if (key.isEmpty()) {
      return null;
    }
    synchronized (this) {
      remembered();
      shows = true;
      LoggedExchange logged = takeWaiting(key, request);
      if (logged == null) {
        add(key, new Showing(stream, request, time.nanos()), false);
      }
      return logged;
    }
  }

  /// What the log was thought to say of this exchange is another one's: both wait on.
  ///
  /// @return what may wait no longer for that, each once
  synchronized List<Expired> giveBack(
      LoggedExchange logged,
      String key,
      ObservedRequest request,
      ObservedStream stream,
      long sinceNanos) {
    add(key, new Showing(stream, request, sinceNanos), true);
    return await(logged);
  }

  private void add(String key, Showing showing, boolean shared) {
    Place place = open.computeIfAbsent(key, _ -> new Place());
    place.showings.add(showing);
    place.shared |= shared || place.showings.size() > 1;
  }

  /// It is shown elsewhere from now on: its log is not this stream's.
  synchronized void forget(String key, ObservedStream stream) {
    Place place = open.get(key);
    if (place != null && place.remove(stream)) {
      removeIfEmpty(key, place);
    }
  }

  /// It shows no more of it, or nobody looks any more.
  void over(String key, ObservedStream stream) {
    EndedIds remembered = ended;
    if (remembered == null || key.isEmpty()) {
      return;
    }
    synchronized (this) {
      Place place = open.get(key);
      if (place != null && place.remove(stream)) {
        removeIfEmpty(key, place);
        remember(remembered, key);
      }
    }
  }

  /// It has shown an exchange that is not followed.
  ///
  /// @return whether the log has told of it already
  boolean passedOver(String key, ObservedRequest request) {
    if (key.isEmpty()) {
      return false;
    }
    synchronized (this) {
      EndedIds remembered = remembered();
      boolean logged = takeWaiting(key, request) != null;
      if (!logged) {
        remember(remembered, key);
        letGo();
      }
      return logged;
    }
  }

  /// Envoy goes on with what is not followed any more: when its log comes nobody may remember it,
  /// so nothing that has begun by now is judged.
  synchronized void letGo() {
    judgedFromNanos = time.nanos();
  }

  /// What became of an entry of the log.
  ///
  /// @param shown null when its exchange was not
  /// @param expired what may wait no longer, each once
  record Told(@Nullable Shown shown, List<Expired> expired) {}

  /// Looks for the exchange that the log tells of, and forgets it. In one step with waiting: it may
  /// be shown meanwhile.
  ///
  /// @param waits whether what is not shown is kept until it is, or its time is over
  synchronized Told told(LoggedExchange logged, boolean waits) {
    Shown shown = take(logged);
    return new Told(shown, shown == null && waits ? await(logged) : List.of());
  }

  private @Nullable Shown take(LoggedExchange logged) {
    EndedIds remembered = ended;
    if (remembered == null) {
      return null;
    }
    long now = time.nanos();
    for (String key : logged.keys()) {
      Place place = open.get(key);
      if (remembered.take(key)) {
        if (place != null) {
          place.shared = true;
        }
        return Shown.TO_NOBODY;
      }
      Showing showing = place == null ? null : place.fitting(logged, now);
      if (place != null && showing != null) {
        place.showings.remove(showing);
        removeIfEmpty(key, place);
        return place.shared ? Shown.TO_NOBODY : new Shown(showing.stream());
      }
    }
    return null;
  }

  private List<Expired> await(LoggedExchange logged) {
    long now = time.nanos();
    List<Expired> expired = new ArrayList<>();
    while (!waiting.isEmpty()
        && (waiting.size() >= WAITING_MAX || waitingBytes + logged.bytes() > WAITING_BYTES_MAX)) {
      expired.add(removeOldest(now));
    }
    long beganNanos = now - logged.durationNanos() - WINDOW.toNanos();
    Waiting one = new Waiting(logged, now, beganNanos - judgedFromNanos >= 0);
    waiting.add(one);
    waitingBytes += logged.bytes();
    for (String key : logged.keys()) {
      waitingByKey.computeIfAbsent(key, _ -> new ArrayDeque<>(1)).add(one);
    }
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
        && (all || now - waiting.iterator().next().sinceNanos >= WINDOW.toNanos())) {
      expired.add(removeOldest(now));
    }
    return expired;
  }

  private Expired removeOldest(long nowNanos) {
    Waiting oldest = waiting.iterator().next();
    remove(oldest);
    boolean proven = nowNanos - oldest.sinceNanos >= PROOF_NANOS;
    return new Expired(oldest.logged, shows && oldest.judged && proven);
  }

  private @Nullable LoggedExchange takeWaiting(String key, ObservedRequest request) {
    for (Waiting one : waitingByKey.getOrDefault(key, NONE)) {
      if (one.logged.fits(request, time.nanos(), one.sinceNanos)) {
        remove(one);
        return one.logged;
      }
    }
    return null;
  }

  private void remove(Waiting one) {
    waiting.remove(one);
    waitingBytes -= one.logged.bytes();
    for (String key : one.logged.keys()) {
      ArrayDeque<Waiting> ofKey = waitingByKey.get(key);
      if (ofKey != null && ofKey.remove(one) && ofKey.isEmpty()) {
        waitingByKey.remove(key);
      }
    }
  }

  private void remember(EndedIds remembered, String key) {
    if (!remembered.add(key)) {
      remembered.age(); // before its time: what is forgotten with it can't be judged any more
      agedNanos = time.nanos();
      judgedFromNanos = agedNanos;
      remembered.add(key);
    }
  }

  private void removeIfEmpty(String key, Place place) {
    if (place.showings.isEmpty()) {
      open.remove(key);
    }
  }
}
