package dev.loopgate.extproc;

import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.loopgate.capture.Ending;
import io.envoyproxy.envoy.data.accesslog.v3.ResponseFlags;
import java.util.List;
import java.util.stream.Collectors;

/// What Envoy's `response_code_details` and, where these say nothing, its response flags say of how
/// an exchange ended. The words are those of Envoy's documentation (response code details) and of
/// its real answers, versions 1.36 to 1.40.
final class ResponseDetails {
  private static final String VIA_UPSTREAM = "via_upstream";
  private static final String RESET_BEFORE = "upstream_reset_before_response_started";
  private static final String RESET_AFTER = "upstream_reset_after_response_started";

  // Filters that stand above external processing and answer themselves.
  private static final List<String> ABOVE =
      List.of(
          "ext_authz_",
          "jwt_authn_",
          "rbac_",
          "oauth.",
          "csrf_",
          "request_rate_limited",
          "request_payload_too_large",
          "local_rate_limited",
          "rate_limiter_error");

  private ResponseDetails() {}

  /// How an exchange ended whose answer is whole.
  ///
  /// @param details empty when Envoy does not say
  /// @param attempts how often Envoy chose a server for it, 0 when it does not say
  static Ending endingOf(String details, int attempts) {
    if (details.isEmpty() || details.startsWith(VIA_UPSTREAM)) {
      return Ending.COMPLETE;
    }
    if (isOverflow(details)) {
      return isUnasked(details, attempts) ? Ending.REJECTED : Ending.CUT;
    }
    if (details.startsWith(RESET_BEFORE)) {
      return isNoConnection(details) ? Ending.MODEL_UNREACHABLE : Ending.MODEL_RESET;
    }
    if (details.startsWith(RESET_AFTER)) {
      return Ending.MODEL_RESET;
    }
    if (isCallersDoing(details)) {
      return Ending.CLIENT_LEFT;
    }
    if (details.contains("timeout") || details.contains("max_stream_duration")) {
      return Ending.TIMED_OUT;
    }
    return switch (details) {
      case "no_healthy_upstream", "cluster_not_found", "cluster_stopped" ->
          Ending.MODEL_UNREACHABLE;
      default -> Ending.REJECTED;
    };
  }

  /// How an exchange ended that an access log tells of. The details come first: flags stand, too,
  /// where nothing went wrong, as when a tunnel is closed.
  ///
  /// @param chosen whether a model's server was
  /// @param attempts how often one was, 0 when Envoy does not say
  static Ending endingOf(String details, ResponseFlags flags, boolean chosen, int attempts) {
    Ending ending = endingOf(details, attempts);
    if (ending == Ending.COMPLETE) {
      return endingOf(flags);
    }
    boolean asked = chosen && !isUnasked(details, attempts);
    if (asked && (ending == Ending.REJECTED || ending == Ending.CUT)) {
      Ending byFlags = endingOf(flags); // not refused by us, whatever these details are
      return byFlags == Ending.COMPLETE ? Ending.CUT : byFlags;
    }
    return ending;
  }

  /// How a tunnel ended: it has no other end than that one of both closes it.
  static Ending endingOfTunnel(Ending ending) {
    return ending == Ending.CLIENT_LEFT || ending == Ending.MODEL_RESET || ending == Ending.CUT
        ? Ending.COMPLETE
        : ending;
  }

  /// How it ended as the flags say it.
  static Ending endingOf(ResponseFlags flags) {
    if (flags.getDownstreamConnectionTermination() || flags.getDownstreamRemoteReset()) {
      return Ending.CLIENT_LEFT;
    }
    if (flags.getUpstreamRequestTimeout()
        || flags.getStreamIdleTimeout()
        || flags.getDurationTimeout()
        || flags.getUpstreamMaxStreamDurationReached()) {
      return Ending.TIMED_OUT;
    }
    if (flags.getNoHealthyUpstream()
        || flags.getUpstreamConnectionFailure()
        || flags.getNoClusterFound()
        || flags.getDnsResolutionFailure()) {
      return Ending.MODEL_UNREACHABLE;
    }
    if (flags.getUpstreamConnectionTermination()
        || flags.getUpstreamRemoteReset()
        || flags.getUpstreamProtocolError()
        || flags.getLocalReset()) {
      return Ending.MODEL_RESET;
    }
    return Ending.COMPLETE;
  }

  /// Whether a filter above external processing answered: it never sees the request.
  static boolean isFromAbove(String details) {
    return ABOVE.stream().anyMatch(details::startsWith);
  }

  /// Whether these are the words for what Envoy refuses before any filter looks at it.
  static boolean isBeforeAllFilters(String details) {
    return details.equals("overload");
  }

  /// The names of the flags that stand, joined by commas.
  static String wordsOf(ResponseFlags flags) {
    return flags.getAllFields().keySet().stream()
        .map(FieldDescriptor::getName)
        .collect(Collectors.joining(","));
  }

  // A server was chosen, and not asked: unless this is a retry.
  private static boolean isUnasked(String details, int attempts) {
    return isOverflow(details) && attempts <= 1;
  }

  // As many as may wait for a server do.
  private static boolean isOverflow(String details) {
    return details.startsWith(RESET_BEFORE + "{overflow");
  }

  private static boolean isNoConnection(String details) {
    return details.contains("connection_failure") || details.contains("connection_timeout");
  }

  // HTTP/1.1's, and HTTP/2's resets.
  private static boolean isCallersDoing(String details) {
    return details.contains("downstream_remote_disconnect")
        || details.contains("downstream_remote_reset")
        || details.endsWith(".remote_reset") // of http2 and http3
        || details.endsWith(".remote_refuse");
  }
}
