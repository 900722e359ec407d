package dev.loopgate.fleet;

import java.util.Optional;

/// What became of a write.
///
/// @param <S> what was declared
/// @param <T> what is observed
public sealed interface Written<S, T> {
  /// It is kept, durably.
  ///
  /// @param declared as it is now; of a deletion, as it was
  record Kept<S, T>(Declared<S, T> declared) implements Written<S, T> {}

  /// There is one with this id.
  record Exists<S, T>(Declared<S, T> declared) implements Written<S, T> {}

  /// There is none with this id.
  record Missing<S, T>() implements Written<S, T> {}

  /// There is another version than the expected one.
  record Stale<S, T>(Declared<S, T> declared) implements Written<S, T> {}

  /// It may not be, and nothing was changed.
  ///
  /// @param message for the caller
  record Refused<S, T>(Reason reason, String message) implements Written<S, T> {}

  /// Why a write is refused.
  enum Reason {
    /// It is a default route, which comes and goes with its deployment.
    DEFAULT_ROUTE,
    /// There are [DeclaredStore#COUNT_MAX] of its kind.
    TOO_MANY,
    /// It would be larger than [DeclaredStore#BYTES_MAX], or with what is observed of it than
    /// [DeclaredStore#KEPT_BYTES_MAX].
    TOO_LARGE,
    /// It is a vital connection, which stays.
    VITAL,
    /// What was read back would not be what was written.
    UNREADABLE
  }

  /// Why it can't be replaced, for stores; empty when it can.
  static <S, T> Optional<Written<S, T>> refusalOfUpdate(Declared<S, T> object) {
    return RouteRules.refusalOfUpdate(object)
        .map(message -> new Refused<>(Reason.DEFAULT_ROUTE, message));
  }

  /// Why it can't be marked or deleted, for stores; empty when it can.
  static <S, T> Optional<Written<S, T>> refusalOfDeletion(Declared<S, T> object) {
    if (object.kind() == Kind.CONNECTION) {
      return ConnectionRules.refusalOfDeletion(Kind.CONNECTION.cast(object))
          .map(message -> new Refused<>(Reason.VITAL, message));
    }
    return RouteRules.refusalOfDeletion(object)
        .map(message -> new Refused<>(Reason.DEFAULT_ROUTE, message));
  }

  /// That it can't be kept as it is.
  static <S, T> Written<S, T> tooLarge(Kind<S, T> kind, int bytesMax) {
    return new Refused<>(Reason.TOO_LARGE, kind + " is larger than " + bytesMax + " bytes");
  }

  /// That it would not be read back as it is.
  static <S, T> Written<S, T> unreadable(Kind<S, T> kind) {
    return new Refused<>(
        Reason.UNREADABLE,
        kind + " could not be read again once it is kept: allowed=texts of " + WholeText.ALLOWED);
  }
}
