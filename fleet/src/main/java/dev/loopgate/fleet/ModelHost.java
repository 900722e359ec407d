package dev.loopgate.fleet;

/// Where the one replica of a deployment runs: it is started, watched, restarted when it dies,
/// stopped. How many there should be, and when, is decided elsewhere. Any thread.
public interface ModelHost {
  /// What the replica is doing.
  enum ReplicaState {
    /// Not started, or stopped on demand.
    STOPPED,
    /// Its server runs; whether it answers is for a probe to say.
    RUNNING,
    /// It died or could not be started, and is started again after a pause.
    BACKING_OFF
  }

  /// Starts the replica and returns at once; started already, nothing happens. A host that was
  /// stopped is not started again.
  void start();

  /// The replica's state at this moment.
  ReplicaState observe();

  /// Stops the replica, by force after its grace, and returns when it is gone.
  void stop();
}
