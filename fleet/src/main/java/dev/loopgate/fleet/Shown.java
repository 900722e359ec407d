package dev.loopgate.fleet;

/// What a caller sent, as a message may show it: one line, bounded.
public final class Shown {
  /// Characters that are shown.
  static final int LENGTH_MAX = 256;

  private Shown() {}

  /// `value`, cut, with what no reader sees as an escape.
  public static String of(String value) {
    StringBuilder shown = new StringBuilder(Math.min(value.length(), LENGTH_MAX) + 8);
    int end = Math.min(value.length(), LENGTH_MAX);
    for (int i = 0; i < end; i++) {
      char c = value.charAt(i);
      if (isPlain(c)) {
        shown.append(c);
      } else {
        shown.append(String.format("\\u%04x", (int) c));
      }
    }
    return value.length() > LENGTH_MAX ? shown.append("...").toString() : shown.toString();
  }

  private static boolean isPlain(char c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
