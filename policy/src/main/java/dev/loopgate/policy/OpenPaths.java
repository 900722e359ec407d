package dev.loopgate.policy;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The paths of a model that anybody may read: health and metrics.
///
/// Everything else needs a token, so whatever may be understood in two ways is not open: a dot
/// segment, an empty one, parameters, an encoded slash, a backslash, encoding in encoding.
final class OpenPaths {
  private static final Set<String> OPEN =
      Set.of("/healthz", "/healthcheck", "/metrics", "/v2/health/live", "/v2/health/ready");
  private static final int LENGTH_MAX = 3 * "/v2/health/ready".length(); // each character encoded

  private OpenPaths() {}

  static boolean isOpen(String method, String path) {
    if ((!method.equals("GET") && !method.equals("HEAD")) || path.length() > LENGTH_MAX) {
      return false;
    }
    String plain = decoded(path);
    return plain != null && OPEN.contains(plain);
  }

  // A decoded path among OPEN has no dot segments and no empty ones: none of those has.
  private static @Nullable String decoded(String path) {
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

  private static boolean isUnreserved(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "-._~".indexOf(c) >= 0;
  }
}
