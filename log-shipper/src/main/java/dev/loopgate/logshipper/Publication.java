package dev.loopgate.logshipper;

/// What a store proved about one key after it was asked to publish a file there. Silence proves
/// nothing: it is an `IOException`, and the same key is asked again.
public enum Publication {
  /// The object is there now, whole and durable, and this call made it.
  PUBLISHED,
  /// The object is there, and it is this very file: an earlier call made it.
  PUBLISHED_BEFORE,
  /// Another owner has the key. Only this allows the next number.
  TAKEN
}
