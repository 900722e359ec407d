package dev.loopgate.policy;

import java.util.Set;

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
    // A decoded path among OPEN has no dot segments and no empty ones: none of those has.
    String plain = PlainPath.decoded(path);
    return plain != null && OPEN.contains(plain);
  }
}
