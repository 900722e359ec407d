package dev.loopgate.extproc;

import java.time.Duration;

/// Bounds of what is observed. All of it is divided over the event loops.
///
/// @param captureBytesMax all bodies in flight together, off the heap
/// @param exchangesMax exchanges that are followed at a time; one more is passed over, and counted
/// @param headBytesMax names and values of the headers of all exchanges that are followed, bytes;
///   an exchange whose head does not fit is passed over, and counted
/// @param idleMax an exchange of which Envoy says nothing for so long is taken for over
/// @param accessLog what becomes of what Envoys log
public record ObservationConfig(
    long captureBytesMax,
    int exchangesMax,
    int headBytesMax,
    Duration idleMax,
    AccessLogMode accessLog) {
  /// What is kept of access logs beside these bounds, bytes on the heap: ids of exchanges that have
  /// ended lately, and what waits for its exchange.
  public static final int LOG_BYTES_MAX = EndedIds.BYTES + Joins.WAITING_BYTES_MAX;

  /// What is remembered of the counters of Envoys beside these bounds, bytes on the heap.
  public static final int COUNTERS_BYTES_MAX = EnvoyCounters.BYTES_MAX;

  public ObservationConfig {
    if (captureBytesMax < 0 || exchangesMax < 1 || headBytesMax < 1 || !idleMax.isPositive()) {
      throw new IllegalArgumentException(
          "observation bounds: capture="
              + captureBytesMax
              + ", exchanges="
              + exchangesMax
              + ", heads="
              + headBytesMax
              + ", idle="
              + idleMax);
    }
  }
}
