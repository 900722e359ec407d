package dev.loopgate.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.policy.ApiAccess;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The table of contract section 8, and that no spelling of a path is judged as another.
final class EndpointMatchTest {
  @ParameterizedTest
  @CsvSource({
    "GET,    /health,                                   ANYBODY",
    "GET,    /api/v1/model/deployment,                  READ",
    "HEAD,   /api/v1/model/deployment,                  READ",
    "POST,   /api/v1/model/deployment,                  DEPLOY",
    "PUT,    /api/v1/model/deployment,                  DEPLOY",
    "GET,    /api/v1/model/deployment/x,                READ",
    "PATCH,  /api/v1/model/deployment/x,                DEPLOY",
    "DELETE, /api/v1/model/deployment/x,                DEPLOY",
    "GET,    /api/v1/model/deployment/x/default-route,  READ",
    "GET,    /api/v1/model/deployment/x/logs,           DEPLOY",
    "POST,   /api/v1/model/deployment/x:wake,           DEPLOY",
    "GET,    /api/v1/model/deployment-events,           READ",
    "GET,    /api/v1/model/route,                       READ",
    "POST,   /api/v1/model/route,                       ADMINISTER",
    "PUT,    /api/v1/model/route,                       ADMINISTER",
    "GET,    /api/v1/model/route/x,                     READ",
    "PATCH,  /api/v1/model/route/x,                     ADMINISTER",
    "DELETE, /api/v1/model/route/x,                     ADMINISTER",
    "GET,    /api/v1/model/route-events,                READ",
    "GET,    /api/v1/connection,                        READ",
    "POST,   /api/v1/connection,                        ADMINISTER",
    "PUT,    /api/v1/connection,                        ADMINISTER",
    "GET,    /api/v1/connection/x,                      READ",
    "GET,    /api/v1/connection/decrypted,              READ",
    "PATCH,  /api/v1/connection/x,                      ADMINISTER",
    "DELETE, /api/v1/connection/x,                      ADMINISTER",
    "GET,    /api/v1/connection/x/decrypted,            ADMINISTER",
    "HEAD,   /api/v1/connection/x/decrypted,            ADMINISTER",
    "GET,    /api/v1/configuration,                     READ",
    "GET,    /api/v1/user/info,                         READ",
    "POST,   /api/v1/user/info,                         ADMINISTER",
    "get,    /api/v1/user/info,                         ADMINISTER"
  })
  void eachIsForItsRoles(String method, String path, ApiAccess access) {
    assertThat(DeclaredDoor.serves(method, path)).isTrue();
    assertThat(DeclaredDoor.access(method, path)).isEqualTo(access);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"})
  void whatIsDoneWithADeploymentIsNoDeployment(String method) {
    assertThat(EndpointMatch.of(method, "/api/v1/model/deployment/x:wake"))
        .isEqualTo(new EndpointMatch.WrongMethod(List.of("POST")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "",
        "*",
        "/health/",
        "/healthz",
        "/api/v1",
        "/api/v1/",
        "/api/v1/feedback",
        "/api/v1/model/deployment/",
        "/api/v1/model/deployment/x/",
        "/api/v1/model//deployment",
        "/api/v1/model/Deployment",
        "/api/v1/model/deploymen%74",
        "/api/v1/connection/x/%64ecrypted",
        "/api/v1/connection//decrypted",
        "/api/v1/connection/x/y",
        "/api/v1/connection/x/../y/decrypted",
        "/model/wine/api/v1/connection"
      })
  void nothingElseIsOurs(String path) {
    assertThat(DeclaredDoor.serves("GET", path)).isFalse();
    assertThat(DeclaredDoor.access("GET", path)).isEqualTo(ApiAccess.ADMINISTER);
  }

  @Test
  void aSlashThatIsEncodedDividesNothing() {
    assertThat(EndpointMatch.of("GET", "/api/v1/connection/x%2fdecrypted"))
        .isEqualTo(new EndpointMatch.Found(Endpoint.GET_CONNECTION, "x%2fdecrypted"));
  }

  @Test
  void aWrongMethodIsToldThoseThatAreRight() {
    assertThat(EndpointMatch.of("POST", "/api/v1/connection/x"))
        .isEqualTo(new EndpointMatch.WrongMethod(List.of("GET", "PATCH", "DELETE")));
  }
}
