package dev.loopgate.proxy;

/// Why a connection was closed that should have begun with a header of the PROXY protocol.
public enum ProxyHeaderFault {
  /// It began with something else.
  MISSING("missing"),
  /// It began with a header that breaks the protocol's rules.
  MALFORMED("malformed"),
  /// The header is longer than is taken.
  TOO_LONG("too_long"),
  /// The header's own checksum is another.
  CHECKSUM("checksum"),
  /// The header did not arrive in time.
  LATE("late"),
  /// The connection came from an address that may not say who is behind it.
  UNTRUSTED_PEER("untrusted_peer");

  private final String word;

  ProxyHeaderFault(String word) {
    this.word = word;
  }

  /// For metrics and logs.
  public String word() {
    return word;
  }
}
