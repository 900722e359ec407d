package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.ScriptedModel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A gateway behind a balancer and a proxy: who its records say the caller is, and in which trace.
final class EdgeIT {
  private static final String ID = "4bf92f3577b34da6a3ce929d0e0e4736";

  @Test
  void theRecordHasTheCallerAndTheTrace(@TempDir Path directory) throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig =
          Rig.infrontOf(directory, model.url())
              .with(
                  "--proxy.proxy-protocol=on",
                  "--proxy.proxy-protocol-peers=127.0.0.0/8",
                  "--proxy.trusted-hops=1",
                  "--proxy.forwarded-headers=both",
                  "--proxy.traceparent=make",
                  "--admin=127.0.0.1:0");
      try (GatewayProcess gateway = rig.start()) {
        ask(gateway, "traced", "traceparent: 00-" + ID + "-00f067aa0ba902b7-01");
        ask(gateway, "made", "tracestate: a=1");
        try (Caller caller = gateway.call()) {
          caller.send("GET /model/m/x HTTP/1.1\r\nhost: t\r\n\r\n");
          assertThat(caller.isOver()).as("without a header").isTrue();
        }

        JsonNode traced = rig.awaitLine("request_response", "traced").record();
        assertThat(traced.path("trace_id").asText()).isEqualTo(ID);
        assertThat(traced.path("request_host").asText()).isEqualTo("api.example");
        JsonNode headers = traced.path("request_http_headers");
        assertThat(headers.path("x-forwarded-for").asText()).isEqualTo("1.1.1.1, 203.0.113.7");
        assertThat(headers.path("forwarded").asText())
            .isEqualTo("for=1.1.1.1;host=api.example, for=203.0.113.7;host=t;proto=http");
        JsonNode made = rig.awaitLine("request_response", "made").record();
        assertThat(made.path("trace_id").asText()).matches("[0-9a-f]{32}").isNotEqualTo(ID);
        assertThat(made.path("request_http_headers").path("traceparent").asText())
            .contains(made.path("trace_id").asText());
        assertThat(made.path("request_http_headers").has("tracestate")).isFalse();
        assertThat(gateway.stop()).as(gateway.output()).isZero();
        assertThat(gateway.output()).contains("closed for its PROXY header: reason=missing");
      }
      GatewayProcess.Run verify = rig.verify();
      assertThat(verify.exit()).as(verify.output()).isZero();
    }
  }

  private static void ask(GatewayProcess gateway, String id, String header) throws Exception {
    try (Caller caller = gateway.call()) {
      caller.send("PROXY TCP4 203.0.113.7 10.0.0.1 51234 8080\r\n");
      caller.send(
          Rig.head(
              "GET /model/m/x HTTP/1.1",
              "host: t",
              "request-id: " + id,
              "x-forwarded-for: 9.9.9.9, 1.1.1.1",
              "x-forwarded-host: api.example",
              header));
      assertThat(caller.receive("GET").status()).isEqualTo(200);
    }
  }
}
