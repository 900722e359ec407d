package dev.loopgate.extauthz;

import dev.loopgate.policy.Question;
import org.jspecify.annotations.Nullable;

/// Which requests the gateway's door answers itself, as `proxy` has it: feedback, health, metrics,
/// the API. Called on event loops: must not block.
@FunctionalInterface
public interface OwnPaths {
  /// Whose a request is.
  sealed interface Access {
    /// Not the door's: a model's, or nobody's.
    Access NOT_OURS = new NotOurs();

    /// The door's, for everybody.
    Access OPEN = new Ours(null);

    /// Somebody else's.
    record NotOurs() implements Access {}

    /// The door's.
    ///
    /// @param target what the policy is asked; null where it need not be
    record Ours(Question.@Nullable Target target) implements Access {}
  }

  /// The door is not reached through Envoy.
  OwnPaths NONE = (_, _) -> Access.NOT_OURS;

  /// Who may ask this of the door.
  ///
  /// @param path without query, as it came
  Access of(String method, String path);
}
