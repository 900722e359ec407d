package dev.loopgate.spool;

import java.util.HexFormat;

/// File names that are numbers: 16 lower-case hex digits, so that names sort as numbers do.
final class HexName {
  private static final int DIGITS = 16;

  private HexName() {}

  static String of(long number) {
    return HexFormat.of().toHexDigits(number);
  }

  /// The number, -1 when this is no such name.
  static long parse(String name, String suffix) {
    if (name.length() != DIGITS + suffix.length() || !name.endsWith(suffix)) {
      return -1;
    }
    for (int i = 0; i < DIGITS; i++) {
      if (Character.digit(name.charAt(i), 16) < 0) {
        return -1;
      }
    }
    return HexFormat.fromHexDigitsToLong(name, 0, DIGITS);
  }
}
