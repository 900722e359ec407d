package dev.loopgate.logshipper;

import java.net.URI;
import java.net.URISyntaxException;

/// A Fluentd, or whatever else takes its forward protocol.
///
/// @param host a name or an address, IPv6 without brackets
/// @param port 1..65535
/// @param secure over TLS
public record FluentdAddress(String host, int port, boolean secure) implements Destination {
  /// What an address looks like.
  static final String ALLOWED = "fluentd://host:24224, or fluentd+tls://host:24224 over TLS";

  private static final String PLAIN = "fluentd";
  private static final String TLS = "fluentd+tls";
  private static final int PORT = 24224;
  private static final int PORT_MAX = 65_535;

  /// Whether `text` begins like an address, right or wrong.
  static boolean isMeant(String text) {
    return text.startsWith(PLAIN + ':') || text.startsWith(TLS + ':');
  }

  /// The address that `text` names.
  ///
  /// @throws IllegalArgumentException when it is none; the message says what is allowed
  static FluentdAddress parse(String text) {
    try {
      URI uri = new URI(text).parseServerAuthority();
      String host = uri.getHost();
      boolean bare =
          uri.getUserInfo() == null
              && uri.getQuery() == null
              && uri.getFragment() == null
              && (uri.getPath() == null || uri.getPath().isEmpty() || uri.getPath().equals("/"));
      int port = uri.getPort() < 0 ? PORT : uri.getPort();
      if (host == null || !bare || port < 1 || port > PORT_MAX) {
        throw new IllegalArgumentException(ALLOWED);
      }
      String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      return new FluentdAddress(name, port, uri.getScheme().equals(TLS));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(ALLOWED, e);
    }
  }

  @Override
  public String toString() {
    String shown = host.indexOf(':') < 0 ? host : '[' + host + ']';
    return (secure ? TLS : PLAIN) + "://" + shown + ':' + port;
  }
}
