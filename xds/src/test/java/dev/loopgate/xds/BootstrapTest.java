package dev.loopgate.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

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
            "rate_limit_settings: {max_tokens: 100, fill_rate: 10}",
            "envoy.reloadable_features.grpc_side_stream_flow_control: false")
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
            "sni: \"gateway.internal\"");
  }

  @Test
  void aNameIsAName() {
    assertThatThrownBy(() -> new Bootstrap(CONTROL, "a b", "g", "::1", 1, null))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
