package dev.loopgate.proxy;

import java.time.Duration;

/// The check that most settings of this room need.
final class Positive {
  private Positive() {}

  static void check(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + ": value=" + value + ", allowed=more than 0");
    }
  }

  static void check(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + ": value=" + value + ", allowed=1 or more");
    }
  }
}
