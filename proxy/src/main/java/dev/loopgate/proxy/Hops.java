package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Which headers are meant for one connection only and never passed on (RFC 9110, section 7.6.1).
final class Hops {
  private static final Set<String> ALWAYS =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "proxy-authenticate",
          "proxy-authentication-info",
          "proxy-authorization",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "http2-settings");

  private Hops() {}

  /// What `connection` names, lower case.
  static Set<String> namedIn(List<Header> headers) {
    Set<String> named = Set.of();
    for (Header header : headers) {
      if (header.name().equals("connection")) {
        if (named.isEmpty()) {
          named = new HashSet<>();
        }
        for (String token : header.value().split(",", -1)) {
          named.add(token.strip().toLowerCase(Locale.ROOT));
        }
      }
    }
    return named;
  }

  /// Whether the header stays with the connection it came on.
  static boolean keeps(String name, Set<String> named) {
    return ALWAYS.contains(name) || named.contains(name);
  }
}
