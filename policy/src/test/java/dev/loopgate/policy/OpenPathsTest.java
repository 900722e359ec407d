package dev.loopgate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OpenPathsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/healthz",
        "/healthcheck",
        "/metrics",
        "/v2/health/live",
        "/v2/health/ready",
        "/%68ealthz",
        "/v2/health/%6Cive"
      })
  void areOpenToReadersOnly(String path) {
    assertThat(OpenPaths.isOpen("GET", path)).isTrue();
    assertThat(OpenPaths.isOpen("HEAD", path)).isTrue();
    assertThat(OpenPaths.isOpen("POST", path)).isFalse();
    assertThat(OpenPaths.isOpen("get", path)).isFalse();
    assertThat(OpenPaths.isOpen("OPTIONS", path)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "",
        "healthz",
        "/healthz/",
        "//healthz",
        "/healthz/../api/model/invoke",
        "/healthz/%2e%2e/api/model/invoke",
        "/healthz%2f..%2fapi%2fmodel%2finvoke",
        "/healthz/..;/api/model/invoke",
        "/healthz;/api/model/invoke",
        "/healthz;x",
        "/api/model/invoke/../../healthz",
        "/x/%2e%2e/healthz",
        "/./healthz",
        "/%2fhealthz",
        "/%5chealthz",
        "/\\healthz",
        "/%2568ealthz",
        "/healthz%00",
        "/healthz%20",
        "/healthz%3f",
        "/healthz%23",
        "/healthz%",
        "/healthz%6",
        "/healthz%zz",
        "/%c0%afhealthz",
        "/HEALTHZ",
        "/v2/health",
        "/v2/health/",
        "/v2/health/other",
        "/v2/health/live/../../models/m/infer",
        "/v2/health/%2e%2e/models/m/infer",
        "/v2//health/live",
        "/v2/models/m/ready",
        "/metrics/x"
      })
  void everythingElseNeedsAToken(String path) {
    assertThat(OpenPaths.isOpen("GET", path)).isFalse();
  }
}
