package dev.loopgate.controller;

import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.DeploymentStatus.State;
import dev.loopgate.fleet.Gateways.Served;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.Shown;
import dev.loopgate.fleet.Workload;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Brings one deployment to what is declared of it. Each look compares what is declared with what
/// runs, tells the host only what differs, and keeps what it saw; what led to the look does not
/// matter. Confined to one thread.
final class DeploymentWork {
  private final String id;
  private final Shared shared;
  private final Writes<DeploymentSpec, DeploymentStatus> writes;
  private final Reading reading;
  private final BackOff telling; // the host
  private final BackOff trouble; // looks that ended in a bug
  private Progress progress;
  private Sizing sizing;
  private @Nullable Workload applied; // what the host was told; null when nothing should run
  private String revision = ""; // of that
  private String answering = ""; // the revision that answered last
  private boolean isTaken; // whether that is what is declared
  private boolean removed; // the host was told so
  private boolean isStray;
  private boolean isDone;
  private boolean isTargetReady;
  private @Nullable Served served;

  /// @param isStray whether the host knows of it, and nobody declares it
  DeploymentWork(String id, boolean isStray, Shared shared) {
    this.id = id;
    this.isStray = isStray;
    this.shared = shared;
    this.writes = new Writes<>(Kind.DEPLOYMENT, id, shared);
    this.reading = new Reading(id, shared);
    this.telling = shared.backOff();
    this.trouble = shared.backOff();
    this.progress = new Progress(shared.pace(), shared.now());
    this.sizing = new Sizing(id, shared);
  }

  Ref ref() {
    return new Ref(Kind.DEPLOYMENT, id);
  }

  /// When it may be looked at again after a look that failed.
  BackOff trouble() {
    return trouble;
  }

  /// As gateways serve it; null when they should not.
  @Nullable Served served() {
    return served;
  }

  /// Whether a route that leads here leads somewhere: also to a model that sleeps.
  boolean isTargetReady() {
    return isTargetReady;
  }

  /// Whether it is neither declared nor anywhere any more.
  boolean isDone() {
    return isDone;
  }

  /// The connection with which its image is pulled; null for none.
  @Nullable String pulledWith() {
    return shared
        .store()
        .get(Kind.DEPLOYMENT, id)
        .map(declared -> connectionOf(declared.spec()))
        .orElse(null);
  }

  /// Looks at it.
  ///
  /// @param isTick whether it is time to ask what callers want
  /// @param isServed whether gateways serve it by now
  void look(boolean isTick, boolean isServed) {
    Optional<Declared<DeploymentSpec, DeploymentStatus>> found =
        shared.store().get(Kind.DEPLOYMENT, id);
    if (found.isPresent() && !found.get().deletionMark()) {
      keep(found.get(), isTick);
    } else {
      leave(found.orElse(null), isServed);
    }
  }

  /// A long pause is over: what gave up before it was ever ready tries again.
  void retry() {
    sizing.retry();
  }

  private void keep(Declared<DeploymentSpec, DeploymentStatus> declared, boolean isTick) {
    long now = shared.now();
    removed = false;
    isStray = false;
    String connection = connectionOf(declared.spec());
    ConnectionSpec pull =
        connection == null
            ? null
            : shared.store().get(Kind.CONNECTION, connection).map(Declared::spec).orElse(null);
    Problem unpulled = null;
    if (connection != null && pull == null) {
      unpulled =
          new Problem(
              DeploymentStatus.Reason.PULL_CONNECTION_NOT_FOUND,
              "connection \"" + Shown.of(connection) + "\" is not found");
    } else {
      apply(declared, pull, now);
    }
    HostedDeployment seen = shared.host().observe(id);
    Workload running = applied;
    if (running == null) {
      progress.look(now, seen, 0, unpulled != null); // nothing to wait for without a connection
    } else {
      int ready = seen.ready(revision).size();
      progress.look(now, seen, ready, isTaken || unpulled != null);
      boolean isKnown = reading.of(revision) != null;
      Sizing.Wish wish = sizing.look(now, isTick, declared.spec(), seen, ready, isKnown, progress);
      if (wish.size() != seen.wanted() && tell(() -> shared.host().scale(id, wish.size()))) {
        shared.events().scaled(id, seen.wanted(), wish.size(), wish.reason());
        sizing.told(wish);
        seen = shared.host().observe(id);
      }
      reading.look(seen, running.predictor());
    }
    served = serving(declared, seen, unpulled);
    Problem failure = unpulled != null ? unpulled : progress.failure();
    boolean serves = !served.ready().isEmpty() || (reading.of(revision) != null && failure == null);
    isTargetReady = serves;
    keepStatus(declared, status(declared, seen, failure));
  }

  private void apply(
      Declared<DeploymentSpec, DeploymentStatus> declared,
      @Nullable ConnectionSpec pull,
      long now) {
    Workload workload = Workload.of(declared, pull);
    HostedDeployment seen = shared.host().observe(id);
    boolean isForgotten = applied != null && !seen.revision().equals(revision);
    isTaken = workload.equals(applied) && !isForgotten;
    if (isTaken || !tell(() -> shared.host().apply(workload))) {
      return;
    }
    isTaken = true;
    boolean isFirst = applied == null;
    applied = workload;
    String next = workload.revision();
    if (next.equals(revision)) {
      sizing.resume();
      return;
    }
    revision = next;
    progress.restart(now);
    Reading.Known kept = isFirst ? keptName(declared.status()) : null;
    reading.begin(next, kept);
    if (kept == null) {
      sizing.begin(now, declared.spec());
    } else {
      sizing.proceed(now, declared.status().replicas());
      answering = next;
    }
  }

  // A new spec empties the status: a name in it is that of what is declared.
  private static Reading.@Nullable Known keptName(DeploymentStatus status) {
    boolean isKept = !status.modelName().isEmpty() && !status.modelVersion().isEmpty();
    return isKept ? new Reading.Known(status.modelName(), status.modelVersion(), false) : null;
  }

  private Served serving(
      Declared<DeploymentSpec, DeploymentStatus> declared,
      HostedDeployment seen,
      @Nullable Problem unpulled) {
    Answers answers = Answers.of(seen, revision, reading);
    answering = answers.revision(answering);
    Problem problem = progress.live();
    if (applied == null && unpulled != null) {
      problem = unpulled;
    }
    return new Served(
        declared, answering, answers.ready(), answers.ready().isEmpty() ? problem : null);
  }

  private DeploymentStatus status(
      Declared<DeploymentSpec, DeploymentStatus> declared,
      HostedDeployment seen,
      @Nullable Problem failure) {
    Reading.Known known = reading.of(revision);
    int available = available(seen);
    State state = State.PROCESSING;
    if (failure != null) {
      state = State.FAILED;
    } else if (known != null
        && isTaken
        && available == seen.wanted()
        && seen.ready(revision).size() == available) {
      state = State.READY;
    }
    return new DeploymentStatus(
        state,
        id,
        "",
        available,
        seen.wanted(),
        declared.status().lastUpdatedTime(),
        known == null ? "" : known.name(),
        known == null ? "" : known.version(),
        failure == null ? null : failure.reason(),
        failure == null ? "" : failure.message());
  }

  // Gateways let go of it first: so a request that comes now is told that there is none.
  private void leave(
      @Nullable Declared<DeploymentSpec, DeploymentStatus> declared, boolean isServed) {
    reading.forget();
    if (served != null || applied != null) {
      served = null;
      applied = null;
      revision = "";
      answering = "";
      isTargetReady = false;
      progress = new Progress(shared.pace(), shared.now());
      sizing = new Sizing(id, shared);
    }
    if (isServed) {
      return;
    }
    if (!removed && isHosted() && tell(() -> shared.host().remove(id))) {
      removed = true;
      if (isStray) {
        shared.events().strayRemoved(id);
      }
    }
    boolean isGone = !isHosted();
    if (declared == null) {
      isDone = isGone;
    } else if (isGone) {
      writes.delete(declared);
    } else {
      keepStatus(declared, leaving(declared.status()));
    }
  }

  private DeploymentStatus leaving(DeploymentStatus before) {
    return new DeploymentStatus(
        State.DELETING,
        id,
        "",
        available(shared.host().observe(id)),
        0,
        before.lastUpdatedTime(),
        before.modelName(),
        before.modelVersion(),
        null,
        "");
  }

  private void keepStatus(
      Declared<DeploymentSpec, DeploymentStatus> looked, DeploymentStatus status) {
    DeploymentStatus before = looked.status();
    writes.observed(
        looked,
        status,
        kept -> {
          DeploymentStatus.Reason reason = kept.status().reason();
          if (kept.status().state() != before.state() || reason != before.reason()) {
            String detail =
                reason == null ? "" : reason.word() + ": " + Shown.of(kept.status().message());
            shared.events().stateChanged(id, before.state(), kept.status().state(), detail);
          }
        });
  }

  private boolean isHosted() {
    return !shared.host().observe(id).equals(HostedDeployment.NONE)
        || shared.host().deployments().contains(id);
  }

  private static int available(HostedDeployment seen) {
    return (int) seen.replicas().stream().filter(each -> each.phase() == Phase.READY).count();
  }

  private static @Nullable String connectionOf(DeploymentSpec spec) {
    String name = spec.imagePullConnID();
    return name == null || name.isEmpty() ? null : name;
  }

  /// Tells the host, unless it failed lately.
  ///
  /// @return whether it took what it was told
  private boolean tell(Runnable call) {
    if (!telling.isOpen(shared.now())) {
      shared.queue().add(ref(), telling.openAt());
      return false;
    }
    try {
      call.run();
      telling.succeeded();
      return true;
    } catch (RuntimeException e) {
      if (telling.failures() == 0) {
        shared.events().hostFailed(id, Shown.of(String.valueOf(e.getMessage())));
      }
      telling.failed(shared.now());
      shared.queue().add(ref(), telling.openAt());
      return false;
    }
  }
}
