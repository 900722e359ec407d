package dev.loopgate.policy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// The keys of the moment, read again and again: ahead of their end, when a token needs one that is
/// not there, and with growing pauses while that fails. Any thread; keys are read on the thread
/// `policy-keys` alone.
final class Keyring implements AutoCloseable {
  /// How often, and how long.
  ///
  /// @param pause between two reads that tokens ask for: who invents names of keys causes no more
  /// @param stale from the last read to the end of trust, where the source goes stale
  record Pace(Duration pause, Duration stale) {}

  /// What becomes of who needs newer keys.
  enum Wait {
    /// There are newer ones already.
    NEWER,
    /// Told after the next read.
    TOLD,
    /// None are read now.
    NOT_NOW
  }

  private static final Duration LOOK_EVERY = Duration.ofMillis(250);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LAST_RETRY = Duration.ofMinutes(1);
  private static final int DOUBLINGS_MAX = 7;

  private record State(KeySet keys, long readNanos, boolean lastFailed) {}

  private final KeySource source;
  private final Pace pace;
  private final PolicyTime time;
  private final PolicyEvents events;
  private final Thread thread;
  private volatile State state;
  private volatile boolean closed;
  private List<Runnable> waiting = new ArrayList<>(); // bounded by who asks: Judgments
  private boolean wanted;
  private boolean wasWanted;
  private boolean reading;
  private long wantedNanos;
  private long triedNanos; // of the last try to read
  private int failures; // since the last success

  /// Keys that are there already, or [KeySet#NONE] to read them first of all.
  Keyring(KeySource source, KeySet keys, Pace pace, PolicyTime time, PolicyEvents events) {
    this.source = source;
    this.pace = pace;
    this.time = time;
    this.events = events;
    this.triedNanos = time.nanos();
    this.state = new State(keys, triedNanos, false);
    this.wanted = keys.isEmpty();
    this.reading = wanted; // who comes before it has begun waits for it
    this.thread = Thread.ofVirtual().name("policy-keys").unstarted(this::watch);
  }

  void start() {
    thread.start();
  }

  KeySet keys() {
    return state.keys();
  }

  /// Whether what the keys verify may be trusted.
  boolean isTrusted() {
    State now = state;
    return !now.keys().isEmpty()
        && (!source.goesStale() || time.nanos() - now.readNanos() < pace.stale().toNanos());
  }

  /// Whether the keys could not be read the last time.
  boolean hasFailed() {
    return state.lastFailed();
  }

  /// Asks for newer keys than `seen`.
  ///
  /// @param then run once after the next read, if that is what comes back; must not block
  synchronized Wait await(KeySet seen, Runnable then) {
    if (state.keys() != seen) {
      return Wait.NEWER;
    }
    if (closed) {
      return Wait.NOT_NOW;
    }
    if (!reading && !wanted) {
      long now = time.nanos();
      if (now - triedNanos < retryNanos()
          || (wasWanted && now - wantedNanos < pace.pause().toNanos())) {
        return Wait.NOT_NOW;
      }
      wanted = true;
      wasWanted = true;
      wantedNanos = now;
      LockSupport.unpark(thread);
    }
    waiting.add(then);
    return Wait.TOLD;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    tell();
  }

  private void watch() {
    while (!closed) {
      try {
        look();
      } catch (RuntimeException e) {
        events.failed(e);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt(); // closed
      }
      tell();
      LockSupport.parkNanos(this, LOOK_EVERY.toNanos());
    }
    tell();
  }

  private void look() throws InterruptedException {
    if (!isDue() || !begins(source.mayHaveChanged())) {
      return;
    }
    KeySet before = state.keys();
    KeySet keys = before;
    String refused = "";
    try {
      keys = KeySet.parse(source.read(), source.toString(), before);
    } catch (KeysRefusedException e) {
      refused = String.valueOf(e.getMessage());
    } finally {
      ended(keys, keys != before);
    }
    if (refused.isEmpty()) {
      events.keysRead(keys.size(), !keys.hasSameKeysAs(before));
    } else {
      events.keysRefused(refused);
    }
  }

  private synchronized boolean isDue() {
    long sinceNanos = time.nanos() - triedNanos;
    return wanted
        || sinceNanos >= source.every().toNanos()
        || (failures > 0 && sinceNanos >= retryNanos());
  }

  private synchronized boolean begins(boolean changed) {
    long now = time.nanos();
    reading = wanted || changed || (failures > 0 && now - triedNanos >= retryNanos());
    wanted = false;
    triedNanos = now;
    return reading;
  }

  // Before who waits is told, and before a new key verifies anything, an old one is retired.
  private synchronized void ended(KeySet keys, boolean well) {
    State before = state;
    reading = false;
    if (well) {
      failures = 0;
      state = new State(keys, time.nanos(), false);
      before.keys().retireAllBut(keys);
    } else {
      failures = Math.min(failures + 1, DOUBLINGS_MAX);
      state = new State(before.keys(), before.readNanos(), true);
    }
  }

  private void tell() {
    List<Runnable> told;
    synchronized (this) {
      if (waiting.isEmpty() || (!closed && (wanted || reading))) {
        return;
      }
      told = waiting;
      waiting = new ArrayList<>();
    }
    told.forEach(Runnable::run);
  }

  private long retryNanos() {
    if (failures == 0) {
      return 0;
    }
    long nanos = FIRST_RETRY.toNanos() << (failures - 1);
    return Math.min(nanos, LAST_RETRY.toNanos());
  }
}
