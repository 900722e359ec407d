package dev.loopgate.xds;

import java.net.InetAddress;
import java.util.regex.Pattern;

/// Where somebody is reached.
///
/// @param host a name or an address; an IPv6 address without its brackets
/// @param port 0 to 65535; 0 only where a system is to choose one to listen at
public record HostPort(String host, int port) {
  private static final int GROUPS = 8; // of an IPv6 address
  private static final Pattern ADDRESS = Pattern.compile("[0-9]+(\\.[0-9]+){3}|.*:.*");

  public HostPort {
    if (host.isEmpty() || port < 0 || port > 65_535) {
      throw new IllegalArgumentException(
          "address: value=" + host + ":" + port + ", allowed=HOST:PORT, port 0 to 65535");
    }
  }

  /// Of a host as a URL has it.
  static HostPort of(String host, int port) {
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    return new HostPort(bracketed ? host.substring(1, host.length() - 1) : host, port);
  }

  /// Whether the host needs no resolver.
  public boolean isAddress() {
    return ADDRESS.matcher(host).matches();
  }

  /// The host as an Envoy reads it in a certificate: it compares texts, and has the shortest one of
  /// an IPv6 address.
  String inCertificates() {
    if (host.indexOf(':') < 0) {
      return host;
    }
    String text;
    try {
      text = InetAddress.ofLiteral(host).getHostAddress().replaceFirst("%.*", "");
    } catch (IllegalArgumentException _) {
      return host; // no address, and in no certificate
    }
    for (int zeros = GROUPS; zeros > 1; zeros--) {
      String shorter = text.replaceFirst("(^|:)0(:0){" + (zeros - 1) + "}(:|$)", "::");
      if (!shorter.equals(text)) {
        return shorter;
      }
    }
    return text;
  }
}
