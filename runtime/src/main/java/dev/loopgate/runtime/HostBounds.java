package dev.loopgate.runtime;

import java.time.Duration;

/// How long, how often and how much on a host of local processes.
///
/// @param process of each server
/// @param probing how each is asked whether it is ready
/// @param drain how long a replica that is on its way out may keep what it has in flight; 2 min by
///   default
/// @param replicasMax replicas of all deployments together, those that end among them; 256 by
///   default
public record HostBounds(
    ProcessSpec.Limits process, Probing probing, Duration drain, int replicasMax) {
  /// What is good for one's own machine.
  public static final HostBounds DEFAULT =
      new HostBounds(ProcessSpec.Limits.DEFAULT, Probing.DEFAULT, Duration.ofMinutes(2), 256);

  /// How a server is asked.
  ///
  /// @param period between two questions; 1 s by default
  /// @param timeout of one question, its answer's first line included; 1 s by default
  /// @param failuresMax questions in a row that fail until it is started anew; 15 by default
  public record Probing(Duration period, Duration timeout, int failuresMax) {
    /// Contract section 9.
    public static final Probing DEFAULT =
        new Probing(Duration.ofSeconds(1), Duration.ofSeconds(1), 15);
  }

  public HostBounds {
    if (replicasMax < 1) {
      throw new IllegalArgumentException(
          "replicasMax: value=" + replicasMax + ", allowed=1 or more");
    }
  }
}
