package dev.loopgate.app;

import dev.loopgate.capture.FieldRule;
import dev.loopgate.fleet.SecretField;
import java.util.Set;

/// A field of JSON bodies that somebody wants never to be kept as it is.
///
/// @param rule what, and whether it is masked or dropped
/// @param sides the words of where it is looked for: `request`, `response`, `feedback`
record RedactedField(FieldRule rule, Set<String> sides) {
  static final String REQUEST = "request";
  static final String RESPONSE = "response";
  static final String FEEDBACK = "feedback";

  RedactedField {
    sides = Set.copyOf(sides);
  }

  /// Whether feedback is looked through for it.
  boolean inFeedback() {
    return sides.contains(FEEDBACK);
  }

  /// What a model is to know of it.
  SecretField ofModel() {
    return new SecretField(
        rule.pointer(), rule.dropped(), sides.contains(REQUEST), sides.contains(RESPONSE));
  }
}
