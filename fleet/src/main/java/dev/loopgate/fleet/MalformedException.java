package dev.loopgate.fleet;

import java.util.List;
import java.util.stream.Collectors;

/// What was declared can't be read; the message says all of why, joined with `; `.
public final class MalformedException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient List<Violation> violations;

  MalformedException(List<Violation> violations) {
    super(violations.stream().map(Violation::message).collect(Collectors.joining("; ")));
    this.violations = List.copyOf(violations);
  }

  /// All that is wrong, at most [FieldReader#VIOLATIONS_MAX] of it.
  public List<Violation> violations() {
    return violations;
  }
}
