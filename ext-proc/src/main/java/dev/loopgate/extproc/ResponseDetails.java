package dev.loopgate.extproc;

import dev.loopgate.capture.Ending;

/// What Envoy's `response_code_details` say of an answer: the model's own, or one that Envoy made,
/// and then why. The words are those of Envoy's documentation (response code details) and of its
/// real answers, versions 1.36 to 1.40.
final class ResponseDetails {
  private static final String VIA_UPSTREAM = "via_upstream";
  private static final String RESET_BEFORE = "upstream_reset_before_response_started";

  private ResponseDetails() {}

  /// How an exchange ended whose answer is whole.
  ///
  /// @param details empty when Envoy does not say
  static Ending endingOf(String details) {
    if (details.isEmpty() || details.startsWith(VIA_UPSTREAM)) {
      return Ending.COMPLETE;
    }
    if (details.startsWith(RESET_BEFORE)) {
      return isNoConnection(details) ? Ending.MODEL_UNREACHABLE : Ending.MODEL_RESET;
    }
    if (details.contains("timeout")) {
      return Ending.TIMED_OUT;
    }
    return switch (details) {
      case "no_healthy_upstream", "cluster_not_found", "cluster_stopped" ->
          Ending.MODEL_UNREACHABLE;
      default -> Ending.REJECTED;
    };
  }

  private static boolean isNoConnection(String details) {
    return details.contains("connection_failure") || details.contains("connection_timeout");
  }
}
