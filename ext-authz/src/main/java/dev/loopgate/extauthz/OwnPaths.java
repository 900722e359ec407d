package dev.loopgate.extauthz;

/// Which requests the gateway's door answers itself, as `proxy` has it: feedback, health, metrics.
/// Called on event loops: must not block.
@FunctionalInterface
public interface OwnPaths {
  /// Whose a request is.
  enum Access {
    /// Not the door's: a model's, or nobody's.
    NOT_OURS,
    /// The door's, for everybody.
    OPEN,
    /// The door's, for whoever may give feedback.
    FEEDBACK
  }

  /// The door is not reached through Envoy.
  OwnPaths NONE = (_, _) -> Access.NOT_OURS;

  /// Who may ask this of the door.
  ///
  /// @param path without query, as it came
  Access of(String method, String path);
}
