package dev.loopgate.xds;

import java.time.Duration;
import java.util.List;

/// What Envoys are told beside the fleet.
///
/// @param listen where these Envoys listen for callers
/// @param door where they reach this gateway's gRPC door
/// @param proxy where they reach its proxy, without TLS
/// @param mutual whether that door asks for a certificate
/// @param tokens whether callers are asked for tokens: then Envoy asks the door, and fails closed
/// @param modelCa path of a PEM file on the Envoys' own machines: the authorities of models over TLS
///   that name none
/// @param ownPaths what the proxy answers itself, where a model is reached at `/`
/// @param timeouts of models that have none of their own
public record XdsConfig(
    HostPort listen,
    HostPort door,
    HostPort proxy,
    boolean mutual,
    boolean tokens,
    String modelCa,
    List<String> ownPaths,
    Timeouts timeouts) {
  public XdsConfig {
    ownPaths = List.copyOf(ownPaths);
  }

  /// How long a model may take.
  ///
  /// @param connect to make a connection
  /// @param idle without a byte in either direction, the wait for the first one included
  /// @param total from the request's end to the answer's
  public record Timeouts(Duration connect, Duration idle, Duration total) {}
}
