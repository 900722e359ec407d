package dev.loopgate.policy;

import java.util.Set;

/// What a token is, whatever it is used for.
sealed interface Verdict {
  /// A good one.
  ///
  /// @param untilMillis when it expires, without leeway
  record Verified(String principal, Set<String> roles, long untilMillis, VerifyingKey key)
      implements Verdict {
    public Verified {
      roles = Set.copyOf(roles);
    }

    /// A cautious guess of what it takes to remember it.
    long bytes() {
      long bytes = 512L + 2L * principal.length();
      for (String role : roles) {
        bytes += 96L + 2L * role.length();
      }
      return bytes;
    }
  }

  /// None, or not for us, or not now.
  record Refused(RefusalReason reason) implements Verdict {}

  /// Signed with a key that is not in the set: newer keys may have it.
  record KeyMissing() implements Verdict {}

  /// It could not be judged.
  record Open(RefusalReason reason) implements Verdict {}
}
