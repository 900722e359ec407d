package dev.loopgate.fleet;

import org.jspecify.annotations.Nullable;

/// Which servers are believed over TLS, and who we are to them.
///
/// @param ca path of a PEM file with the authorities that servers are issued by; null for those of
///   the JDK
/// @param serverName whom the server's certificate must name, also sent to it; null for the url's
///   host
/// @param certificate path of a PEM file, our own first, then those it was issued by; null to show
///   none
/// @param key path of the key of `certificate`, PEM, PKCS#8, not encrypted; given with it or not at
///   all
public record ServerTrust(
    @Nullable String ca,
    @Nullable String serverName,
    @Nullable String certificate,
    @Nullable String key) {
  /// The authorities of the JDK, the url's host, no certificate of our own.
  public static final ServerTrust DEFAULT = new ServerTrust(null, null, null, null);

  public ServerTrust {
    if ((certificate == null) != (key == null)) {
      throw new IllegalArgumentException(
          "model tls: one of certificate and key alone, allowed=both or none");
    }
  }
}
