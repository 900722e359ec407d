package dev.loopgate.extproc;

import dev.loopgate.capture.AlwaysKept;
import dev.loopgate.capture.BodyRules;
import dev.loopgate.capture.FieldRule;
import dev.loopgate.fleet.KeepRules;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.SecretField;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/// What [Kept] says of a model's exchanges, made ready for them. Immutable, any thread.
///
/// @param request fields of the request's body that are never kept
/// @param response fields of the response's body that are never kept
/// @param always which exchanges are kept whatever the sampling says
record ObservedRules(BodyRules request, BodyRules response, AlwaysKept always) {
  /// Bodies are kept as they are, and the sampling alone decides.
  static final ObservedRules NONE =
      new ObservedRules(BodyRules.NONE, BodyRules.NONE, AlwaysKept.NONE);

  static ObservedRules of(Kept kept) {
    if (kept.isPlain()) {
      return NONE;
    }
    KeepRules always = kept.always();
    Duration slowerThan = always.slowerThan();
    return new ObservedRules(
        bodies(kept.secretFields(), SecretField::inRequest),
        bodies(kept.secretFields(), SecretField::inResponse),
        new AlwaysKept(
            always.statuses(),
            always.endings(),
            slowerThan == null ? Long.MAX_VALUE : slowerThan.toNanos(),
            always.headers()));
  }

  private static BodyRules bodies(List<SecretField> fields, Predicate<SecretField> there) {
    return new BodyRules(
        fields.stream()
            .filter(there)
            .map(field -> new FieldRule(field.pointer(), field.dropped()))
            .toList());
  }
}
