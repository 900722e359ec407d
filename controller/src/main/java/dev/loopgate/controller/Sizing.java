package dev.loopgate.controller;

import dev.loopgate.controller.ControllerEvents.ScaleReason;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.Gateways;
import dev.loopgate.fleet.HostedDeployment;
import java.time.Duration;
import java.util.Objects;

/// How many replicas of one deployment should run: by what is declared, what callers want, and
/// whether it works at all. What the host says it wants is where each look begins, for gateways
/// wake models, too. Confined to one thread.
final class Sizing {
  /// How many should run, and why.
  record Wish(int size, ScaleReason reason) {}

  private static final int TARGET = 10; // requests in flight of one replica
  private static final Duration IDLE = Duration.ofMinutes(3);

  private final String deployment;
  private final Shared shared;
  private final Autoscaler autoscaler;
  private int start; // so many at least, whoever wants something; 0 once they were told
  private ScaleReason startReason = ScaleReason.STARTED;
  private int sizeBefore;
  private boolean wasReady; // a replica of the revision
  private boolean hasGivenUp; // asleep because it failed

  Sizing(String deployment, Shared shared) {
    this.deployment = deployment;
    this.shared = shared;
    this.autoscaler = new Autoscaler(shared.now());
  }

  /// A new revision: it has to show that it runs.
  void begin(long now, DeploymentSpec spec) {
    autoscaler.touch(now);
    wasReady = false;
    hasGivenUp = false;
    start = Math.max(1, min(spec));
    startReason = ScaleReason.STARTED;
  }

  /// A revision that ran in an earlier life of ours, of which so many should have.
  void proceed(long now, int size) {
    autoscaler.touch(now);
    wasReady = false;
    start = size;
    startReason = ScaleReason.STARTED;
  }

  /// The host was told again what is to run, perhaps because it forgot.
  void resume() {
    start = Math.max(start, sizeBefore);
  }

  /// A long pause is over.
  void retry() {
    if (hasGivenUp && !wasReady) {
      start = 1;
      startReason = ScaleReason.RETRIED;
    }
  }

  /// Looks at what runs.
  ///
  /// @param ready how many of the revision that is to run are ready
  /// @param isKnown whether it has said what it is
  Wish look(
      long now,
      boolean isTick,
      DeploymentSpec spec,
      HostedDeployment seen,
      int ready,
      boolean isKnown,
      Progress progress) {
    int size = seen.wanted();
    if (size > sizeBefore) {
      autoscaler.touch(now); // somebody woke it: that is not idle
      hasGivenUp = false;
    }
    sizeBefore = size;
    wasReady |= ready > 0;
    if (size > 0 && ready == 0 && progress.live() == null) {
      autoscaler.touch(now); // a slow start is not idle
    }
    Autoscaler.Limits limits = limits(spec, size, isKnown);
    int decided = Math.clamp(size, limits.floor(), limits.max());
    if (isTick) {
      Gateways.Demand demand = shared.gateways().demand(deployment);
      decided = autoscaler.decide(now, size, demand, limits);
    }
    boolean waitsForRoom = !isKnown && progress.lacksRoom(); // it has to show that it runs
    if (min(spec) == 0
        && size > 0
        && start == 0
        && ready == 0
        && !waitsForRoom
        && isHopeless(now, seen, progress)) {
      return new Wish(0, ScaleReason.FAILED);
    }
    int started = Math.min(limits.max(), Math.max(size, start));
    if (start > 0 && started >= decided) {
      if (started == size) {
        start = 0; // so many should run already
      }
      return new Wish(started, startReason);
    }
    return new Wish(decided, reason(size, decided, limits));
  }

  /// The host was told.
  void told(Wish wish) {
    start = 0;
    sizeBefore = wish.size();
    hasGivenUp = wish.reason() == ScaleReason.FAILED;
  }

  private static boolean isHopeless(long now, HostedDeployment seen, Progress progress) {
    // While an earlier revision answers, the one that can't hurts nobody.
    boolean answers =
        seen.replicas().stream().anyMatch(r -> r.phase() == HostedDeployment.Phase.READY);
    return !answers && progress.isHopeless(now);
  }

  private Autoscaler.Limits limits(DeploymentSpec spec, int size, boolean isKnown) {
    int min = min(spec);
    boolean maySleep = min == 0 && (hasGivenUp || (isKnown && (wasReady || size == 0)));
    int floor = maySleep ? 0 : Math.max(1, min);
    int max = Math.max(floor, spec.maxReplicas() == null ? Math.max(1, min) : spec.maxReplicas());
    DeploymentSpec.Serving serving = spec.serving();
    return new Autoscaler.Limits(
        floor,
        max,
        Math.max(1, Objects.requireNonNullElse(serving.target(), TARGET)),
        Objects.requireNonNullElse(serving.idleTimeout(), IDLE));
  }

  private static int min(DeploymentSpec spec) {
    return Objects.requireNonNullElse(spec.minReplicas(), 0);
  }

  private static ScaleReason reason(int size, int decided, Autoscaler.Limits limits) {
    if (size < limits.floor() || size > limits.max()) {
      return ScaleReason.BOUNDS;
    }
    if (decided > size) {
      return ScaleReason.DEMAND_UP;
    }
    return decided == 0 ? ScaleReason.IDLE : ScaleReason.DEMAND_DOWN;
  }
}
