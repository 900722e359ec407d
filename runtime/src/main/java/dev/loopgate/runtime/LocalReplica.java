package dev.loopgate.runtime;

import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Replica;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What is known of one replica, and what it was told: between `local-host`, which decides, and the
/// replica's own thread. Any thread.
final class LocalReplica {
  /// Whoever has to know what becomes of replicas. Any thread; returns at once.
  interface Reports {
    /// There is something new to be seen.
    void changed();

    /// Why replicas of the revision do not run; null when one is ready. What is new of it need not
    /// be told as a change, too.
    void problem(String revision, @Nullable Problem problem);
  }

  private record State(Phase phase, @Nullable Replica address) {}

  private final ReplicaName name;
  private final String revision;
  private final Reports reports;
  private final Semaphore wakeups = new Semaphore(0);
  private volatile State state = new State(Phase.STARTING, null); // written by its own thread
  private volatile boolean hasServed;
  private volatile boolean leaving; // the others by `local-host`
  private volatile boolean ending;
  private volatile boolean hurried;
  private volatile boolean gone;
  private volatile boolean stuck; // by its own thread
  private volatile Runnable atEnding = () -> {}; // by its own thread

  /// @param revision of its workload; empty for one of an earlier life, which nobody knows
  LocalReplica(ReplicaName name, String revision, Reports reports) {
    this.name = name;
    this.revision = revision;
    this.reports = reports;
  }

  ReplicaName name() {
    return name;
  }

  String revision() {
    return revision;
  }

  HostedReplica shown() {
    State now = state;
    return new HostedReplica(
        name.toString(), revision, now.address(), leaving ? Phase.ENDING : now.phase());
  }

  Rollout.Stand stand(String wantedRevision) {
    return new Rollout.Stand(revision.equals(wantedRevision), shown().phase(), hasServed);
  }

  /// It is shown as ending from now on, and goes on serving.
  void leave() {
    leaving = true;
  }

  /// Whoever asked where it is has been told that it ends: now it may.
  void end() {
    ending = true;
    wake();
    atEnding.run();
  }

  /// Runs `action` when the replica is told to end, or at once if it was; in place of what was
  /// given before. It may run more than once, on any thread, and returns at once.
  void atEnding(Runnable action) {
    atEnding = action;
    if (ending) {
      action.run();
    }
  }

  /// It ends without waiting for what it has in flight.
  void hurry() {
    leaving = true;
    hurried = true;
    end();
  }

  boolean isLeaving() {
    return leaving;
  }

  boolean isEnding() {
    return ending;
  }

  boolean isHurried() {
    return hurried;
  }

  /// Nothing is left of it.
  boolean isGone() {
    return gone;
  }

  /// What is left of it can't be ended now; that is tried again, and nobody should wait for it.
  boolean isStuck() {
    return stuck;
  }

  void stuckNow() {
    if (!stuck) {
      stuck = true;
      reports.changed();
    }
  }

  void goneNow() {
    gone = true;
    reports.changed();
  }

  void show(Phase phase, @Nullable Replica address) {
    State before = state;
    hasServed |= phase == Phase.READY;
    state = new State(phase, address);
    if (phase == Phase.READY) {
      reports.problem(revision, null);
    }
    if (!state.equals(before)) {
      reports.changed();
    }
  }

  /// Why it does not run. One that is on its way out need not.
  void problem(Problem problem) {
    if (!leaving) {
      reports.problem(revision, problem);
    }
  }

  /// Ends a wait of its thread before its time, so that it looks at everything again.
  void wake() {
    wakeups.release();
  }

  /// Waits until it is woken, or so long.
  void await(long nanos) throws InterruptedException {
    if (wakeups.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
      wakeups.drainPermits();
    }
  }
}
