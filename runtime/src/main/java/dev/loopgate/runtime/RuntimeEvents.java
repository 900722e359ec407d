package dev.loopgate.runtime;

import java.time.Duration;

/// What becomes of the servers that a host runs, each by its deployment's id. Called on threads of
/// this room, which may be held up only briefly.
public interface RuntimeEvents {
  /// A model server of an earlier life of this gateway was still running and was ended.
  void orphanEnded(String deployment, long pid);

  /// Its model server was started; it need not answer yet.
  void replicaStarted(String deployment, long pid);

  /// It could not be started, and is tried again after `pause`.
  void replicaNotStarted(String deployment, Exception cause, Duration pause);

  /// It ended without being told to, and is started again after `pause`. WARN.
  ///
  /// @param exitCode 128 + signal for one that was killed
  void replicaDied(String deployment, int exitCode, Duration pause);

  /// It ended because it was told to.
  void replicaStopped(String deployment, int exitCode);

  /// Its output can't be written to its log any more, and is thrown away from here on. Told once a
  /// start.
  void replicaLogFailed(String deployment, Exception cause);

  /// A probe found the server ready.
  void modelReady(String deployment);

  /// A probe was not answered as it should be. Told when the problem changes, not at each probe.
  void probeFailed(String deployment, String problem);
}
