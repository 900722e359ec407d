package dev.loopgate.xds;

import java.time.Duration;
import java.util.List;

/// What Envoys are told beside the fleet.
///
/// @param listen where these Envoys listen for callers
/// @param door where they reach this gateway's gRPC door
/// @param proxy where they reach its proxy, without TLS
/// @param mutual whether that door asks for a certificate
/// @param tokens what becomes of callers' tokens
/// @param modelCa path of a PEM file on the Envoys' own machines: the authorities of models over
///   TLS that name none
/// @param ownPaths what the proxy answers itself, whatever else is reached at `/`
/// @param timeouts of models that have none of their own
public record XdsConfig(
    HostPort listen,
    HostPort door,
    HostPort proxy,
    boolean mutual,
    Tokens tokens,
    String modelCa,
    List<String> ownPaths,
    Timeouts timeouts) {
  public XdsConfig {
    ownPaths = List.copyOf(ownPaths);
  }

  /// What becomes of callers' tokens.
  public enum Tokens {
    /// Nobody is asked for one: Envoys depend on nobody.
    NOT_ASKED,
    /// Envoys ask the door, and fail closed; models see no token that was verified.
    TAKEN_OFF,
    /// The same, and models see it.
    PASSED_ON
  }

  /// Whether Envoys ask the door who may pass.
  boolean asksTokens() {
    return tokens != Tokens.NOT_ASKED;
  }

  /// How long a model may take.
  ///
  /// @param connect to make a connection
  /// @param firstByte until the answer begins
  /// @param idle without a byte in the middle of an answer
  /// @param total from the request's end to the answer's
  /// @param unused of a connection, until it is closed
  public record Timeouts(
      Duration connect, Duration firstByte, Duration idle, Duration total, Duration unused) {}
}
