package dev.loopgate.runtime;

import dev.loopgate.fleet.Workload;
import java.time.Duration;

/// What the answers of one server make of it, and when it is asked. Confined to the thread that
/// asks it.
///
/// Until it is ready for the first time it is asked whether it is after each sixteenth of its life,
/// so that a caller who waits for it waits hardly longer than it takes; after that once a period.
/// Whether it lives it is asked once a period. A delay before the first question is kept to, but
/// that one whether it is ready up to [Workload#DELAY_SECONDS]: nobody who declares nothing wants
/// to wait.
final class ReplicaHealth {
  /// How a question was answered.
  enum Answer {
    YES,
    /// Refused, or answered otherwise.
    NO,
    /// Not answered in time, as a busy server may.
    SILENT,
    /// Not asked: it is too early.
    NONE
  }

  /// So often in a row a ready server may be silent before nothing more is sent there: one that
  /// computes for a second is not gone.
  static final int SILENT_MAX = 3;

  private static final long EAGER_MIN_NANOS = 5_000_000;
  private static final int EAGER_PART =
      16; // of its life: so much later at most it is seen as ready

  private final HostBounds.Probing probing;
  private final long startedAt;
  private long nextReadyAt;
  private long nextLiveAt;
  private boolean ready;
  private boolean hasBeenReady;
  private int silent; // in a row
  private int dead; // in a row

  /// @param startedAt of the server, monotonic nanoseconds as all times here
  ReplicaHealth(Workload workload, HostBounds.Probing probing, long startedAt) {
    this.probing = probing;
    this.startedAt = startedAt;
    int delay = workload.readinessDelay() > Workload.DELAY_SECONDS ? workload.readinessDelay() : 0;
    nextReadyAt = startedAt + Duration.ofSeconds(delay).toNanos();
    nextLiveAt = startedAt + Duration.ofSeconds(workload.livenessDelay()).toNanos();
  }

  /// When it is to be asked next.
  long nextAt() {
    return nextReadyAt - nextLiveAt < 0 ? nextReadyAt : nextLiveAt;
  }

  /// Whether it is to be asked whether it is ready.
  boolean asksReady(long now) {
    return now - nextReadyAt >= 0;
  }

  /// Whether it is to be asked whether it lives.
  boolean asksLive(long now) {
    return now - nextLiveAt >= 0;
  }

  /// It was asked at `now`.
  void heard(Answer isReady, Answer isLive, long now) {
    if (isReady != Answer.NONE) {
      silent = isReady == Answer.SILENT ? silent + 1 : 0;
      ready = isReady == Answer.YES || (ready && isReady == Answer.SILENT && silent < SILENT_MAX);
      hasBeenReady |= ready;
      nextReadyAt = now + readyPause(now);
    }
    if (isLive != Answer.NONE) {
      dead = isLive == Answer.YES ? 0 : dead + 1;
      nextLiveAt = now + probing.period().toNanos();
    }
  }

  private long readyPause(long now) {
    long period = probing.period().toNanos();
    return hasBeenReady
        ? period
        : Math.clamp((now - startedAt) / EAGER_PART, Math.min(EAGER_MIN_NANOS, period), period);
  }

  /// Whether requests may go to it.
  boolean isReady() {
    return ready;
  }

  /// Whether it should have become ready by now: it does not even say that it lives. One that does
  /// may load for as long as whoever decides lets it.
  boolean isLate() {
    return !hasBeenReady && isDead();
  }

  /// Whether it will hardly answer again.
  boolean isDead() {
    return dead >= probing.failuresMax();
  }
}
