package dev.loopgate.fleet;

import java.net.URI;

/// One server that answers for a model.
///
/// @param url where it answers: `http[s]://host:port[/base]`, without query, fragment or user
public record Replica(URI url) {
  public Replica {
    if (!isServer(url)) {
      throw new IllegalArgumentException(
          "model url: value=" + url + ", allowed=http[s]://host:port[/path]");
    }
  }

  /// Host of the server.
  public String host() {
    return url.getHost();
  }

  /// Port of the server; the scheme's when the url names none.
  public int port() {
    return url.getPort() < 0 ? schemePort() : url.getPort();
  }

  /// Whether it is reached over TLS.
  public boolean isSecure() {
    return "https".equals(url.getScheme());
  }

  /// `http` or `https`.
  public String scheme() {
    return url.getScheme();
  }

  /// Path that stands before every path of the model; empty, or starting but not ending with a
  /// slash.
  public String basePath() {
    String path = url.getRawPath();
    int end = path == null ? 0 : path.length();
    while (end > 0 && path.charAt(end - 1) == '/') {
      end--;
    }
    return end == 0 ? "" : path.substring(0, end);
  }

  /// `host:port`, as records name the replica.
  public String authority() {
    return host() + ":" + port();
  }

  /// As requests to it name it: without the port if it is the scheme's.
  public String hostHeader() {
    return port() == schemePort() ? host() : authority();
  }

  private int schemePort() {
    return isSecure() ? 443 : 80;
  }

  private static boolean isServer(URI url) {
    return ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
        && url.getHost() != null
        && url.getPort() != 0
        && url.getPort() <= 65_535
        && url.getRawQuery() == null
        && url.getRawFragment() == null
        && url.getRawUserInfo() == null;
  }
}
