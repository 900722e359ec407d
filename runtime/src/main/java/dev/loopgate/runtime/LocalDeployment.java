package dev.loopgate.runtime;

import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What is wanted of one deployment, and what there is of it. What is wanted is written by one
/// thread at a time, its host sees to that; the list of replicas by `local-host` alone; anybody
/// reads.
final class LocalDeployment implements LocalReplica.Reports {
  /// What is wanted.
  ///
  /// @param workload null where nothing was applied
  /// @param revision of the workload, empty without one
  /// @param replicas how many
  /// @param isRemoved whether the host is to know nothing of it once nothing runs
  record Wanted(@Nullable Workload workload, String revision, int replicas, boolean isRemoved) {}

  private final String id;
  private final Consumer<String> changed;
  private final Map<String, Problem> problems = new ConcurrentHashMap<>(); // by revision
  private volatile Wanted wanted = new Wanted(null, "", 0, false);
  private volatile List<LocalReplica> replicas = List.of(); // the oldest first

  /// @param changed told the id whenever there is something to see; returns at once
  LocalDeployment(String id, Consumer<String> changed) {
    this.id = id;
    this.changed = changed;
  }

  Wanted wanted() {
    return wanted;
  }

  void apply(Workload workload) {
    Wanted before = wanted;
    String revision = workload.revision();
    if (!revision.equals(before.revision())) {
      problems.remove(revision); // of an earlier time
    }
    wanted = new Wanted(workload, revision, before.replicas(), false);
  }

  void scale(int count) {
    Wanted before = wanted;
    wanted = new Wanted(before.workload(), before.revision(), count, before.isRemoved());
  }

  void remove() {
    wanted = new Wanted(null, "", 0, true);
  }

  /// The same workload as it was applied last: what makes no other revision may have changed.
  Workload newest(Workload workload) {
    Wanted now = wanted;
    Workload last = now.workload();
    return last != null && now.revision().equals(workload.revision()) ? last : workload;
  }

  HostedDeployment observe() {
    Wanted now = wanted;
    return new HostedDeployment(
        now.revision(),
        now.replicas(),
        replicas.stream().map(LocalReplica::shown).toList(),
        now.workload() == null ? null : problems.get(now.revision()));
  }

  List<LocalReplica> replicas() {
    return replicas;
  }

  void add(LocalReplica replica) {
    List<LocalReplica> more = new ArrayList<>(replicas);
    more.add(replica);
    replicas = List.copyOf(more);
  }

  /// Leaves out those that are gone, and returns them.
  List<LocalReplica> prune() {
    List<LocalReplica> gone = replicas.stream().filter(LocalReplica::isGone).toList();
    if (!gone.isEmpty()) {
      replicas = replicas.stream().filter(each -> !gone.contains(each)).toList();
    }
    String current = wanted.revision();
    problems
        .keySet()
        .removeIf(revision ->
            !revision.equals(current)
                && replicas.stream().noneMatch(each -> each.revision().equals(revision)));
    return gone;
  }

  /// Nothing is in the way where as many are ready as are wanted, be it none.
  void settle() {
    Wanted now = wanted;
    long ready =
        replicas.stream()
            .filter(each ->
                each.revision().equals(now.revision())
                    && each.shown().phase() == HostedDeployment.Phase.READY)
            .count();
    if (ready >= now.replicas()) {
      problems.remove(now.revision());
    }
  }

  @Override
  public void changed() {
    changed.accept(id);
  }

  @Override
  public void problem(String revision, @Nullable Problem problem) {
    Problem before = problem == null ? problems.remove(revision) : problems.put(revision, problem);
    if (!Objects.equals(before, problem)) {
      changed();
    }
  }
}
