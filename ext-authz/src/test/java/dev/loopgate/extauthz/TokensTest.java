package dev.loopgate.extauthz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.policy.PolicyConfig;
import dev.loopgate.policy.PolicyEvents;
import dev.loopgate.policy.PolicyTime;
import dev.loopgate.policy.TokenPolicy;
import dev.loopgate.testkit.ManualTime;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Real tokens and the policy that verifies them, on its own threads: contract section 8.
@Timeout(60)
final class TokensTest {
  private static final SigningIssuer ISSUER = new SigningIssuer();
  private static final SigningIssuer FORGER = new SigningIssuer();
  private static final String BAD = "www-authenticate: Bearer error=\"invalid_token\"";

  @TempDir private Path directory;
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private TokenPolicy policy;
  private Authorizer authorizer;

  @BeforeEach
  void open() throws Exception {
    Path file = Files.writeString(directory.resolve("keys.json"), ISSUER.keys());
    PolicyConfig config =
        new PolicyConfig(
            new PolicyConfig.InFile(file),
            new PolicyConfig.Expected(
                "https://issuer", "loopgate", "realm_access.roles", Duration.ofSeconds(30)),
            PolicyConfig.Freshness.DEFAULT,
            false,
            1 << 20);
    policy =
        TokenPolicy.open(
            config,
            new PolicyTime() {
              @Override
              public long nanos() {
                return time.nanos();
              }

              @Override
              public long epochMillis() {
                return time.epochMillis();
              }
            },
            PolicyEvents.SILENT);
    Fleet fleet =
        Fleet.of(
            List.of(
                Asking.model("wine", "/model/wine", Predictor.NONE, "risk"),
                Asking.model("odahu", "/model/odahu", Predictor.ODAHU_ML_SERVER, null),
                Asking.model("triton", "/model/triton", Predictor.TRITON, null)));
    authorizer = new Authorizer(fleet, policy, Asking.DOOR, time, AuthorizerEvents.SILENT);
  }

  @AfterEach
  void close() {
    policy.close();
  }

  private String claims(
      String issuer, String audience, long fromSeconds, long toSeconds, String role) {
    long now = time.epochMillis() / 1000;
    return """
    {"iss": "%s", "aud": "%s", "sub": "ada", "nbf": %d, "exp": %d,
     "realm_access": {"roles": ["%s"]}}\
    """
        .formatted(issuer, audience, now + fromSeconds, now + toSeconds, role);
  }

  private String token(String role) {
    return ISSUER.token(
        "{\"alg\":\"RS256\",\"kid\":\"k\"}", claims("https://issuer", "loopgate", -60, 3600, role));
  }

  private String token(String head, String claims) {
    return ISSUER.token(head, claims);
  }

  private CheckResponse ask(String method, String target, String authorization) throws Exception {
    CheckRequest question =
        authorization.isEmpty()
            ? Asking.request(method, target, "request-id: abc")
            : Asking.request(method, target, "request-id: abc", "authorization: " + authorization);
    CompletableFuture<CheckResponse> answer = new CompletableFuture<>();
    authorizer.judge(question, answer::complete);
    return answer.get(20, TimeUnit.SECONDS);
  }

  private void check(int status, String header, String authorization) throws Exception {
    CheckResponse response = ask("POST", "/model/wine/predict", authorization);

    assertThat(Asking.passes(response)).isEqualTo(status == 0);
    assertThat(Asking.status(response)).isEqualTo(status);
    if (status != 0) {
      assertThat(Asking.deniedWith(response)).contains(header, "request-id: abc");
      assertThat(response.getDeniedResponse().getBody()).isEmpty();
    }
  }

  @Test
  void aGoodTokenPassesAndEveryOtherIsUnauthorized() throws Exception {
    String head = "{\"alg\":\"RS256\",\"kid\":\"k\"}";
    String good = claims("https://issuer", "loopgate", -60, 3600, "odahu_admin");

    check(0, "", "Bearer " + token(head, good));
    check(0, "", "bearer " + token(head, good));
    check(401, "www-authenticate: Bearer", "");
    check(401, "www-authenticate: Bearer", "Basic dTpw");
    check(401, BAD, "Bearer a.b.c");
    check(401, BAD, "Bearer " + "a".repeat(17 << 10));
    check(401, BAD, "Bearer " + token("{\"alg\":\"none\",\"kid\":\"k\"}", good));
    check(401, BAD, "Bearer " + token("{\"alg\":\"HS256\",\"kid\":\"k\"}", good));
    check(401, BAD, "Bearer " + token("{\"alg\":\"RS256\",\"kid\":\"unknown\"}", good));
    check(401, BAD, "Bearer " + FORGER.token(head, good));
    String role = "odahu_admin";
    check(401, BAD, "Bearer " + token(head, claims("https://issuer", "loopgate", -60, -31, role)));
    check(401, BAD, "Bearer " + token(head, claims("https://issuer", "loopgate", 31, 3600, role)));
    check(401, BAD, "Bearer " + token(head, claims("https://issuer", "other", -60, 3600, role)));
    check(401, BAD, "Bearer " + token(head, claims("https://else", "loopgate", -60, 3600, role)));
  }

  @Test
  void aTokenThatIsKnownIsGoodUntilItsEnd() throws Exception {
    String token = "Bearer " + token("odahu_admin");
    check(0, "", token);
    check(0, "", token);

    time.advance(Duration.ofHours(1).plusSeconds(31));

    check(401, BAD, token);
  }

  @ParameterizedTest
  @CsvSource({
    "odahu_admin, POST, /model/wine/predict, 0",
    "odahu_data_scientist, POST, /model/wine/predict, 0",
    "odahu_viewer, POST, /model/wine/predict, 403",
    "risk, POST, /model/wine/predict, 0",
    "risk, POST, /model/odahu/api/model/invoke, 403",
    "other, POST, /model/wine/predict, 403",
    "odahu_admin, POST, /model/odahu/api/model/invoke?x=1, 0",
    "odahu_admin, PUT, /model/odahu/api/model/invoke, 403",
    "odahu_admin, GET, /model/odahu/admin, 403",
    "odahu_admin, POST, /model/triton/v2/models/m/infer, 0",
    "odahu_admin, POST, /model/triton/v2/repository/models/m/load, 403",
    "odahu_viewer, GET, /model/triton/v2/health/live, 0",
    "odahu_viewer, GET, /model/wine/healthz, 0",
    "odahu_admin, POST, /feedback, 0",
    "odahu_data_scientist, POST, /feedback, 0",
    "odahu_viewer, POST, /feedback, 403",
    "risk, POST, /feedback, 403"
  })
  void eachRoleMayDoWhatItMay(String role, String method, String target, int status)
      throws Exception {
    assertThat(Asking.status(ask(method, target, "Bearer " + token(role)))).isEqualTo(status);
  }

  @Test
  void openPathsNeedNone() throws Exception {
    assertThat(Asking.passes(ask("GET", "/model/wine/healthz", ""))).isTrue();
    assertThat(Asking.passes(ask("GET", "/", ""))).isTrue();
    assertThat(Asking.status(ask("POST", "/model/wine/healthz", ""))).isEqualTo(401);
  }

  @Test
  void whoCanNotBeJudgedDoesNotPass() throws Exception {
    String token = "Bearer " + token("odahu_admin");
    policy.close();

    CheckResponse response = ask("POST", "/model/wine/predict", token);

    assertThat(Asking.status(response)).isEqualTo(503);
    assertThat(Asking.deniedWith(response)).contains("retry-after: 1", "request-id: abc");
  }
}
