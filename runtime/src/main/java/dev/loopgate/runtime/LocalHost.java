package dev.loopgate.runtime;

import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.ModelHost;
import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Runs the servers of deployments on this machine, as processes or as containers of its Docker
/// Engine, whichever their image is for; each replica has a directory of its own,
/// `<data>/models/<deployment>/<replica>`.
///
/// One thread, `local-host`, decides which replicas there are; each replica has a virtual thread
/// that starts its server, asks it and ends it. What an earlier life left running is ended before
/// anything is started.
public final class LocalHost implements ModelHost {
  /*
   * Nothing is handed from thread to thread but the names of those deployments that have changed: whoever
   * looks at one looks at all of it. So nothing can be missed, and nothing grows but what is declared.
   */

  private final ReplicaKeeper.Site site;
  private final long life;
  private final Map<String, LocalDeployment> deployments = new ConcurrentHashMap<>();
  private final Signals signals = new Signals();
  private final Thread thread;
  private volatile Consumer<String> listener = _ -> {};
  private volatile boolean closing;

  // Confined to the thread.
  private final Set<String> postponed = new HashSet<>(); // they wait until something has gone
  private int running; // replicas, those of an earlier life among them
  private final Set<LocalReplica> leftovers = new HashSet<>(); // of an earlier life
  private long numbers; // given to replicas

  private LocalHost(ReplicaKeeper.Site site, long life) {
    this.site = site;
    this.life = life;
    this.thread = Thread.ofPlatform().daemon().name("local-host").unstarted(this::decide);
  }

  /// Opens the host, which begins to end what an earlier life left.
  ///
  /// @param data the gateway's data, which nobody else may have open; paths of images that are not
  ///   absolute begin there
  /// @param drain knows what replicas that are to go still have to do
  /// @param nanos monotonic nanoseconds
  /// @throws IOException when what is there can't be read; the message names it
  public static LocalHost open(
      Path data, HostBounds bounds, Drain drain, RuntimeEvents events, LongSupplier nanos)
      throws IOException {
    return open(data, bounds, drain, events, nanos, new ProcessBuilder().environment());
  }

  /// The same in an environment: `PATH`, `DOCKER_HOST`.
  static LocalHost open(
      Path data,
      HostBounds bounds,
      Drain drain,
      RuntimeEvents events,
      LongSupplier nanos,
      Map<String, String> environment)
      throws IOException {
    LocalImages images = new LocalImages(data, environment.getOrDefault("PATH", ""));
    ServerKinds kinds =
        new ServerKinds(
            List.of(
                new LocalProcesses(images, bounds.process(), events),
                new LocalContainers(DockerEngine.of(environment), bounds.process(), events)));
    ReplicaFiles files = new ReplicaFiles(data.resolve("models").toAbsolutePath());
    long life = files.beginLife();
    LocalHost host =
        new LocalHost(
            new ReplicaKeeper.Site(files, kinds, new PortPool(), bounds, drain, events, nanos),
            life);
    files.found().forEach(host::found);
    host.thread.start();
    return host;
  }

  private void found(String id, List<ReplicaName> names) {
    LocalDeployment deployment = new LocalDeployment(id, signals::add);
    deployments.put(id, deployment);
    for (ReplicaName name : names) {
      LocalReplica replica = new LocalReplica(name, "", deployment);
      replica.leave();
      deployment.add(replica);
      leftovers.add(replica);
      running++;
      ReplicaKeeper.clear(replica, site);
    }
  }

  /// Whether no replica can take more of processor and memory than its limits say. Containers
  /// can't; of processes the heap is bounded where the JVM of a jar is started here, and nothing
  /// else.
  public boolean enforcesLimits() {
    return false;
  }

  @Override
  public void apply(Workload workload) {
    String id = workload.deployment();
    deployments.compute(
        id,
        (_, known) -> {
          LocalDeployment deployment =
              known == null ? new LocalDeployment(id, signals::add) : known;
          deployment.apply(workload);
          return deployment;
        });
    signals.add(id);
  }

  @Override
  public void scale(String deployment, int replicas) {
    if (replicas < 0) {
      throw new IllegalArgumentException("replicas: value=" + replicas + ", allowed=0 up");
    }
    change(deployment, known -> known.scale(replicas));
  }

  @Override
  public void wake(String deployment) {
    change(
        deployment,
        known -> {
          if (known.wanted().replicas() == 0) {
            known.scale(1);
          }
        });
  }

  private void change(String deployment, Consumer<LocalDeployment> change) {
    deployments.compute(
        deployment,
        (_, known) -> {
          if (known == null || known.wanted().workload() == null) {
            throw new IllegalArgumentException("deployment: nothing was applied for it");
          }
          change.accept(known);
          return known;
        });
    signals.add(deployment);
  }

  @Override
  public void remove(String deployment) {
    deployments.computeIfPresent(
        deployment,
        (_, known) -> {
          known.remove();
          return known;
        });
    signals.add(deployment);
  }

  @Override
  public HostedDeployment observe(String deployment) {
    LocalDeployment known = deployments.get(deployment);
    return known == null ? HostedDeployment.NONE : known.observe();
  }

  @Override
  public Set<String> deployments() {
    return new TreeSet<>(deployments.keySet());
  }

  @Override
  public String log(String deployment, int bytesMax) {
    return site.files().log(deployment, bytesMax);
  }

  @Override
  public void listen(Consumer<String> changed) {
    listener = changed;
  }

  /// Stops all servers at once, whatever they have in flight: who closes has seen to that. After it
  /// nothing is started.
  @Override
  public void close() {
    closing = true;
    signals.add(""); // also where there is none
    signals.addAll(deployments.keySet());
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // the caller is in a hurry: the next life ends the rest
    }
  }

  private void decide() {
    try {
      do {
        for (String each : signals.take()) {
          try {
            step(each);
          } catch (RuntimeException e) {
            // A bug with one of them: the others are kept, and it is looked at again when it
            // changes.
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
          }
        }
      } while (!closing || running > 0);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody interrupts this thread
    }
  }

  private void step(String id) {
    LocalDeployment deployment = deployments.get(id);
    if (deployment == null) {
      return;
    }
    forgetGone(deployment);
    deployment.settle();
    if (closing) {
      deployment.replicas().forEach(LocalReplica::hurry);
    } else {
      exchange(id, deployment);
    }
    if (deployment.wanted().isRemoved() && deployment.replicas().isEmpty()) {
      forget(id, deployment);
    }
    tell(id);
    // Not before the others know: nobody is to be sent there any more.
    deployment.replicas().stream().filter(LocalReplica::isLeaving).forEach(LocalReplica::end);
  }

  private void tell(String id) {
    try {
      listener.accept(id);
    } catch (RuntimeException e) {
      // It is told where the failure of a thread is; the servers are kept nevertheless.
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  private void forgetGone(LocalDeployment deployment) {
    boolean hasRoom = leftovers.removeIf(LocalReplica::isStuck); // nobody knows for how long
    for (LocalReplica gone : deployment.prune()) {
      running--;
      leftovers.remove(gone);
      hasRoom = true;
    }
    if (hasRoom) {
      signals.addAll(postponed);
      postponed.clear();
    }
  }

  private void exchange(String id, LocalDeployment deployment) {
    LocalDeployment.Wanted wanted = deployment.wanted();
    List<LocalReplica> replicas =
        deployment.replicas().stream().filter(each -> !each.isStuck()).toList();
    Rollout next =
        Rollout.next(
            wanted.replicas(),
            replicas.stream().map(replica -> replica.stand(wanted.revision())).toList());
    next.ends().forEach(position -> replicas.get(position).leave());
    int room = leftovers.isEmpty() ? Math.max(0, site.bounds().replicasMax() - running) : 0;
    for (int i = 0; i < Math.min(next.starts(), room); i++) {
      start(deployment, wanted);
    }
    if (next.starts() > room) {
      postponed.add(id);
      if (leftovers.isEmpty()) {
        deployment.problem(wanted.revision(), noRoom());
      }
    }
  }

  private void start(LocalDeployment deployment, LocalDeployment.Wanted wanted) {
    Workload workload = Objects.requireNonNull(wanted.workload()); // without it nothing is wanted
    ReplicaName name = new ReplicaName(workload.deployment(), life, ++numbers);
    LocalReplica replica = new LocalReplica(name, wanted.revision(), deployment);
    deployment.add(replica);
    running++;
    ReplicaKeeper.start(replica, () -> deployment.newest(workload), site);
  }

  private Problem noRoom() {
    return new Problem(
        Reason.NO_CAPACITY,
        "this machine runs at most " + site.bounds().replicasMax() + " replicas, and does");
  }

  private void forget(String id, LocalDeployment deployment) {
    try {
      site.files().forget(id);
    } catch (IOException e) {
      site.events().replicaLogFailed(id, e); // found again by the next life
    }
    deployments.computeIfPresent(
        id,
        (_, known) ->
            known == deployment && known.wanted().isRemoved() && known.replicas().isEmpty()
                ? null
                : known);
  }
}
