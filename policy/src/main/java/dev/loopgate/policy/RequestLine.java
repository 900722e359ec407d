package dev.loopgate.policy;

import org.jspecify.annotations.Nullable;

/// Which methods and targets are served (RFC 9112, section 3): one rule for whoever judges a
/// request, so that none passes one of them and means something else to another. Any thread.
public final class RequestLine {
  private static final int METHOD_LENGTH_MAX = 32;
  private static final boolean[] TOKEN = new boolean[256];

  static {
    for (char c = '0'; c <= '9'; c++) {
      TOKEN[c] = true;
    }
    for (char c = 'a'; c <= 'z'; c++) {
      TOKEN[c] = true;
      TOKEN[c - 'a' + 'A'] = true;
    }
    for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
      TOKEN[c] = true;
    }
  }

  private RequestLine() {}

  /// Why a request with this method is refused; null when it is not.
  public static @Nullable String wrongMethod(String method) {
    if (!isToken(method) || method.length() > METHOD_LENGTH_MAX) {
      return "the method is malformed";
    }
    return method.equals("CONNECT") || method.equals("TRACE")
        ? "CONNECT and TRACE are not served"
        : null;
  }

  /// Whether a request with this method may ask for `target`: a path and query of visible ASCII,
  /// without a fragment, or `*` of OPTIONS.
  public static boolean isTarget(String target, String method) {
    if (!target.startsWith("/")) {
      return target.equals("*") && method.equals("OPTIONS");
    }
    for (int i = 0; i < target.length(); i++) {
      char c = target.charAt(i);
      if (c <= 0x20 || c >= 0x7f || c == '#') {
        return false;
      }
    }
    return true;
  }

  /// Whether `text` is a token (RFC 9110, section 5.6.2).
  public static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > 0xff || !TOKEN[c]) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /// Whether a token may have this byte, 0 to 255.
  public static boolean isTokenByte(int b) {
    return TOKEN[b];
  }
}
