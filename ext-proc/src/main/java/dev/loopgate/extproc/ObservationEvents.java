package dev.loopgate.extproc;

import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.Ending;

/// Everything this room tells the outside. Called on event loops: must not block. Deployments are
/// ids of the fleet, so they are bounded.
public interface ObservationEvents {
  /// Does nothing.
  ObservationEvents SILENT = new ObservationEvents() {};

  /// Envoy began to show an exchange.
  ///
  /// @param observer whether it does not wait for us
  default void streamOpened(boolean observer) {}

  /// Exactly one for each opened.
  default void streamClosed() {}

  /// What was shown is no entry.
  default void passedOver(PassedOver why) {}

  /// What became of one entry of an Envoy's access log.
  default void logged(LogUse use) {}

  /// An Envoy says that it could not tell of so many more.
  ///
  /// @param count at least 1
  default void toldLost(ToldLoss what, long count) {}

  /// What became of one message of an Envoy's metrics.
  default void metrics(MetricsUse use) {}

  /// An exchange with a model began.
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

  /// A bug, not Envoy's doing: the exchange it happened on is followed no more.
  default void failed(Throwable cause) {}
}
