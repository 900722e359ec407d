package dev.loopgate.proxy;

import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.Ending;

/// Everything the proxy tells the outside. Called on event loops: must not block. Deployments are
/// ids of the fleet, so they are bounded.
public interface ProxyEvents {
  /// Does nothing.
  ProxyEvents SILENT = new ProxyEvents() {};

  /// A caller's connection was accepted.
  default void callerConnected() {}

  /// Exactly one for each connected.
  default void callerDisconnected() {}

  /// One more than the connections allowed: closed at once; or a stream, which is refused.
  default void callerRefused() {}

  /// A connection to a model was made.
  default void modelConnected(String deployment) {}

  /// Exactly one for each connected.
  default void modelDisconnected(String deployment) {}

  /// No connection to a replica could be made some times in a row: it is left out for a while.
  ///
  /// @param replica `host:port`, as configured
  default void replicaLeftOut(String deployment, String replica) {}

  /// A replica that was left out is back.
  default void replicaBack(String deployment, String replica) {}

  /// A request was refused since its model had as many in flight, or waiting for a connection, as
  /// it may. Its exchange starts and ends like any other.
  default void circuitOpen(String deployment) {}

  /// A request that may ask a replica now came to its place, having waited or not.
  ///
  /// @param heldNanos how long it waited
  /// @param cold whether no replica was there when it came
  default void released(String deployment, long heldNanos, boolean cold) {}

  /// The head of an answer came for which a server had to be started.
  ///
  /// @param nanos since the request came to its place at a replica
  default void coldAnswered(String deployment, long nanos) {}

  /// A request was refused since as many wait for a replica as may. Its exchange starts and ends
  /// like any other.
  default void holdFull(String deployment) {}

  /// A copy of a request for a mirror came to its end. It is no exchange, and no record is made of
  /// it.
  ///
  /// @param deployment the mirror's
  default void mirrored(String deployment, Mirrored outcome) {}

  /// A request for a model was accepted, kept or not.
  default void exchangeStarted(String deployment) {}

  /// Exactly one for each started.
  ///
  /// @param status 0 when no response began
  /// @param firstByteNanos from the request's head to the response's, -1 when no response began
  default void exchangeEnded(
      String deployment, Ending ending, int status, long durationNanos, long firstByteNanos) {}

  /// One body of an entry is kept in part.
  default void bodyCut(CutReason reason) {}

  /// The ring had no room for an entry or its intake is closed; the ledger has counted it.
  default void entryDropped(String deployment) {}

  /// A request was refused before it was one: not in the ledger.
  default void malformed(int status) {}

  /// A request for a model that is not there: not in the ledger.
  default void unknownModel() {}

  /// A connection was closed that should have begun with a header of the PROXY protocol.
  default void proxyHeaderRefused(ProxyHeaderFault fault) {}

  /// A handshake with a caller failed: bytes that are no TLS, no common version, no certificate.
  default void handshakeFailed() {}

  /// The door's certificate was read again. Called on a thread of the door's.
  default void certificateChanged() {}

  /// The door's certificate has changed and can't be used: the one before stays. Called on a thread
  /// of the door's.
  ///
  /// @param reason one line that names the files
  default void certificateRefused(String reason) {}

  /// A bug, not a caller's or model's doing: the connection it happened on is closed.
  default void failed(Throwable cause) {}
}
