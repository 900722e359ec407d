package dev.loopgate.runtime;

/// What is found by asking servers that somebody else runs, each by its deployment's id. Called on
/// threads of this room, which may be held up only briefly.
public interface ProbeEvents {
  /// The server answered as ready.
  void modelReady(String deployment);

  /// It said what the model is called.
  void modelIdentified(String deployment, String name, String version);

  /// It did not answer as it should. Told when the problem changes, not each time.
  void probeFailed(String deployment, String problem);
}
