package dev.loopgate.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// That real Envoys take it, `e2e/` shows.
final class BootstrapTest {
  private static final HostPort CONTROL = new HostPort("gateway.internal", 9901);

  @Test
  void namesTheDoorAndTheGuard() {
    assertThat(new Bootstrap(CONTROL, "edge-1", "edge", "127.0.0.1", 0, null).yaml())
        .contains(
            "node: {id: \"edge-1\", cluster: \"edge\"}",
            "{address: \"gateway.internal\", port_value: 9901}",
            "type: STRICT_DNS",
            "dns_lookup_family: V4_PREFERRED",
            "retry_policy: {retry_back_off: {base_interval: 0.5s, max_interval: 5s}}",
            "rate_limit_settings: {max_tokens: 100, fill_rate: 10}",
            "envoy.reloadable_features.grpc_side_stream_flow_control: false",
            "envoy.stat_sinks.metrics_service")
        .doesNotContain("transport_socket", "secrets:");
  }

  @Test
  void aPathIsAPathWhateverStandsInIt() {
    Bootstrap.Mutual mutual = new Bootstrap.Mutual("/a\"b: {c}\n", "/k\\ey", "/ca #1");
    assertThat(new Bootstrap(CONTROL, "e", "g", "::1", 1, mutual).yaml())
        .contains(
            "certificate_chain: {filename: \"/a\\\"b: {c}\\u000a\"}",
            "{filename: \"/k\\\\ey\"}",
            "{filename: \"/ca #1\"}",
            "sni: \"gateway.internal\"",
            "{san_type: DNS, matcher: {exact: \"gateway.internal\"}}");
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1,          127.0.0.1",
    "0:0:0:0:0:0:0:1,    ::1",
    "::,                 ::",
    "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "fd00::0:1:0,        fd00::1:0",
  })
  void anAddressIsNamedAsEnvoyReadsItInACertificate(String host, String named) {
    Bootstrap.Mutual mutual = new Bootstrap.Mutual("c", "k", "a");
    HostPort control = new HostPort(host, 9901);

    assertThat(new Bootstrap(control, "e", "g", "::1", 1, mutual).yaml())
        .contains("{san_type: IP_ADDRESS, matcher: {exact: \"" + named + "\"}}", "sni: \"\"");
  }

  @Test
  void aNameIsAName() {
    assertThatThrownBy(() -> new Bootstrap(CONTROL, "a b", "g", "::1", 1, null))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
