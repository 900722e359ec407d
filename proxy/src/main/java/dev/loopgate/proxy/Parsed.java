package dev.loopgate.proxy;

import java.util.function.Function;

/// What came of reading a head.
sealed interface Parsed<T> {
  /// Understands a whole head; what is none stays as it is.
  default <U> Parsed<U> then(Function<T, Parsed<U>> understood) {
    return switch (this) {
      case More<T> _ -> new More<>();
      case Refused<T>(int status, String reason) -> new Refused<>(status, reason);
      case Got<T>(T value) -> understood.apply(value);
    };
  }

  /// The bytes so far are right, but not all have come.
  record More<T>() implements Parsed<T> {}

  /// A whole and correct head.
  record Got<T>(T value) implements Parsed<T> {}

  /// Not the HTTP that we take.
  ///
  /// @param status what a caller is answered
  /// @param reason for the reply, in our own words: nothing of what was sent
  record Refused<T>(int status, String reason) implements Parsed<T> {}
}
