package dev.loopgate.runtime;

import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Shown;
import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Keeps the server of one replica running until the replica is told to end: starts it, asks it
/// whether it is ready, starts it anew after a pause when it dies or does not answer, ends it.
/// Confined to a virtual thread of its own, `replica-<name>`.
final class ReplicaKeeper {
  /// What all replicas of a host share.
  record Site(
      ReplicaFiles files,
      ServerKind kinds,
      PortPool ports,
      HostBounds bounds,
      Drain drain,
      RuntimeEvents events,
      LongSupplier nanos) {}

  /// How a server came to its end.
  private enum End {
    DIED,
    UNANSWERING,
    TOLD
  }

  private static final int CRASHES_TO_TELL = 3;

  // Where a look costs nothing: what is there now should not be waited for.
  private static final Duration LOOK_PAUSE_MAX = Duration.ofSeconds(1);
  // Nobody is ready at once: that is nothing to complain of.
  private static final Duration STARTING = Duration.ofSeconds(Workload.DELAY_SECONDS);
  private static final Duration DRAIN_PERIOD = Duration.ofMillis(20);
  private static final Duration LOG_MAX = Duration.ofSeconds(1);

  // EAGAIN, ENOMEM, ENFILE, EMFILE, ENOSPC, EDQUOT as the JDK words them, what it says itself,
  private static final Pattern NO_ROOM =
      Pattern.compile(
          "error[=:] ?(11|12|23|24|28|122)\\b|Too many open files|No space left|quota exceeded|"
              + "no free port|no more threads|Cannot allocate memory|Resource temporarily|"
              // and as Docker words it
              + "no space left|address already in use|port is already allocated|"
              + "only [0-9]+ CPUs available|could not select device driver");

  private final LocalReplica replica;
  private final Workload workload;
  private final Supplier<Workload> newest;
  private final Site site;
  private final ProcessSpec.Limits limits;
  private final HealthQuestion question;
  private int failures; // in a row: how long the next pause is
  private int crashes; // in a row
  private int missing; // how often in a row there was no image
  private String told = ""; // why it did not start, the last time that was told
  private String said = ""; // how the last question was answered that failed
  private String complained = ""; // the same, when it was last told

  private ReplicaKeeper(LocalReplica replica, Supplier<Workload> newest, Site site) {
    this.replica = replica;
    this.newest = newest;
    this.workload = newest.get();
    this.site = site;
    this.limits = site.bounds().process();
    this.question = new HealthQuestion(site.bounds().probing().timeout(), site.nanos());
  }

  /// Begins to keep the replica.
  ///
  /// @param newest its workload: of the same revision whenever it is asked, but a secret of it may
  ///   be renewed. Any thread
  static void start(LocalReplica replica, Supplier<Workload> newest, Site site) {
    ReplicaKeeper keeper = new ReplicaKeeper(replica, newest, site);
    Thread.ofVirtual().name("replica-" + replica.name()).start(keeper::keep);
  }

  /// Begins to end what an earlier life left of the replica.
  static void clear(LocalReplica replica, Site site) {
    Thread.ofVirtual().name("replica-" + replica.name()).start(() -> dispose(replica, site));
  }

  /// Whether a start failed because this machine has no room.
  static boolean isNoRoom(Exception failure) {
    return NO_ROOM.matcher(String.valueOf(failure.getMessage())).find();
  }

  private void keep() {
    try {
      while (!replica.isEnding()) {
        pause(attempt());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody interrupts this thread; if so, it ends
    } finally {
      dispose(replica, site);
    }
  }

  private void pause(Duration pause) throws InterruptedException {
    long until = site.nanos().getAsLong() + pause.toNanos();
    long left = pause.toNanos();
    while (left > 0 && !replica.isEnding()) {
      replica.await(left);
      left = until - site.nanos().getAsLong();
    }
  }

  /// Ends what may be left of the replica and removes its files. What can't be ended now is tried
  /// again; it keeps its files, so that the next life finds it.
  private static void dispose(LocalReplica replica, Site site) {
    ProcessSpec.Limits limits = site.bounds().process();
    Duration pause = limits.pauseMin();
    try {
      while (!isDisposed(replica, site) && !replica.isHurried()) {
        replica.stuckNow();
        replica.await(pause.toNanos());
        pause = shorter(pause.multipliedBy(2), limits.pauseMax());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // the next life ends it
    } finally {
      replica.goneNow();
    }
  }

  private static boolean isDisposed(LocalReplica replica, Site site) throws InterruptedException {
    String deployment = replica.name().deployment();
    try {
      boolean isNothingLeft =
          site.kinds()
              .endLeft(
                  site.files().directory(replica.name()),
                  site.bounds().process().grace(),
                  server -> site.events().orphanEnded(deployment, server));
      if (!isNothingLeft) {
        return false;
      }
    } catch (IOException e) {
      site.events().replicaNotEnded(deployment, e);
      return false;
    }
    try {
      site.files().dispose(replica.name());
    } catch (IOException e) {
      site.events().replicaLogFailed(deployment, e); // nothing runs: found again by the next life
    }
    return true;
  }

  /// Runs the server once; returns how long to wait before the next time.
  private Duration attempt() throws InterruptedException {
    ServerKind.Start start;
    try {
      start = site.kinds().prepare(newest.get(), replica::atEnding);
    } catch (ImageException e) {
      Duration pause = pauseAfter(++missing);
      return notStarted(
          new Problem(e.reason(), String.valueOf(e.getMessage())),
          e,
          e.look() == ImageException.Look.FREE ? shorter(pause, LOOK_PAUSE_MAX) : pause);
    } finally {
      replica.atEnding(() -> {});
    }
    missing = 0;
    if (replica.isEnding()) {
      return Duration.ZERO; // fetching it may have taken long
    }
    try {
      int port = site.ports().take();
      try {
        return run(start, port);
      } finally {
        site.ports().giveBack(port);
      }
    } catch (IOException | RuntimeException e) {
      endRest();
      return notStarted(
          new Problem(
              isNoRoom(e) ? Reason.NO_CAPACITY : Reason.MODEL_CRASHED,
              "its server could not be started: " + Shown.of(String.valueOf(e.getMessage()))),
          e,
          pauseAfter(++failures));
    }
  }

  private void endRest() throws InterruptedException {
    try {
      boolean _ =
          site.kinds()
              .endLeft(
                  site.files().directory(replica.name()),
                  limits.grace(),
                  _ -> site.events().replicaStopped(workload.deployment(), 0));
    } catch (IOException _) {
      // the next start or the end of the replica tries again
    }
  }

  private Duration notStarted(Problem problem, Exception cause, Duration pause) {
    if (replica.isEnding()) {
      return Duration.ZERO; // it may be for that
    }
    String message = String.valueOf(cause.getMessage());
    replica.show(Phase.BACKING_OFF, null);
    replica.problem(problem);
    if (!told.equals(message)) {
      told = message;
      site.events().replicaNotStarted(workload.deployment(), cause, pause);
    }
    return pause;
  }

  private Duration run(ServerKind.Start start, int port) throws IOException, InterruptedException {
    Path directory = site.files().directory(replica.name());
    try (ModelServer server = start.at(new ServerKind.Place(replica.name(), directory, port))) {
      return watch(server, new Replica(URI.create("http://127.0.0.1:" + port)));
    }
  }

  private Duration watch(ModelServer server, Replica at) throws InterruptedException {
    told = "";
    site.events().replicaStarted(workload.deployment(), server.shown());
    replica.show(Phase.STARTING, at);
    server.onExit(replica::wake);
    Watch watch = new Watch(server, at);
    End end = watch.untilItsEnd();
    if (end == End.TOLD) {
      watch.drain();
      server.end(limits.grace());
      server.waitFor(limits.grace());
      if (!server.isAlive()) {
        server.awaitLog(LOG_MAX);
      }
      site.events().replicaStopped(workload.deployment(), server.exitCode());
      return Duration.ZERO;
    }
    replica.show(Phase.BACKING_OFF, null);
    if (end == End.UNANSWERING) {
      server.end(limits.grace());
    }
    server.waitFor(limits.grace());
    return ended(end, server, watch.hasWorkedLong());
  }

  private Duration ended(End end, ModelServer server, boolean hasWorkedLong)
      throws InterruptedException {
    failures = hasWorkedLong ? 1 : failures + 1;
    Duration pause = pauseAfter(failures);
    if (end == End.DIED) {
      crashes = hasWorkedLong ? 1 : crashes + 1;
      if (crashes >= CRASHES_TO_TELL) {
        server.awaitLog(LOG_MAX);
        String last = site.files().lastLine(replica.name());
        replica.problem(
            new Problem(
                Reason.MODEL_CRASHED,
                "its server "
                    + server.ending()
                    + ", "
                    + crashes
                    + " times in a row"
                    + (last.isEmpty() ? "; it printed nothing" : "; it printed last: " + last)));
      }
    }
    site.events().replicaDied(workload.deployment(), server.exitCode(), pause);
    return pause;
  }

  private Duration pauseAfter(int failed) {
    Duration pause = limits.pauseMin();
    for (int i = 1; i < failed && pause.compareTo(limits.pauseMax()) < 0; i++) {
      pause = pause.multipliedBy(2);
    }
    return shorter(pause, limits.pauseMax());
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /// One run of the server.
  private final class Watch {
    private final ModelServer server;
    private final Replica at;
    private final ReplicaHealth health;
    private final long startedNanos;
    private boolean isReady;
    private boolean isLate;
    private @Nullable Long readySince; // the first time

    Watch(ModelServer server, Replica at) {
      this.server = server;
      this.at = at;
      this.startedNanos = site.nanos().getAsLong();
      this.health = new ReplicaHealth(workload, site.bounds().probing(), startedNanos);
    }

    End untilItsEnd() throws InterruptedException {
      while (!replica.isEnding()) {
        if (!server.isAlive()) {
          return End.DIED;
        }
        if (health.isDead()) {
          return End.UNANSWERING;
        }
        long now = site.nanos().getAsLong();
        if (health.nextAt() - now > 0) {
          replica.await(health.nextAt() - now);
        } else {
          ask(now);
        }
      }
      return End.TOLD;
    }

    /// Whether it was of use for so long that its end is no sign of a crash loop.
    boolean hasWorkedLong() {
      return readySince != null
          && site.nanos().getAsLong() - readySince >= limits.pauseMax().toNanos();
    }

    /// Waits for what it has in flight.
    void drain() throws InterruptedException {
      long until = site.nanos().getAsLong() + site.bounds().drain().toNanos();
      while (readySince != null
          && !replica.isHurried()
          && server.isAlive()
          && site.nanos().getAsLong() - until < 0
          && !site.drain().isDrained(workload.deployment(), at)) {
        replica.await(DRAIN_PERIOD.toNanos());
      }
    }

    private void ask(long now) {
      String readyPath = workload.predictor().readyPath();
      String livePath = workload.predictor().livePath();
      boolean asksReady = health.asksReady(now);
      ReplicaHealth.Answer ready = asksReady ? answer(readyPath) : ReplicaHealth.Answer.NONE;
      ReplicaHealth.Answer live = ReplicaHealth.Answer.NONE;
      if (health.asksLive(now)) {
        boolean isSame = asksReady && Objects.equals(readyPath, livePath);
        live = isSame ? ready : answer(livePath);
      }
      health.heard(ready, live, now);
      if (server.isAlive()) { // else it was a stranger's answer
        show();
      }
    }

    private ReplicaHealth.Answer answer(@Nullable String path) {
      try {
        question.ask(at, path);
        return ReplicaHealth.Answer.YES;
      } catch (SocketTimeoutException e) {
        tell(String.valueOf(e.getMessage()));
        return ReplicaHealth.Answer.SILENT;
      } catch (IOException e) {
        tell(String.valueOf(e.getMessage()));
        return ReplicaHealth.Answer.NO;
      }
    }

    private void tell(String failure) {
      said = failure;
      boolean isNew = site.nanos().getAsLong() - startedNanos < STARTING.toNanos();
      if (!isNew && !failure.equals(complained)) {
        complained = failure;
        site.events().probeFailed(workload.deployment(), "not ready: " + failure);
      }
    }

    private void show() {
      if (health.isReady() != isReady) {
        isReady = health.isReady();
        if (isReady) {
          long now = site.nanos().getAsLong();
          readySince = readySince == null ? (Long) now : readySince;
          said = "";
          complained = "";
          site.events().modelReady(workload.deployment(), Duration.ofNanos(now - startedNanos));
        }
        replica.show(isReady ? Phase.READY : Phase.STARTING, at);
      }
      if (health.isLate() && !isLate) {
        isLate = true;
        replica.problem(
            new Problem(
                Reason.READINESS_TIMEOUT,
                "its server runs and is not ready: questions="
                    + site.bounds().probing().failuresMax()
                    + ", the last answer="
                    + said));
      }
    }
  }
}
