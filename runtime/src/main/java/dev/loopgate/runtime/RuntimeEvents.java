package dev.loopgate.runtime;

import java.time.Duration;

/// What becomes of the servers that a host runs, each by its deployment's id. Called on threads of
/// this room, which may be held up only briefly.
public interface RuntimeEvents {
  /// A model server of an earlier life of this gateway was still running and was ended.
  ///
  /// @param server which one it was, for people: `pid 17`
  void orphanEnded(String deployment, String server);

  /// Its model server was started; it need not answer yet.
  ///
  /// @param server which one it is, for people: `pid 17`
  void replicaStarted(String deployment, String server);

  /// It could not be started, and is tried again after `pause`.
  void replicaNotStarted(String deployment, Exception cause, Duration pause);

  /// It ended without being told to, and is started again after `pause`. WARN.
  ///
  /// @param exitCode 128 + signal for one that was killed
  void replicaDied(String deployment, int exitCode, Duration pause);

  /// It ended because it was told to.
  void replicaStopped(String deployment, int exitCode);

  /// What is left of a replica that is to be gone can't be ended now; that is tried again.
  void replicaNotEnded(String deployment, Exception cause);

  /// Its output can't be written to its log any more, and is thrown away from here on. Told once a
  /// start.
  void replicaLogFailed(String deployment, Exception cause);

  /// A server answers as ready, or again.
  ///
  /// @param after how long after it was started
  void modelReady(String deployment, Duration after);

  /// A probe was not answered as it should be. Told when the problem changes, not at each probe.
  void probeFailed(String deployment, String problem);
}
