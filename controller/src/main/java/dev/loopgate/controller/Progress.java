package dev.loopgate.controller;

import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.Problem;
import org.jspecify.annotations.Nullable;

/// Whether a deployment comes to where it should be, and why it does not. Confined to one thread.
final class Progress {
  private final Pace pace;
  private @Nullable Problem live; // in the way at the moment
  private @Nullable Problem failure; // until a replica of the revision is ready
  private long lagSince;
  private long liveSince;
  private int readyBefore;
  private int wantedBefore;

  Progress(Pace pace, long now) {
    this.pace = pace;
    this.lagSince = now;
  }

  /// Another revision is to run, or what was tried is tried anew.
  void restart(long now) {
    live = null;
    failure = null;
    lagSince = now;
    readyBefore = 0;
  }

  /// Looks at what runs.
  ///
  /// @param ready how many of the revision that is to run are ready
  /// @param isTaken whether the host took what is to run
  void look(long now, HostedDeployment seen, int ready, boolean isTaken) {
    int wanted = seen.wanted();
    boolean complete = isTaken && ready >= wanted;
    if (complete || ready > readyBefore || wanted > wantedBefore) {
      lagSince = now;
    }
    readyBefore = ready;
    wantedBefore = wanted;
    Problem said = wanted > 0 ? seen.problem() : null; // nothing is in the way of none
    if (said == null && !complete && now - lagSince >= pace.progress().toNanos()) {
      said =
          new Problem(
              Reason.READINESS_TIMEOUT,
              "no further replica was ready within " + pace.progress().toSeconds() + " s");
    }
    if (said != null && live == null) {
      liveSince = now;
    }
    live = said;
    if (said != null) {
      failure = said;
    } else if (ready > 0) {
      failure = null;
    }
  }

  /// Why no replica will be ready soon; null while one may be waited for.
  @Nullable Problem live() {
    return live;
  }

  /// Why it failed; null when it did not, or not since a replica was ready.
  @Nullable Problem failure() {
    return failure;
  }

  /// Whether nothing is wrong with it but that there is no room for it at the moment.
  boolean lacksRoom() {
    return live != null && live.reason() == Reason.NO_CAPACITY;
  }

  /// Whether it has failed for so long that one that may sleep is sent to sleep.
  boolean isHopeless(long now) {
    return live != null && now - liveSince >= pace.givingUp().toNanos();
  }
}
