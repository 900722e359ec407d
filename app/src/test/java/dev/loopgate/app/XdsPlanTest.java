package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.xds.HostPort;
import dev.loopgate.xds.XdsConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class XdsPlanTest {
  private static final InetSocketAddress DOOR =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 19_901);
  private static final InetSocketAddress PROXY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 18_080);

  private static Optional<XdsPlan> plan(String... options) throws UsageException {
    return plan(Role.GATEWAY, options);
  }

  private static Optional<XdsPlan> plan(Role role, String... options) throws UsageException {
    Map<String, String> all =
        new HashMap<>(Map.of("xds.listen", "0.0.0.0:80", "envoy.listen", "127.0.0.1:0"));
    for (String option : options) {
      String[] each = option.split("=", 2);
      all.put(each[0], each[1]);
    }
    return XdsPlan.of(role, Settings.of(role, all, Map.of()));
  }

  @Test
  void nobodyIsConfiguredUnlessItIsAskedFor() throws UsageException {
    assertThat(plan("xds.listen=none", "xds.door=a:1")).isEmpty();
  }

  @Test
  void envoysAreToldWhereTheDoorsListen() throws UsageException {
    XdsConfig config = plan().orElseThrow().config(DOOR, PROXY);

    assertThat(config.listen()).isEqualTo(new HostPort("0.0.0.0", 80));
    assertThat(config.door()).isEqualTo(new HostPort("127.0.0.1", 19_901));
    assertThat(config.proxy()).isEqualTo(new HostPort("127.0.0.1", 18_080));
    assertThat(config.mutual()).isFalse();
    assertThat(config.tokens()).isEqualTo(XdsConfig.Tokens.NOT_ASKED);
    assertThat(config.timeouts().firstByte()).isEqualTo(Duration.ofMinutes(10));
    assertThat(config.timeouts().idle()).isEqualTo(Duration.ofMinutes(5));
    assertThat(config.timeouts().unused()).isEqualTo(Duration.ofMillis(1500));
  }

  @Test
  void orWhereTheyAreReached() throws UsageException {
    XdsConfig config =
        plan(
                "envoy.listen=0.0.0.0:0",
                "listen=[::]:0",
                "xds.door=gateway.internal:9901",
                "xds.proxy=gateway.internal:8080",
                "auth.jwks=keys.json")
            .orElseThrow()
            .config(DOOR, PROXY);

    assertThat(config.door()).isEqualTo(new HostPort("gateway.internal", 9901));
    assertThat(config.proxy()).isEqualTo(new HostPort("gateway.internal", 8080));
    assertThat(config.tokens()).isEqualTo(XdsConfig.Tokens.TAKEN_OFF);
    assertThat(plan("auth.jwks=keys.json", "auth.forward=true").orElseThrow().tokens())
        .isEqualTo(XdsConfig.Tokens.PASSED_ON);
  }

  @Test
  void aSidecarConfiguresNobody() {
    assertThatThrownBy(() -> plan(Role.SIDECAR))
        .isInstanceOf(UsageException.class)
        .message()
        .contains("xds.listen=0.0.0.0:80", "sidecar", "allowed: none")
        .hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          envoy.listen=none         | stands alone; allowed: beside envoy.listen
          xds.listen=localhost:80   | is a name; allowed: an address
          proxy.proxy-protocol=on   | without tls.certificate and proxy.proxy-protocol
          tls.certificate=a.pem     | without tls.certificate and proxy.proxy-protocol
          envoy.listen=0.0.0.0:9901 | allowed: xds.door=HOST:PORT beside it
          listen=[::]:8080          | allowed: xds.proxy=HOST:PORT beside it
          xds.group=a"b             | allowed: letters, digits and
          xds.door=a:0              | is no place to reach; allowed: port 1 to 65535
          xds.proxy=a:0             | is no place to reach; allowed: port 1 to 65535
          """)
  void whatDoesNotGoTogetherIsOneLine(String option, String line) {
    assertThatThrownBy(() -> plan(option))
        .isInstanceOf(UsageException.class)
        .message()
        .contains(line, option.substring(0, option.indexOf('=')))
        .hasLineCount(1);
  }
}
