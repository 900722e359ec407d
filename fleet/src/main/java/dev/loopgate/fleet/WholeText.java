package dev.loopgate.fleet;

/// Texts of whole characters: half of a surrogate pair has no bytes in UTF-8, so that what holds
/// one is not what is read back.
final class WholeText {
  /// What a text may be that is not [#isWhole].
  static final String ALLOWED = "whole characters";

  private static final char REPLACEMENT = '\ufffd';

  private WholeText() {}

  /// Whether no surrogate stands alone.
  static boolean isWhole(String text) {
    return text.codePoints().noneMatch(WholeText::isHalf);
  }

  /// Refuses what is longer, has a control character, or is not whole; the text is not shown.
  ///
  /// @throws IllegalArgumentException that says so
  static void check(String what, String text, int lengthMax) {
    if (text.length() > lengthMax
        || text.chars().anyMatch(Character::isISOControl)
        || !isWhole(text)) {
      throw new IllegalArgumentException(
          what
              + ": length="
              + text.length()
              + ", allowed=0 to "
              + lengthMax
              + " whole characters without controls");
    }
  }

  /// The beginning of a text, at most so long and not within a character; a half one is replaced.
  static String cut(String text, int lengthMax) {
    String kept = text;
    if (text.length() > lengthMax) {
      boolean within =
          Character.isSurrogatePair(text.charAt(lengthMax - 1), text.charAt(lengthMax));
      kept = text.substring(0, within ? lengthMax - 1 : lengthMax);
    }
    if (isWhole(kept)) {
      return kept;
    }
    int[] whole = kept.codePoints().map(c -> isHalf(c) ? REPLACEMENT : c).toArray();
    return new String(whole, 0, whole.length);
  }

  private static boolean isHalf(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }
}
