package dev.loopgate.proxy;

/// What came of reading a head.
sealed interface Parsed<T> {
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
