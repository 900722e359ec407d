package dev.loopgate.runtime;

import dev.loopgate.fleet.Workload;
import java.time.Duration;

/// What the answers of one server make of it. Confined to the thread that asks it.
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

  private final HostBounds.Probing probing;
  private final long readyFrom;
  private final long liveFrom;
  private long nextAt;
  private boolean ready;
  private boolean hasBeenReady;
  private int silent; // in a row
  private int dead; // in a row

  /// @param startedAt of the server, monotonic nanoseconds as all times here
  ReplicaHealth(Workload workload, HostBounds.Probing probing, long startedAt) {
    this.probing = probing;
    readyFrom = startedAt + Duration.ofSeconds(workload.readinessDelay()).toNanos();
    liveFrom = startedAt + Duration.ofSeconds(workload.livenessDelay()).toNanos();
    nextAt = readyFrom - liveFrom < 0 ? readyFrom : liveFrom;
  }

  /// When it is to be asked next.
  long nextAt() {
    return nextAt;
  }

  /// Whether it may be asked whether it is ready.
  boolean asksReady(long now) {
    return now - readyFrom >= 0;
  }

  /// Whether it may be asked whether it lives.
  boolean asksLive(long now) {
    return now - liveFrom >= 0;
  }

  /// It was asked at `now`.
  void heard(Answer isReady, Answer isLive, long now) {
    nextAt = now + probing.period().toNanos();
    silent = isReady == Answer.SILENT ? silent + 1 : 0;
    if (isReady == Answer.YES) {
      ready = true;
      hasBeenReady = true;
    } else if (isReady != Answer.NONE) {
      ready = ready && isReady == Answer.SILENT && silent < SILENT_MAX;
    }
    if (isLive == Answer.YES) {
      dead = 0;
    } else if (isLive != Answer.NONE) {
      dead++;
    }
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
