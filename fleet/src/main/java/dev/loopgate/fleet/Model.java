package dev.loopgate.fleet;

import java.net.URI;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One model that this gateway fronts, as configured.
///
/// @param id `^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`
/// @param url where its server answers: `http://host:port[/base]`, without query, fragment or user
/// @param predictor what kind of server it is
/// @param prefix the route's path prefix without a slash at its end; empty for `/`
/// @param name the model's own name, null to learn it
/// @param version the model's own version, null to learn it
/// @param captured whether its exchanges are kept at all
/// @param bodyBytesMax bytes kept of each direction's body
public record Model(
    String id,
    URI url,
    Predictor predictor,
    String prefix,
    @Nullable String name,
    @Nullable String version,
    boolean captured,
    int bodyBytesMax) {
  /// What an id looks like (contract section 4).
  public static final Pattern ID = Pattern.compile("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");

  public Model {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("model id: value=" + id + ", allowed=" + ID);
    }
    if (!"http".equals(url.getScheme())
        || url.getHost() == null
        || url.getRawQuery() != null
        || url.getRawFragment() != null
        || url.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "model url: value=" + url + ", allowed=http://host:port[/path]");
    }
    if (!prefix.isEmpty() && (!prefix.startsWith("/") || prefix.endsWith("/"))) {
      throw new IllegalArgumentException("model prefix: value=" + prefix + ", allowed=/path or /");
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

  /// Path that stands before every path of the model; empty, or starting but not ending with a slash.
  public String basePath() {
    String path = url.getRawPath();
    return path == null || path.equals("/") ? "" : path.replaceAll("/+$", "");
  }

  /// `host:port`, as records name the replica.
  public String authority() {
    return host() + ":" + port();
  }
}
