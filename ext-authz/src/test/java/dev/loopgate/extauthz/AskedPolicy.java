package dev.loopgate.extauthz;

import dev.loopgate.policy.Decision;
import dev.loopgate.policy.Policy;
import dev.loopgate.policy.Question;
import dev.loopgate.policy.RefusalReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A policy whose decisions are a test's: at once, or when it says so.
final class AskedPolicy implements Policy {
  static final Decision ALLOWED = new Decision.Allowed("ada", Set.of("odahu_admin"));
  static final Decision NO_TOKEN = new Decision.Unauthorized(RefusalReason.NO_TOKEN);
  static final Decision BAD_TOKEN = new Decision.Unauthorized(RefusalReason.SIGNATURE);
  static final Decision FORBIDDEN = new Decision.Forbidden(RefusalReason.ROLE);
  static final Decision UNAVAILABLE = new Decision.Unavailable(RefusalReason.KEYS_UNAVAILABLE);

  final List<Question> questions = new ArrayList<>();
  final List<Consumer<Decision>> answers = new ArrayList<>();
  @Nullable Decision atOnce;
  boolean forwards;
  boolean fails;

  @Override
  public boolean forwardsTokens() {
    return forwards;
  }

  @Override
  public void decide(Question question, Consumer<Decision> answer) {
    if (fails) {
      throw new IllegalStateException("planted");
    }
    questions.add(question);
    Decision now = atOnce;
    if (now == null) {
      answers.add(answer);
    } else {
      answer.accept(now);
    }
  }
}
