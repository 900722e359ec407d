package dev.loopgate.extauthz;

import dev.loopgate.capture.RequestIds;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.ModelPaths;
import dev.loopgate.policy.Policy;
import dev.loopgate.policy.Question;
import dev.loopgate.policy.Refusal;
import dev.loopgate.policy.RefusalReason;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Judges one request after the other, each by itself. Any thread; never blocks. Whatever can't be
/// decided is denied.
final class Authorizer {
  /*
   * With a policy all is refused that the door would refuse, in its words. Without one nothing is
   * protected: what is no model of ours may be another's behind the same Envoy, and passes.
   */

  /// How far a request comes without the policy.
  private sealed interface Judgement {
    /// It needs none.
    record Made(CheckAnswer told, Outcome outcome) implements Judgement {}

    /// All questions must be answered with yes; the first other decision is the one that counts.
    ///
    /// @param questions one or more
    record Open(
        CheckAnswer told, Policy policy, List<Question> questions, Function<Decision, Outcome> made)
        implements Judgement {}
  }

  private final Fleet fleet;
  private final @Nullable Policy policy;
  private final OwnPaths own;
  private final TimeSource time;
  private final AuthorizerEvents events;
  private final ThreadLocal<RequestIds> ids = ThreadLocal.withInitial(RequestIds::seeded);

  Authorizer(
      Fleet fleet,
      @Nullable Policy policy,
      OwnPaths own,
      TimeSource time,
      AuthorizerEvents events) {
    this.fleet = fleet;
    this.policy = policy;
    this.own = own;
    this.time = time;
    this.events = events;
  }

  /// Answers a question.
  ///
  /// @param answer told once: before this returns, or on a thread of the policy's, which it must
  ///   not block
  void judge(CheckRequest question, Consumer<CheckResponse> answer) {
    AskedRequest request = AskedRequest.of(question);
    Identity identity = Identity.of(request, ids.get(), time.epochMillis());
    CheckAnswer unplaced = new CheckAnswer(request, identity, null);
    switch (judgement(unplaced)) {
      case Judgement.Made(CheckAnswer told, Outcome outcome) -> finish(told, outcome, answer);
      case Judgement.Open open -> ask(open, 0, answer);
    }
  }

  private Judgement judgement(CheckAnswer unplaced) {
    AskedRequest request = unplaced.request();
    Refusal fault = request.fault();
    if (fault != null) {
      return new Judgement.Made(unplaced, new Outcome.Deny(fault, DenialReason.MALFORMED));
    }
    try {
      return switch (Destination.of(request, fleet, own)) {
        case Destination.Model(Fleet.Match match) ->
            ofCall(new CheckAnswer(request, unplaced.identity(), match), match);
        case Destination.Door(Question.Target target) -> ofDoor(unplaced, target);
        case Destination.Nobody(Refusal refusal, DenialReason reason) ->
            new Judgement.Made(
                unplaced,
                policy == null ? new Outcome.Pass(false) : new Outcome.Deny(refusal, reason));
      };
    } catch (RuntimeException e) {
      events.failed(e);
      return new Judgement.Made(unplaced, Outcome.notDecided());
    }
  }

  private Judgement ofCall(CheckAnswer told, Fleet.Match match) {
    AskedRequest request = told.request();
    Policy asked = policy;
    if (match.climbsOut()) {
      return new Judgement.Made(
          told, new Outcome.Deny(Refusal.climbsOut(), DenialReason.CLIMBS_OUT));
    }
    if (asked == null || asked.isOpen(request.method(), match.path())) {
      return new Judgement.Made(told, new Outcome.Pass(false));
    }
    // Whoever's turn it will be: the caller must be allowed all of them. Mostly they are alike.
    List<Question> questions =
        match.through().targets().stream()
            .map(Authorizer::targetOf)
            .distinct()
            .map(target -> question(request, match.path(), target))
            .toList();
    return new Judgement.Open(
        told, asked, questions, decision -> Outcome.ofModel(decision, !asked.forwardsTokens()));
  }

  private Judgement ofDoor(CheckAnswer told, Question.@Nullable Target target) {
    Policy asked = policy;
    if (asked == null || target == null) {
      return new Judgement.Made(told, new Outcome.PassToDoor());
    }
    AskedRequest request = told.request();
    Question question = question(request, request.path(), target);
    return new Judgement.Open(told, asked, List.of(question), Outcome::ofDoor);
  }

  private static Question question(AskedRequest request, String path, Question.Target target) {
    return new Question(request.method(), path, request.values(CheckAnswer.AUTHORIZATION), target);
  }

  private static Question.Target targetOf(Deployment deployment) {
    return new Question.ToModel(deployment.model().role(), pathsOf(deployment.model().predictor()));
  }

  private static ModelPaths pathsOf(Predictor predictor) {
    return switch (predictor) {
      case NONE -> ModelPaths.ALL;
      case ODAHU_ML_SERVER -> ModelPaths.ODAHU_ML_SERVER;
      case TRITON, OPEN_INFERENCE -> ModelPaths.OPEN_INFERENCE;
    };
  }

  private void ask(Judgement.Open open, int index, Consumer<CheckResponse> answer) {
    AtomicBoolean decided = new AtomicBoolean();
    Consumer<Decision> once =
        decision -> {
          if (decided.compareAndSet(false, true)) {
            take(open, index, decision, answer);
          }
        };
    try {
      open.policy().decide(open.questions().get(index), once);
    } catch (RuntimeException e) {
      events.failed(e);
      once.accept(new Decision.Unavailable(RefusalReason.OVERLOADED)); // if it had not decided yet
    }
  }

  private void take(
      Judgement.Open open, int index, Decision decision, Consumer<CheckResponse> answer) {
    if (decision instanceof Decision.Allowed && index + 1 < open.questions().size()) {
      ask(open, index + 1, answer);
      return;
    }
    Outcome outcome;
    try {
      outcome = open.made().apply(decision);
    } catch (RuntimeException e) {
      events.failed(e);
      outcome = Outcome.notDecided();
    }
    finish(open.told(), outcome, answer);
  }

  private void finish(CheckAnswer told, Outcome outcome, Consumer<CheckResponse> answer) {
    CheckResponse response;
    Outcome made = outcome;
    try {
      response = told.with(made);
    } catch (RuntimeException e) {
      events.failed(e);
      made = Outcome.notDecided();
      response = new CheckAnswer(told.request(), told.identity(), null).with(made);
    }
    switch (made) {
      case Outcome.Pass _, Outcome.PassToDoor() -> events.allowed();
      case Outcome.Deny(_, DenialReason reason) -> events.denied(reason);
    }
    answer.accept(response);
  }
}
