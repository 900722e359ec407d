package dev.loopgate.fleet;

import java.util.List;

/// What rules say of a spec.
///
/// @param <S> what was declared
/// @param spec what was declared, with defaults filled in
/// @param violations all that is wrong, in the order of the contract; empty when it is accepted
/// @param message the same as one text, as the contract joins it; empty when it is accepted
public record Verdict<S>(S spec, List<Violation> violations, String message) {
  public Verdict {
    violations = List.copyOf(violations);
  }

  /// Whether nothing is wrong.
  public boolean isAccepted() {
    return violations.isEmpty();
  }
}
