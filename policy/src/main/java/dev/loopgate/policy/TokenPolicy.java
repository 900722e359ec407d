package dev.loopgate.policy;

import java.util.List;
import java.util.function.Consumer;

/// The policy of signed tokens: who has a good one may do what its roles may (contract section 8).
/// Any thread.
///
/// A token that was verified before costs a hash and a look-up, on the caller's thread; any other
/// is verified on threads of this room. Whatever can't be decided is refused.
public final class TokenPolicy implements Policy, AutoCloseable {
  /// A longer token is none.
  static final int TOKEN_LENGTH_MAX = 16 << 10;

  private static final String SCHEME = "Bearer ";

  private final PolicyConfig config;
  private final PolicyEvents events;
  private final KeySource source;
  private final Keyring keyring;
  private final Judgments judgments;

  private TokenPolicy(
      PolicyConfig config, KeySource source, KeySet keys, PolicyTime time, PolicyEvents events) {
    this.config = config;
    this.events = events;
    this.source = source;
    PolicyConfig.Freshness freshness = config.freshness();
    this.keyring =
        new Keyring(
            source, keys, new Keyring.Pace(freshness.pause(), freshness.stale()), time, events);
    this.judgments =
        new Judgments(
            new TokenReader(config.expected()),
            keyring,
            new TokenCache(config.cacheBytesMax()),
            time,
            events);
  }

  /// Opens the policy. Keys of a file are there when this returns; those of a URL are read from now
  /// on, and until they are there nobody passes.
  ///
  /// @throws KeysRefusedException when the file's keys can't be used; the message names it
  public static TokenPolicy open(PolicyConfig config, PolicyTime time, PolicyEvents events)
      throws KeysRefusedException {
    KeySource source = config.source();
    KeySet keys = config.keysAtStart(source);
    TokenPolicy policy = new TokenPolicy(config, source, keys, time, events);
    if (!keys.isEmpty()) {
      events.keysRead(keys.size(), true);
    }
    policy.keyring.start();
    return policy;
  }

  @Override
  public boolean forwardsTokens() {
    return config.forwards();
  }

  @Override
  public void decide(Question question, Consumer<Decision> answer) {
    if (question.target() instanceof Question.ToModel
        && isOpen(question.method(), question.path())) {
      answer.accept(Decision.Allowed.ANYBODY);
      return;
    }
    List<String> values = question.authorization();
    if (values.size() > 1) {
      tell(new Decision.Unauthorized(RefusalReason.MALFORMED), answer);
      return;
    }
    String value = values.isEmpty() ? "" : values.getFirst();
    if (!value.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      if (question.target() instanceof Question.ToApi(ApiAccess access)
          && access == ApiAccess.ANYBODY) {
        answer.accept(Decision.Allowed.ANYBODY);
        return;
      }
      tell(new Decision.Unauthorized(RefusalReason.NO_TOKEN), answer);
      return;
    }
    String token = value.substring(SCHEME.length()).strip();
    if (!isToken(token)) {
      tell(new Decision.Unauthorized(RefusalReason.MALFORMED), answer);
      return;
    }
    judgments.judge(
        TokenDigest.of(token), token, verdict -> tell(decisionOf(question, verdict), answer));
  }

  /// Decides nothing any more: whatever is asked from now on is refused.
  @Override
  public void close() {
    keyring.close();
    judgments.close();
    if (source instanceof KeyUrl url) {
      url.close();
    }
  }

  private void tell(Decision decision, Consumer<Decision> answer) {
    switch (decision) {
      case Decision.Allowed _ -> {}
      case Decision.Unauthorized(RefusalReason reason) -> events.refused(reason);
      case Decision.Forbidden(RefusalReason reason) -> events.refused(reason);
      case Decision.Unavailable(RefusalReason reason) -> events.refused(reason);
    }
    answer.accept(decision);
  }

  private static Decision decisionOf(Question question, Verdict verdict) {
    return switch (verdict) {
      case Verdict.Verified good -> decisionOf(question, good);
      case Verdict.Refused(RefusalReason reason) -> new Decision.Unauthorized(reason);
      case Verdict.Open(RefusalReason reason) -> new Decision.Unavailable(reason);
      case Verdict.KeyMissing() -> new Decision.Unauthorized(RefusalReason.UNKNOWN_KEY);
    };
  }

  private static Decision decisionOf(Question question, Verdict.Verified good) {
    return switch (question.target()) {
      case Question.ToModel(var role, var paths) -> {
        if (!Roles.mayCall(good.roles(), role)) {
          yield new Decision.Forbidden(RefusalReason.ROLE);
        }
        yield paths.allow(question.method(), question.path())
            ? new Decision.Allowed(good.principal(), good.roles())
            : new Decision.Forbidden(RefusalReason.PATH);
      }
      case Question.ToFeedback() -> ofRoles(Roles.mayGiveFeedback(good.roles()), good);
      case Question.ToApi(ApiAccess access) -> ofRoles(access.isFor(good.roles()), good);
    };
  }

  private static Decision ofRoles(boolean enough, Verdict.Verified good) {
    return enough
        ? new Decision.Allowed(good.principal(), good.roles())
        : new Decision.Forbidden(RefusalReason.ROLE);
  }

  // Of these characters alone: others would be passed over by who decodes, and one token be many.
  private static boolean isToken(String token) {
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!plain && c != '-' && c != '_' && c != '.') {
        return false;
      }
    }
    return !token.isEmpty() && token.length() <= TOKEN_LENGTH_MAX;
  }
}
