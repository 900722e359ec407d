package dev.loopgate.extproc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import io.envoyproxy.envoy.data.accesslog.v3.ResponseFlags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResponseDetailsTest {
  @ParameterizedTest
  @CsvSource({
    "'',COMPLETE",
    "via_upstream,COMPLETE",
    "no_healthy_upstream,MODEL_UNREACHABLE",
    "cluster_not_found,MODEL_UNREACHABLE",
    "'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_111}',MODEL_UNREACHABLE",
    "'upstream_reset_before_response_started{connection_timeout}',MODEL_UNREACHABLE",
    "'upstream_reset_before_response_started{connection_termination}',MODEL_RESET",
    "'upstream_reset_before_response_started{protocol_error}',MODEL_RESET",
    "response_timeout,TIMED_OUT",
    "stream_idle_timeout,TIMED_OUT",
    "max_duration_timeout,TIMED_OUT",
    "upstream_per_try_timeout,TIMED_OUT",
    "upstream_max_stream_duration_reached,TIMED_OUT",
    "upstream_reset_before_response_started{overflow},REJECTED",
    "overload,REJECTED",
    "ext_authz_denied,REJECTED",
    "ext_authz_error,REJECTED",
    "direct_response,REJECTED",
    "request_payload_too_large,REJECTED",
    "something of a later version,REJECTED",
  })
  void sayWhoAnsweredAndWhy(String details, Ending ending) {
    assertThat(ResponseDetails.endingOf(details, 1)).isEqualTo(ending);
  }

  @Test
  void aServerThatWasChosenAndNotAskedChangesNothing() {
    ResponseFlags overflow = ResponseFlags.newBuilder().setUpstreamOverflow(true).build();
    String details = "upstream_reset_before_response_started{overflow}";

    assertThat(ResponseDetails.endingOf(details, overflow, true, 1)).isEqualTo(Ending.REJECTED);
    assertThat(ResponseDetails.endingOf("a filter's own words", overflow, true, 1))
        .isEqualTo(Ending.CUT);
  }

  @Test
  void whatNoServerHadRoomForAfterOneWasAskedWasNotRefused() {
    ResponseFlags overflow = ResponseFlags.newBuilder().setUpstreamOverflow(true).build();
    ResponseFlags reset = overflow.toBuilder().setUpstreamRemoteReset(true).build();
    String details = "upstream_reset_before_response_started{overflow}";

    assertThat(ResponseDetails.endingOf(details, 2)).isEqualTo(Ending.CUT);
    assertThat(ResponseDetails.endingOf(details, overflow, true, 2)).isEqualTo(Ending.CUT);
    assertThat(ResponseDetails.endingOf(details, reset, true, 2)).isEqualTo(Ending.MODEL_RESET);
  }
}
