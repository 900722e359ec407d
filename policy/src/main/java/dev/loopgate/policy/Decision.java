package dev.loopgate.policy;

import java.util.Set;

/// What is decided of a request.
public sealed interface Decision {
  /// It may pass.
  ///
  /// @param principal the token's subject; empty when it names none, or no token was needed
  /// @param roles of the token; empty when no token was needed
  record Allowed(String principal, Set<String> roles) implements Decision {
    /// Who needs no token.
    static final Allowed ANYBODY = new Allowed("", Set.of());

    public Allowed {
      roles = Set.copyOf(roles);
    }
  }

  /// There is no token, or no good one: 401.
  record Unauthorized(RefusalReason reason) implements Decision {
    /// Whether a token was there.
    public boolean hadToken() {
      return reason != RefusalReason.NO_TOKEN;
    }
  }

  /// A good token, but its roles are not enough, or nobody may: 403.
  record Forbidden(RefusalReason reason) implements Decision {}

  /// The token can't be judged at the moment, so the request does not pass: 503.
  record Unavailable(RefusalReason reason) implements Decision {}
}
