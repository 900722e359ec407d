package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SidecarSettingsTest {
  @Test
  void aServerOnEachPortIsWhatASidecarStandsBeside() throws UsageException {
    Settings settings =
        sidecar(
            "[{id: a, url: \"http://127.0.0.1:8080\"}, {id: b, url: \"http://[::1]:8081\", prefix: /}]");

    assertThat(settings.models()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {id: m, url: "https://h:8443"}                  | allowed: one url like http://127.0.0.1:8080
          {id: m, url: "http://h:8080/base"}              | allowed: one url like http://127.0.0.1:8080
          {id: m, urls: ["http://h:1", "http://h:2"]}     | allowed: one url like http://127.0.0.1:8080
          {id: m, url: "http://h:8080", prefix: /mine}    | prefix=/mine: a sidecar changes no path; allowed: none
          {id: m, url: "http://h:8080", role: risk}       | role=risk: a sidecar asks nobody for a token; allowed: none
          {id: m, url: "http://h:16006"}                  | has the port of sidecar.port; allowed: each port once
          {id: m, url: "http://h:16020"}                  | has the port of listen; allowed: each port once
          {id: m, url: "http://h:1"}, {id: n, url: "http://i:1"} | has the port of the model m; allowed: each port once
          """)
  void whatCanNotBeHadBesideAServerIsRefusedInOneLine(String models, String message) {
    assertThatThrownBy(() -> sidecar("[" + models + "]"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("option --models: id=")
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void routesAreRefused() {
    assertThatThrownBy(() ->
            Settings.of(
                Role.SIDECAR,
                Map.of(
                    "models",
                    "[{id: a, url: \"http://h:1\"}]",
                    "routes",
                    "[{id: ab, prefix: /ab, targets: [{model: a}]}]"),
                Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "option --routes: routes: a sidecar changes no path and asks no other server; allowed: none");
  }

  @Test
  void tokensAreRefused() {
    assertThatThrownBy(
            () -> Settings.of(Role.SIDECAR, Map.of("auth.jwks", "http://h/keys"), Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "option --auth.jwks: auth.jwks: a sidecar asks nobody for a token, since what is no plain HTTP passes"
                + " it by; allowed: none, and the tokens asked for by a gateway or the server");
  }

  @Test
  void doorsHavePortsOfTheirOwn() {
    assertThatThrownBy(
            () -> Settings.of(Role.SIDECAR, Map.of("listen", "127.0.0.1:16006"), Map.of()))
        .hasMessage(
            "option --listen: listen=127.0.0.1:16006 has the port of sidecar.port; allowed: another one");
  }

  @Test
  void aGatewayIsAskedNothingOfAllThat() throws UsageException {
    Map<String, String> options = new HashMap<>();
    options.put("models", "[{id: m, url: \"https://h:16006/base\"}]");

    assertThat(Settings.of(Role.GATEWAY, options, Map.of()).models()).hasSize(1);
  }

  private static Settings sidecar(String models) throws UsageException {
    return Settings.of(Role.SIDECAR, Map.of("models", models), Map.of());
  }
}
