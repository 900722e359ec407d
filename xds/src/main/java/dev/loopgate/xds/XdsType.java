package dev.loopgate.xds;

import io.envoyproxy.controlplane.cache.Resources;
import org.jspecify.annotations.Nullable;

/// What is served, in the order in which Envoys must hear of it.
public enum XdsType {
  /// Whom to ask.
  CLUSTERS("clusters", Resources.V3.CLUSTER_TYPE_URL),
  /// Where they answer.
  ENDPOINTS("endpoints", Resources.V3.ENDPOINT_TYPE_URL),
  /// Where callers come.
  LISTENERS("listeners", Resources.V3.LISTENER_TYPE_URL),
  /// Which request goes where.
  ROUTES("routes", Resources.V3.ROUTE_TYPE_URL);

  private final String word;
  private final String url;

  XdsType(String word, String url) {
    this.word = word;
    this.url = url;
  }

  /// As metrics name it.
  public String word() {
    return word;
  }

  /// The type of this URL, null when it is not served.
  static @Nullable XdsType ofUrl(String url) {
    for (XdsType type : values()) {
      if (type.url.equals(url)) {
        return type;
      }
    }
    return null;
  }
}
