package dev.loopgate.testkit;

import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.ModelHost;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Workload;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs nothing, and says what a host would say: what becomes of a server, its image's [Fate] says,
/// and it becomes so a [#step] at a time. Any thread.
public final class ScriptedHost implements ModelHost {
  /// What becomes of the servers of an image.
  public enum Fate {
    /// They are ready at the next step.
    READY,
    /// They run, and nobody says why they are not ready.
    NEVER_READY,
    /// There is no such image.
    IMAGE_MISSING,
    /// They die.
    CRASHES,
    /// There is no room for them.
    NO_ROOM
  }

  /// One deployment.
  private static final class Hosted {
    private @Nullable Workload workload; // null once it is removed, and for what is left over
    private String revision = "";
    private int wanted;
    private @Nullable Problem problem;
    private final List<HostedReplica> replicas = new ArrayList<>();

    HostedDeployment seen() {
      return new HostedDeployment(revision, wanted, replicas, problem);
    }
  }

  private static final int FIRST_PORT = 10_000;
  private static final int PORTS = 50_000;

  private final Map<String, Hosted> hosted = new TreeMap<>();
  private final Map<String, Fate> fates = new HashMap<>(); // by image
  private final Map<String, Integer> calls = new TreeMap<>();
  private @Nullable Consumer<String> listener;
  private @Nullable RuntimeException failing;
  private int replicasEver;
  private boolean isClosed;

  /// Servers of `image` fare so from now on; those that are ready, too.
  public synchronized void fate(String image, Fate fate) {
    fates.put(image, fate);
  }

  /// No call that changes something is taken from now on; null to take them again.
  public synchronized void fail(@Nullable RuntimeException by) {
    failing = by;
  }

  /// A server of an earlier life runs.
  public synchronized void leftOver(String deployment) {
    Hosted one = of(deployment);
    one.replicas.add(replica(deployment, "0ld", Phase.READY));
  }

  /// Somebody else changes how many are wanted, such as an operator.
  public void meddle(String deployment, int replicas) {
    synchronized (this) {
      known(deployment).wanted = replicas;
    }
    tell(deployment);
  }

  /// Says of all deployments that they may have changed, so often.
  public void storm(int times) {
    for (int i = 0; i < times; i++) {
      deployments().forEach(this::tell);
    }
  }

  /// What becomes of everything next.
  ///
  /// @return whether anything changed
  public boolean step() {
    List<String> changed = new ArrayList<>();
    synchronized (this) {
      for (Map.Entry<String, Hosted> each : hosted.entrySet()) {
        HostedDeployment before = each.getValue().seen();
        step(each.getKey(), each.getValue());
        if (!before.equals(each.getValue().seen()) || isGone(each.getValue())) {
          changed.add(each.getKey());
        }
      }
      hosted.values().removeIf(ScriptedHost::isGone);
    }
    changed.forEach(this::tell);
    return !changed.isEmpty();
  }

  /// How often something was told since this was last asked, such as `apply` or `scale wine 3`, in
  /// the order of the words.
  public synchronized Map<String, Integer> calls() {
    Map<String, Integer> counted = new TreeMap<>(calls);
    calls.clear();
    return counted;
  }

  /// How many calls that change something there were since this or [#calls] was last asked.
  public int callCount() {
    return calls().values().stream().mapToInt(Integer::intValue).sum();
  }

  @Override
  public void apply(Workload workload) {
    String deployment = workload.deployment();
    synchronized (this) {
      called("apply " + deployment);
      Hosted one = of(deployment);
      one.workload = workload;
      if (!workload.revision().equals(one.revision)) {
        one.revision = workload.revision();
        one.problem = null;
      }
    }
    tell(deployment);
  }

  @Override
  public void scale(String deployment, int replicas) {
    if (replicas < 0) {
      throw new IllegalArgumentException("replicas: value=" + replicas + ", allowed=0 up");
    }
    synchronized (this) {
      called("scale " + deployment + " " + replicas);
      Hosted one = known(deployment);
      one.wanted = replicas;
      if (replicas == 0) {
        one.problem = null;
      }
    }
    tell(deployment);
  }

  @Override
  public void wake(String deployment) {
    synchronized (this) {
      called("wake " + deployment);
      Hosted one = known(deployment);
      one.wanted = Math.max(1, one.wanted);
    }
    tell(deployment);
  }

  @Override
  public void remove(String deployment) {
    synchronized (this) {
      called("remove " + deployment);
      Hosted one = hosted.get(deployment);
      if (one == null) {
        return;
      }
      one.workload = null;
      one.revision = "";
      one.wanted = 0;
      one.problem = null;
      one.replicas.replaceAll(each -> with(each, Phase.ENDING));
    }
    tell(deployment);
  }

  @Override
  public synchronized HostedDeployment observe(String deployment) {
    Hosted one = hosted.get(deployment);
    return one == null ? HostedDeployment.NONE : one.seen();
  }

  @Override
  public synchronized Set<String> deployments() {
    return new TreeSet<>(hosted.keySet());
  }

  @Override
  public String log(String deployment, int bytesMax) {
    return "";
  }

  @Override
  public synchronized void listen(Consumer<String> changed) {
    if (listener != null || !calls.isEmpty()) {
      throw new IllegalStateException("listen: allowed=once, before anything is applied");
    }
    listener = changed;
  }

  /// Forgets who listens and what it was told, as a host's next life does, and ends what runs.
  public synchronized void restart() {
    listener = null;
    calls.clear();
    hosted.values().removeIf(each -> each.replicas.isEmpty());
    for (Hosted each : hosted.values()) {
      each.workload = null;
      each.revision = "";
      each.wanted = 0;
      each.problem = null;
      each.replicas.replaceAll(replica -> with(replica, Phase.ENDING));
    }
  }

  @Override
  public synchronized void close() {
    isClosed = true;
    hosted.clear();
  }

  private void tell(String deployment) {
    Consumer<String> to;
    synchronized (this) {
      to = listener;
    }
    if (to != null) {
      to.accept(deployment); // without the lock: it may ask
    }
  }

  private void called(String what) {
    if (isClosed) {
      throw new IllegalStateException("the host is closed");
    }
    RuntimeException why = failing;
    if (why != null) {
      throw why;
    }
    calls.merge(what, 1, Integer::sum);
  }

  private Hosted of(String deployment) {
    return hosted.computeIfAbsent(deployment, _ -> new Hosted());
  }

  private Hosted known(String deployment) {
    Hosted one = hosted.get(deployment);
    if (one == null || one.workload == null) {
      throw new IllegalArgumentException("deployment: nothing was applied");
    }
    return one;
  }

  private void step(String deployment, Hosted one) {
    one.replicas.removeIf(each -> each.phase() == Phase.ENDING);
    one.replicas.replaceAll(each -> next(each, one));
    Workload workload = one.workload;
    if (workload == null) {
      return; // what is left of an earlier life goes when it is removed
    }
    if (one.replicas.stream().anyMatch(each -> isReady(each, one.revision))) {
      one.problem = null;
    }
    long current = one.replicas.stream().filter(each -> isOf(each, one.revision)).count();
    boolean exchanges = current < one.replicas.size();
    if (one.replicas.size() > one.wanted && !exchanges) {
      end(one, one.replicas.getLast());
    } else if (exchanges && one.replicas.size() > one.wanted) {
      boolean isReplaced = one.replicas.stream().anyMatch(each -> isReady(each, one.revision));
      HostedReplica oldest =
          one.replicas.stream().filter(each -> !isOf(each, one.revision)).findFirst().orElseThrow();
      if (isReplaced || oldest.phase() != Phase.READY || one.wanted == 0) {
        end(one, oldest);
      }
    } else if (current < one.wanted) {
      one.replicas.add(replica(deployment, one.revision, Phase.STARTING));
    }
  }

  private HostedReplica next(HostedReplica replica, Hosted one) {
    Workload workload = one.workload;
    if (workload == null || !isOf(replica, one.revision)) {
      return replica; // those of an earlier revision go on as they are
    }
    return switch (fates.getOrDefault(workload.image(), Fate.READY)) {
      case READY -> with(replica, Phase.READY);
      case NEVER_READY -> with(replica, Phase.STARTING);
      case IMAGE_MISSING -> failed(replica, one, Reason.IMAGE_PULL_FAILED, "no such image");
      case CRASHES -> failed(replica, one, Reason.MODEL_CRASHED, "exit code 1\nbye");
      case NO_ROOM -> failed(replica, one, Reason.NO_CAPACITY, "no room");
    };
  }

  private static HostedReplica failed(
      HostedReplica replica, Hosted one, Reason reason, String message) {
    if (one.wanted > 0) {
      one.problem = new Problem(reason, message);
    }
    return with(replica, Phase.BACKING_OFF);
  }

  private static void end(Hosted one, HostedReplica replica) {
    one.replicas.replaceAll(each -> each.equals(replica) ? with(each, Phase.ENDING) : each);
  }

  private HostedReplica replica(String deployment, String revision, Phase phase) {
    int number = replicasEver++;
    Replica address = new Replica(URI.create("http://127.0.0.1:" + (FIRST_PORT + number % PORTS)));
    return new HostedReplica(deployment + "-" + number, revision, address, phase);
  }

  private static HostedReplica with(HostedReplica replica, Phase phase) {
    return new HostedReplica(replica.name(), replica.revision(), replica.address(), phase);
  }

  private static boolean isOf(HostedReplica replica, String revision) {
    return replica.revision().equals(revision);
  }

  private static boolean isReady(HostedReplica replica, String revision) {
    return isOf(replica, revision) && replica.phase() == Phase.READY;
  }

  private static boolean isGone(Hosted one) {
    return one.workload == null && one.replicas.isEmpty();
  }
}
