package dev.loopgate.capture;

import java.util.ArrayList;
import java.util.List;

/// One field of JSON bodies that is never kept as it is.
///
/// @param pointer a JSON pointer (RFC 6901) of 1 to [#DEPTH_MAX] steps, at most [#LENGTH_MAX]
///   characters; a step `*` is any key and any index
/// @param dropped the member or element goes; else its value becomes [Redaction#MASK]
public record FieldRule(String pointer, boolean dropped) {
  /// The most steps of a pointer.
  public static final int DEPTH_MAX = 32;

  /// The longest pointer.
  public static final int LENGTH_MAX = 1_024;

  public FieldRule {
    steps(pointer);
  }

  /// The keys and indices on the way, unescaped.
  List<String> steps() {
    return steps(pointer);
  }

  private static List<String> steps(String pointer) {
    if (!pointer.startsWith("/") || pointer.length() > LENGTH_MAX) {
      throw refused(pointer);
    }
    List<String> steps = new ArrayList<>();
    for (String escaped : pointer.substring(1).split("/", -1)) {
      for (int tilde = escaped.indexOf('~'); tilde >= 0; tilde = escaped.indexOf('~', tilde + 1)) {
        if (!escaped.startsWith("~0", tilde) && !escaped.startsWith("~1", tilde)) {
          throw refused(pointer);
        }
      }
      steps.add(escaped.replace("~1", "/").replace("~0", "~")); // in this order: ~01 is ~1
    }
    if (steps.size() > DEPTH_MAX) {
      throw refused(pointer);
    }
    return steps;
  }

  private static IllegalArgumentException refused(String pointer) {
    return new IllegalArgumentException(
        "pointer: length="
            + pointer.length()
            + ", allowed=/ before each of 1 to "
            + DEPTH_MAX
            + " steps, ~0 for ~ and ~1 for / in them, at most "
            + LENGTH_MAX
            + " characters");
  }
}
