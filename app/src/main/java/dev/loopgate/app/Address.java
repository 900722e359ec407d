package dev.loopgate.app;

/// Where a door listens. Port 0 lets the system choose.
///
/// @param host a name or an address; an IPv6 address without its brackets
/// @param port 0 to 65535
record Address(String host, int port) {
  /// What is allowed, for messages.
  static final String ALLOWED = "HOST:PORT, port 0 to 65535, like 127.0.0.1:8080 or [::1]:8080";

  /// @throws NotAllowedException when `text` is no address
  static Address parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      throw new NotAllowedException(ALLOWED);
    }
    String host = text.substring(0, colon);
    String port = text.substring(colon + 1);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw new NotAllowedException(ALLOWED);
    }
    if (!host.matches("[A-Za-z0-9._:%-]{1,253}") || !port.matches("[0-9]{1,5}")) {
      throw new NotAllowedException(ALLOWED);
    }
    int number = Integer.parseInt(port);
    if (number > 65535) {
      throw new NotAllowedException(ALLOWED);
    }
    return new Address(host, number);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
