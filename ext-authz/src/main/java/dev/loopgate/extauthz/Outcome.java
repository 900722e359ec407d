package dev.loopgate.extauthz;

import dev.loopgate.policy.Decision;
import dev.loopgate.policy.Refusal;

/// What becomes of a request.
sealed interface Outcome {
  /// It may pass to a model, or to nobody of ours.
  ///
  /// @param takesToken the model is not to see the token that was verified here
  record Pass(boolean takesToken) implements Outcome {}

  /// It may pass to the gateway's own door.
  record PassToDoor() implements Outcome {}

  /// It may not pass.
  record Deny(Refusal refusal, DenialReason reason) implements Outcome {}

  /// It could not be judged.
  static Deny notDecided() {
    return new Deny(Refusal.notDecided(), DenialReason.NOT_DECIDED);
  }

  /// Of a call of a model.
  static Outcome ofModel(Decision decision, boolean takesToken) {
    Refusal refusal = Refusal.ofModel(decision);
    return refusal == null ? new Pass(takesToken) : new Deny(refusal, reasonOf(decision));
  }

  /// Of a request of the door itself.
  static Outcome ofDoor(Decision decision) {
    Refusal refusal = Refusal.ofApi(decision);
    return refusal == null ? new PassToDoor() : new Deny(refusal, reasonOf(decision));
  }

  private static DenialReason reasonOf(Decision refused) {
    return switch (refused) {
      case Decision.Unauthorized _ -> DenialReason.UNAUTHORIZED;
      case Decision.Forbidden _ -> DenialReason.FORBIDDEN;
      case Decision.Unavailable _, Decision.Allowed _ -> DenialReason.NOT_DECIDED;
    };
  }
}
