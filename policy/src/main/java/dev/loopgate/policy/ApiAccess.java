package dev.loopgate.policy;

import java.util.Set;

/// What a request asks of the API, and whose roles are enough for it (contract section 8).
public enum ApiAccess {
  /// What needs no token; but one that is there must be good: by this alone a caller finds out.
  ANYBODY,
  /// Reading whatever is no secret.
  READ,
  /// Changing deployments.
  DEPLOY,
  /// Everything else: changing routes and connections, reading secrets.
  ADMINISTER;

  /// The roles of which one is enough; empty when none is needed.
  public Set<String> roles() {
    return switch (this) {
      case ANYBODY -> Set.of();
      case READ -> Set.of(Roles.ADMIN, Roles.DATA_SCIENTIST, Roles.VIEWER);
      case DEPLOY -> Set.of(Roles.ADMIN, Roles.DATA_SCIENTIST);
      case ADMINISTER -> Set.of(Roles.ADMIN);
    };
  }

  boolean isFor(Set<String> held) {
    Set<String> enough = roles();
    return enough.isEmpty() || held.stream().anyMatch(enough::contains);
  }
}
