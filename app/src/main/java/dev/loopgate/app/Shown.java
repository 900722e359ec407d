package dev.loopgate.app;

import dev.loopgate.fleet.EditDistance;
import java.util.List;
import java.util.Map;

/// Words of somebody else in a line of ours: quoted, short, and never a second line.
final class Shown {
  private static final int LENGTH_MAX = 80;

  private Shown() {}

  /// `text` in quotes, control characters escaped, cut after 80 characters.
  static String of(String text) {
    StringBuilder shown = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      if (i == LENGTH_MAX) {
        shown.append("...");
        break;
      }
      char c = text.charAt(i);
      if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
        shown.append(String.format("\\u%04x", (int) c));
      } else {
        shown.append(c);
      }
    }
    return shown.append('"').toString();
  }

  /// A text in quotes; a list or mapping by its kind.
  static String of(Raw raw) {
    return switch (raw) {
      case Raw.Text(String _, String text) -> of(text);
      case Raw.Items(String _, List<Raw> items) -> "(a list of " + items.size() + ")";
      case Raw.Fields(String _, Map<String, Raw> fields) -> "(a mapping of " + fields.size() + ")";
    };
  }

  /// The nearest of `known` words as a question, or nothing when none is near.
  static String didYouMean(String word, Iterable<String> known) {
    if (word.length() > LENGTH_MAX) {
      return ""; // long words are never near
    }
    String nearest = "";
    int least = Math.max(2, word.length() / 3) + 1;
    for (String candidate : known) {
      int distance = EditDistance.of(word, candidate);
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest.isEmpty() ? "" : "; did you mean " + nearest + "?";
  }
}
