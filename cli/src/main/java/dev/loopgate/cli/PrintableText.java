package dev.loopgate.cli;

/// Text of others as a terminal may have it: no character of control gets through.
final class PrintableText {
  private PrintableText() {}

  /// In one line.
  static String line(String text) {
    return without(text, false);
  }

  /// In as many lines as it has; tabs stay, too.
  static String lines(String text) {
    return without(text, true);
  }

  /// In one line of so many characters at most.
  static String line(String text, int lengthMax) {
    String line = line(text);
    return line.length() <= lengthMax ? line : line.substring(0, lengthMax) + "...";
  }

  private static String without(String text, boolean lines) {
    StringBuilder clean = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean kept = !Character.isISOControl(c) || (lines && (c == '\n' || c == '\t'));
      clean.append(kept ? c : '?');
    }
    return clean.toString();
  }
}
