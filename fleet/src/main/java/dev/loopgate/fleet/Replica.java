package dev.loopgate.fleet;

import java.net.URI;

/// One server that answers for a model.
///
/// @param url where it answers: `http://host:port[/base]`, without query, fragment or user
public record Replica(URI url) {
  public Replica {
    if (!isServer(url)) {
      throw new IllegalArgumentException(
          "model url: value=" + url + ", allowed=http://host:port[/path]");
    }
  }

  /// Host of the server.
  public String host() {
    return url.getHost();
  }

  /// Port of the server; 80 when the url names none.
  public int port() {
    return url.getPort() < 0 ? 80 : url.getPort();
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

  private static boolean isServer(URI url) {
    return "http".equals(url.getScheme())
        && url.getHost() != null
        && url.getPort() != 0
        && url.getPort() <= 65_535
        && url.getRawQuery() == null
        && url.getRawFragment() == null
        && url.getRawUserInfo() == null;
  }
}
