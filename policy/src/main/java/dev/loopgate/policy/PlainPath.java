package dev.loopgate.policy;

import org.jspecify.annotations.Nullable;

/// A path that can be understood in one way only.
final class PlainPath {
  private PlainPath() {}

  /// The path with what needs no encoding decoded.
  ///
  /// @return null when an encoding is none, or stands for what could divide or end a path: a slash,
  ///   a backslash, a percent sign, a control character
  static @Nullable String decoded(String path) {
    if (path.indexOf('%') < 0) {
      return path;
    }
    StringBuilder plain = new StringBuilder(path.length());
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '%') {
        if (i + 2 >= path.length()) {
          return null;
        }
        int high = Character.digit(path.charAt(i + 1), 16);
        int low = Character.digit(path.charAt(i + 2), 16);
        c = (char) (high << 4 | low);
        if (high < 0 || low < 0 || !isUnreserved(c)) {
          return null;
        }
        i += 2;
      }
      plain.append(c);
    }
    return plain.toString();
  }

  /// The same where in addition no segment can be taken away or added by who normalises: no dots,
  /// no empty one but a last, no parameters, no backslash.
  static @Nullable String normal(String path) {
    String plain = decoded(path);
    if (plain == null
        || !plain.startsWith("/")
        || plain.contains("//")
        || plain.indexOf(';') >= 0
        || plain.indexOf('\\') >= 0) {
      return null;
    }
    String slashed = plain + "/";
    return slashed.contains("/./") || slashed.contains("/../") ? null : plain;
  }

  private static boolean isUnreserved(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "-._~".indexOf(c) >= 0;
  }
}
