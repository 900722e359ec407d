package dev.loopgate.extproc;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an Envoy's own counters say of what it could not tell. They overlap, and name no model.
public enum ToldLoss {
  /// Exchanges that it could not show, or not to their end. No more of them than there were, and
  /// fewer: of what it had passed on already it counts none.
  STREAM_FAILED("stream_failed"),
  /// Messages that it waited for an answer to in vain.
  MESSAGE_TIMEOUT("message_timeout"),
  /// Exchanges that it did not begin to show, for a circuit breaker.
  OVERFLOW("overflow"),
  /// Streams without a connection, or of one that broke: also those of exchanges that were shown to
  /// their end.
  BROKEN_OFF("broken_off"),
  /// Streams that were reset at our end.
  RESET("reset"),
  /// Entries that it dropped of its access logs over gRPC, wherever they go.
  LOG_DROPPED("log_dropped"),
  /// Streams of its access log that it did not begin, for a circuit breaker.
  LOG_OVERFLOW("log_overflow"),
  /// Streams of its access log without a connection, or of one that broke.
  LOG_BROKEN_OFF("log_broken_off");

  private static final String HTTP = "http.";
  private static final String CAPTURE = "cluster.loopgate_capture.upstream_rq_";
  private static final String ACCESS = "cluster.loopgate_access.upstream_rq_";
  // Envoy 1.36 counts what is over max_requests with what is over max_pending_requests, 1.38 apart.
  private static final Map<String, ToldLoss> NAMED =
      Map.of(
          CAPTURE + "pending_overflow",
          OVERFLOW,
          CAPTURE + "active_overflow",
          OVERFLOW,
          CAPTURE + "pending_failure_eject",
          BROKEN_OFF,
          CAPTURE + "rx_reset",
          RESET,
          "access_logs.grpc_access_log.logs_dropped",
          LOG_DROPPED,
          ACCESS + "pending_overflow",
          LOG_OVERFLOW,
          ACCESS + "active_overflow",
          LOG_OVERFLOW,
          ACCESS + "pending_failure_eject",
          LOG_BROKEN_OFF);
  private static final Map<String, ToldLoss> OF_A_FILTER =
      Map.of(
          ".ext_proc.streams_failed", STREAM_FAILED,
          ".ext_proc.message_timeouts", MESSAGE_TIMEOUT);

  private final String word;

  ToldLoss(String word) {
    this.word = word;
  }

  /// The word in metrics.
  public String word() {
    return word;
  }

  /// What the counter of that name says; null for all others, of which Envoys have thousands.
  static @Nullable ToldLoss of(String name) {
    if (name.startsWith(HTTP)) { // and the prefix of a connection manager
      for (Map.Entry<String, ToldLoss> each : OF_A_FILTER.entrySet()) {
        if (name.endsWith(each.getKey())
            && name.length() > HTTP.length() + each.getKey().length()) {
          return each.getValue();
        }
      }
      return null;
    }
    return NAMED.get(name);
  }
}
