package dev.loopgate.api;

import static dev.loopgate.api.ApiFixture.CONNECTIONS;
import static dev.loopgate.api.ApiFixture.docker;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.api.ApiFixture.Reply;
import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.HostKeys;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.Secret;
import dev.loopgate.fleet.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Connections of contract sections 5, 7 and 15.
@Timeout(60)
final class ConnectionDoorTest {
  private final ApiFixture api = new ApiFixture();

  @AfterEach
  void close() {
    api.close();
    assertThat(api.told()).isEmpty();
  }

  private String password() {
    return api.get(CONNECTIONS + "/hub/decrypted").json().at("/spec/password").asText();
  }

  @Test
  void secretsAreShownOnlyWhereTheyAreAskedFor() {
    Reply created = api.post(CONNECTIONS, docker("hub", ",\"publicKey\":\"cHVi\""));
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    assertThat(created.json().at("/spec/password").asText()).isEqualTo("*****");
    assertThat(created.json().at("/spec/publicKey").asText()).isEqualTo("cHVi");
    assertThat(created.json().path("status").isObject()).isTrue();
    assertThat(api.get(CONNECTIONS + "/hub").body()).isEqualTo(created.body());
    assertThat(api.get(CONNECTIONS).body()).isEqualTo("[" + created.body() + "]");
    Reply decrypted = api.get(CONNECTIONS + "/hub/decrypted");
    assertThat(decrypted.json().at("/spec/password").asText()).isEqualTo("cA==");
    assertThat(decrypted.header("cache-control")).isEqualTo("no-store");
    assertThat(decrypted.header("etag")).isEqualTo(created.header("etag"));
    assertThat(api.get(CONNECTIONS + "/none/decrypted").told())
        .isEqualTo("404 entity \"none\" is not found");
  }

  @Test
  void whatIsMaskedIsUnchanged() {
    Reply created = api.post(CONNECTIONS, docker("hub", ""));

    Reply again = api.put(CONNECTIONS, created.body().replace("\"u\"", "\"other\""));
    assertThat(again.status()).as(again.body()).isEqualTo(200);
    assertThat(password()).isEqualTo("cA==");
    Reply patched = api.patch(CONNECTIONS + "/hub", "{\"spec\":{\"description\":\"d\"}}");
    assertThat(patched.status()).as(patched.body()).isEqualTo(200);
    assertThat(patched.json().at("/spec/username").asText()).isEqualTo("other");
    assertThat(password()).isEqualTo("cA==");
    assertThat(api.patch(CONNECTIONS + "/hub", "{\"spec\":{\"password\":\"cQ==\"}}").status())
        .isEqualTo(200);
    assertThat(password()).isEqualTo("cQ==");
  }

  @Test
  void aSecretDoesNotGoToAnotherPlaceUnseen() {
    Reply created = api.post(CONNECTIONS, docker("hub", ""));
    String message =
        "400 Validation of connection is failed: password must be given again, because type or uri"
            + " is another";

    assertThat(
            api.put(CONNECTIONS, created.body().replace("r.example.com", "evil.example.com"))
                .told())
        .isEqualTo(message);
    Reply patched = api.patch(CONNECTIONS + "/hub", "{\"spec\":{\"uri\":\"evil.example.com\"}}");
    assertThat(patched.told()).isEqualTo(message);
    assertThat(patched.json().at("/violations/0/pointer").asText()).isEqualTo("/spec/password");
    assertThat(api.get(CONNECTIONS + "/hub").body()).isEqualTo(created.body());
  }

  @Test
  void whatIsWrittenIsOfTheVersionThatTheRulesLookedAt() {
    List<ApiFixture> of = new ArrayList<>();
    List<String> rotated = new ArrayList<>(List.of("bmV3", "bmV3ZXI="));
    HostKeys meanwhile = // asked by the rules: whoever writes now comes between
        _ -> {
          if (!rotated.isEmpty()) {
            rotate(of.getFirst().store, rotated.removeFirst());
          }
          return new Secret("a2V5");
        };
    try (ApiFixture git = new ApiFixture(ApiConfig.DEFAULT, meanwhile)) {
      of.add(git);
      String body =
          """
          {"id":"git","spec":{"type":"git","uri":"git@example.com:a/b","keySecret":"b2xk"%s}}\
          """;
      String tag = git.post(CONNECTIONS, body.formatted(",\"publicKey\":\"a2V5\"")).header("etag");
      String masked = body.formatted("").replace("b2xk", "*****");

      assertThat(git.send("PUT " + CONNECTIONS, "if-match: " + tag, "", masked).status())
          .isEqualTo(412);
      assertThat(git.put(CONNECTIONS, masked).status()).isEqualTo(200);
      assertThat(git.get(CONNECTIONS + "/git/decrypted").json().at("/spec/keySecret").asText())
          .isEqualTo("bmV3ZXI=");
      assertThat(git.told()).isEmpty();
    }
  }

  private static void rotate(DeclaredStore store, String secret) {
    ConnectionSpec now = store.get(Kind.CONNECTION, "git").orElseThrow().spec();
    ConnectionSpec next =
        new ConnectionSpec(
            now.type(),
            now.uri(),
            now.username(),
            now.password(),
            now.region(),
            now.role(),
            now.keyID(),
            new Secret(secret),
            now.publicKey(),
            now.reference(),
            now.description(),
            now.webUILink(),
            now.vital());
    try {
      store.replace(Kind.CONNECTION, "git", next, OptionalLong.empty());
    } catch (StoreException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void noMessageShowsASecret() {
    String told = api.post(CONNECTIONS, docker("hub", "").replace("cA==", "not-base64!")).told();
    assertThat(told)
        .isEqualTo(
            "400 Validation of connection is failed: password must be base64-encoded, error:"
                + " illegal base64 data at input byte 3");
    assertThat(api.post(CONNECTIONS, docker("hub", "").replace("\"cA==\"", "4711")).told())
        .startsWith("400 wrong type: pointer=/spec/password")
        .doesNotContain("4711");
    assertThat(api.post(CONNECTIONS, docker("hub", "").replace("cA==", "*****")).status())
        .isEqualTo(400);
  }

  @Test
  void whatIsVitalStays() {
    api.post(CONNECTIONS, docker("hub", ",\"vital\":true"));
    assertThat(api.delete(CONNECTIONS + "/hub").told())
        .isEqualTo("400 hub connection is vital, it cannot be deleted");

    api.patch(CONNECTIONS + "/hub", "{\"spec\":{\"vital\":false}}");
    assertThat(api.delete(CONNECTIONS + "/hub").told()).isEqualTo("200 Connection hub was deleted");
    assertThat(api.delete(CONNECTIONS + "/hub").told())
        .isEqualTo("404 entity \"hub\" is not found");
  }

  @Test
  void listsAreFilteredByType() {
    api.post(CONNECTIONS, docker("hub", ""));
    api.post(
        CONNECTIONS,
        """
        {"id":"sas","spec":{"type":"azureblob","uri":"u","keySecret":"cA=="}}\
        """);

    assertThat(api.get(CONNECTIONS + "?type=docker").json()).hasSize(1);
    assertThat(api.get(CONNECTIONS + "?type=docker&type=azureblob").json()).hasSize(2);
    assertThat(api.get(CONNECTIONS + "?type=*").json()).hasSize(2);
    assertThat(api.get(CONNECTIONS + "?type=s3").body()).isEqualTo("[]");
    assertThat(api.get(CONNECTIONS + "?size=1&page=1").json().at("/0/id").asText())
        .isEqualTo("sas");
    assertThat(api.get(CONNECTIONS + "?roleName=x").told())
        .isEqualTo("400 cannot find roleName url parameter");
  }

  @Test
  void anUnknownTypeIsToldWithThoseThereAre() {
    assertThat(api.post(CONNECTIONS, docker("hub", "").replace("docker", "ftp")).told())
        .isEqualTo(
            "400 Validation of connection is failed: unknown type: ftp. Supported types: [s3 gcs"
                + " azureblob git docker ecr]");
  }
}
