package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.ModelPaths;
import dev.loopgate.policy.Policy;
import dev.loopgate.policy.Question;
import dev.loopgate.policy.RefusalReason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Asks the policy whether one exchange may begin. Confined to the exchange's event loop; only the
/// decision may come from elsewhere.
final class Admission {
  static final String AUTHORIZATION = "authorization";

  private final ProxyLoop loop;
  private final Policy policy;
  private final Question question;
  private boolean pending;

  private Admission(ProxyLoop loop, Policy policy, Question question) {
    this.loop = loop;
    this.policy = policy;
    this.question = question;
  }

  /// What a call of a model needs; null when it needs none.
  static @Nullable Admission toModel(ProxyLoop loop, CallerRequest request, Fleet.Match match) {
    Policy policy = loop.policy();
    return policy == null || policy.isOpen(request.method(), match.path())
        ? null
        : new Admission(
            loop,
            policy,
            new Question(
                request.method(),
                match.path(),
                valuesIn(request.headers()),
                new Question.ToModel(
                    match.deployment().model().role(),
                    pathsOf(match.deployment().model().predictor()))));
  }

  private static ModelPaths pathsOf(Predictor predictor) {
    return switch (predictor) {
      case NONE -> ModelPaths.ALL;
      case ODAHU_ML_SERVER -> ModelPaths.ODAHU_ML_SERVER;
      case TRITON, OPEN_INFERENCE -> ModelPaths.OPEN_INFERENCE;
    };
  }

  /// What a request of the door itself needs; null when it needs none.
  static @Nullable Admission toService(
      ProxyLoop loop, CallerRequest request, LocalService service) {
    Policy policy = loop.policy();
    Question.Target target = service.asked(request.method(), request.path());
    return policy == null || target == null
        ? null
        : new Admission(
            loop,
            policy,
            new Question(request.method(), request.path(), valuesIn(request.headers()), target));
  }

  /// Takes out what is verified here, unless models are to have it.
  void takeTokenFrom(List<Header> modelHeaders) {
    if (!policy.forwardsTokens()) {
      modelHeaders.removeIf(header -> header.name().equals(AUTHORIZATION));
    }
  }

  /// Whether no decision has come yet.
  boolean isPending() {
    return pending;
  }

  /// Asks. Who may pass may do so before this returns; who may not is told later, when the body in
  /// hand can be taken, too.
  void ask(Consumer<Decision> decided) {
    pending = true;
    try {
      policy.decide(question, decision -> tell(decision, decided));
    } catch (RuntimeException e) {
      if (!pending) {
        throw e; // the exchange's own, after the decision
      }
      loop.events().failed(e);
      tell(new Decision.Unavailable(RefusalReason.OVERLOADED), decided);
    }
  }

  private void tell(Decision decision, Consumer<Decision> decided) {
    if (decision instanceof Decision.Allowed && loop.eventLoop().inEventLoop()) {
      take(decision, decided);
      return;
    }
    try {
      loop.eventLoop().execute(() -> take(decision, decided));
    } catch (RejectedExecutionException _) {
      // The loop is over, and with it the exchange.
    }
  }

  private void take(Decision decision, Consumer<Decision> decided) {
    if (pending) {
      pending = false;
      decided.accept(decision);
    }
  }

  private static List<String> valuesIn(List<Header> headers) {
    List<String> values = new ArrayList<>(1);
    for (Header header : headers) {
      if (header.name().equals(AUTHORIZATION)) {
        values.add(header.value());
      }
    }
    return values;
  }
}
