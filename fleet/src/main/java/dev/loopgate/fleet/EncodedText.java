package dev.loopgate.fleet;

import java.util.Optional;

/// Base64 with padding, in which lines may be broken, as the original reads it.
final class EncodedText {
  private static final int GROUP = 4;

  private EncodedText() {}

  /// What is wrong with `text`, empty when nothing is. The text itself is no part of it.
  static Optional<String> problem(String text) {
    int letters = 0;
    int padding = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\r' || c == '\n') {
        continue;
      }
      boolean pads = c == '=' && letters % GROUP >= 2 && letters % GROUP + padding < GROUP;
      if (pads) {
        padding++;
      } else if (isLetter(c) && padding == 0) {
        letters++;
      } else {
        return Optional.of(at(i));
      }
    }
    int over = letters % GROUP;
    boolean whole = over == 0 ? padding == 0 : over + padding == GROUP;
    return whole ? Optional.empty() : Optional.of(at(text.length()));
  }

  private static String at(int offset) {
    return "illegal base64 data at input byte " + offset;
  }

  private static boolean isLetter(char c) {
    return (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9')
        || c == '+'
        || c == '/';
  }
}
