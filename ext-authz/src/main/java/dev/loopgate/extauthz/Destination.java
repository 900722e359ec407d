package dev.loopgate.extauthz;

import dev.loopgate.fleet.Fleet;
import dev.loopgate.policy.Question;
import dev.loopgate.policy.Refusal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who would answer a request, by the rules of `proxy`: paths are compared as they came.
sealed interface Destination {
  /// A model, or one of those that a route leads to: whose turn it is, is not known here.
  record Model(Fleet.Match match) implements Destination {}

  /// The gateway's own door.
  ///
  /// @param target what the policy is asked; null where it need not be
  record Door(Question.@Nullable Target target) implements Destination {}

  /// Nobody of ours.
  ///
  /// @param refusal what the door would answer
  record Nobody(Refusal refusal, DenialReason reason) implements Destination {}

  /// Finds it. Takes no route's turn: the request may go to a model without us.
  static Destination of(AskedRequest request, Fleet fleet, OwnPaths own) {
    String path = request.path();
    Optional<Fleet.Match> match = fleet.match(path);
    if (match.isPresent() && (!match.get().isAtRoot() || path.equals("/"))) {
      return new Model(match.get());
    }
    if (own.of(request.method(), path) instanceof OwnPaths.Access.Ours(Question.Target target)) {
      return new Door(target);
    }
    if (match.isPresent()) {
      return new Model(match.get());
    }
    if (request.isCall()) {
      // A call's path is its method's: the model is named beside it, or is the only one.
      match = fleet.matchGrpc(request.first("model-id"), request.host(), path);
      return match.isPresent() ? new Model(match.get()) : unknownModel();
    }
    if (path.startsWith("/model/")) {
      return unknownModel();
    }
    return new Nobody(
        path.startsWith("/api/v1/") ? Refusal.unknownApi() : Refusal.incorrectUrl(),
        DenialReason.UNKNOWN_PATH);
  }

  private static Destination unknownModel() {
    return new Nobody(Refusal.unknownModel(), DenialReason.UNKNOWN_MODEL);
  }
}
