package dev.loopgate.proxy;

import java.util.List;

/// What stands between callers and the first door, how far it is believed, and what models are told
/// of it.
///
/// @param proxyProtocol whether each connection begins with a header of the PROXY protocol
/// @param proxyProtocolPeers who may connect then; empty for anybody
/// @param trustedHops how many proxies in front are believed what they say in the headers of
///   `forwarding`, counted from this door outwards: 0 for none, [#ALL_HOPS] for whatever is said
/// @param forwarding in which headers models are told of the caller
/// @param trace what becomes of a request without a valid `traceparent`
public record Edge(
    ProxyProtocol proxyProtocol,
    List<AddressRange> proxyProtocolPeers,
    int trustedHops,
    Forwarding forwarding,
    Trace trace) {
  /// Whether connections begin with who is behind them.
  public enum ProxyProtocol {
    /// They begin with a request, or with TLS.
    OFF,
    /// They begin with a header of version 1 or 2; one that does not is closed.
    REQUIRED
  }

  /// What becomes of a request that is in no trace (W3C Trace Context).
  public enum Trace {
    /// It is passed on as it came.
    PASS,
    /// A trace is begun for it.
    MAKE
  }

  /// Everybody in front is believed everything.
  public static final int ALL_HOPS = Integer.MAX_VALUE;

  /// More proxies in a row than anybody has.
  public static final int HOPS_MAX = 16;

  /// No PROXY protocol, everything believed, `x-forwarded-*`, traces as they come.
  public static final Edge DEFAULT =
      new Edge(ProxyProtocol.OFF, List.of(), ALL_HOPS, Forwarding.X_FORWARDED, Trace.PASS);

  public Edge {
    proxyProtocolPeers = List.copyOf(proxyProtocolPeers);
    if (trustedHops != ALL_HOPS && (trustedHops < 0 || trustedHops > HOPS_MAX)) {
      throw new IllegalArgumentException(
          "trusted hops: value=" + trustedHops + ", allowed=0.." + HOPS_MAX + " or all");
    }
  }

  boolean believesAll() {
    return trustedHops == ALL_HOPS;
  }
}
