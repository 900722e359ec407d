package dev.loopgate.fleet;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a [ModelHost] says of one deployment at one moment.
///
/// @param revision of the workload that is to run; empty when none is
/// @param wanted how many replicas should run
/// @param replicas those that run, start, end or wait for their next start, the oldest first
/// @param problem why what should run does not; null when nothing is in the way. It stays until a
///   replica of the revision is ready, another one was applied, or none is to run: who wakes it
///   then waits for what comes of that
public record HostedDeployment(
    String revision, int wanted, List<HostedReplica> replicas, @Nullable Problem problem) {
  /// Nothing runs, and nothing is to.
  public static final HostedDeployment NONE = new HostedDeployment("", 0, List.of(), null);

  /// One server.
  ///
  /// @param name unique on its host, and never used twice
  /// @param revision of the workload that it was started with
  /// @param address where it answers; null before that is known
  /// @param phase how far it is
  public record HostedReplica(
      String name, String revision, @Nullable Replica address, Phase phase) {}

  /// How far a replica is.
  public enum Phase {
    /// Its server was started, or is about to be, and is not ready.
    STARTING,
    /// Its server answers as ready.
    READY,
    /// Its server died or could not be started; it is started again after a pause.
    BACKING_OFF,
    /// It is on its way out: nothing new is asked of it.
    ENDING
  }

  /// Why what should run does not.
  ///
  /// @param reason one of the contract's
  /// @param message for a person: what happened, without any secret
  public record Problem(DeploymentStatus.Reason reason, String message) {}

  public HostedDeployment {
    replicas = List.copyOf(replicas);
  }

  /// Those of `revision` that are ready.
  public List<HostedReplica> ready(String revision) {
    return replicas.stream()
        .filter(each -> each.phase() == Phase.READY && each.revision().equals(revision))
        .toList();
  }
}
