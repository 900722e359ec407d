package dev.loopgate.fleet;

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

  /// It may not be; the message is for the caller.
  record Refused<S, T>(String message) implements Written<S, T> {}
}
