package dev.loopgate.api;

import dev.loopgate.fleet.Declared;
import java.util.HashSet;
import java.util.Set;

/// The entity tags of an `If-Match` or `If-None-Match` (RFC 9110, section 13.1). The tag of what is
/// declared is its version. What is malformed names no tag.
///
/// @param any whether it is `*`
/// @param strong the tags without `W/`
/// @param weak those with it
record EntityTags(boolean any, Set<String> strong, Set<String> weak) {
  EntityTags {
    strong = Set.copyOf(strong);
    weak = Set.copyOf(weak);
  }

  /// The tag of what is declared, as a header has it.
  static String of(Declared<?, ?> declared) {
    return '"' + Long.toString(declared.version()) + '"';
  }

  static EntityTags parse(String header) {
    Set<String> strong = new HashSet<>();
    Set<String> weak = new HashSet<>();
    int at = next(header, 0);
    while (at < header.length()) {
      boolean isWeak = header.startsWith("W/", at);
      int open = isWeak ? at + 2 : at;
      int close = open < header.length() ? header.indexOf('"', open + 1) : -1;
      if (close < 0 || header.charAt(open) != '"') {
        break; // of what is malformed nothing behind it is believed
      }
      (isWeak ? weak : strong).add(header.substring(open + 1, close));
      at = next(header, close + 1);
    }
    return new EntityTags(header.strip().equals("*"), strong, weak);
  }

  /// As a write asks: the very same, so nothing weak.
  boolean hasStrong(Declared<?, ?> declared) {
    return any || strong.contains(Long.toString(declared.version()));
  }

  /// As a read asks.
  boolean has(Declared<?, ?> declared) {
    return hasStrong(declared) || weak.contains(Long.toString(declared.version()));
  }

  private static int next(String header, int from) {
    int at = from;
    while (at < header.length() && " \t,".indexOf(header.charAt(at)) >= 0) {
      at++;
    }
    return at;
  }
}
