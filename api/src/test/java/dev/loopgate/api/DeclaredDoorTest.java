package dev.loopgate.api;

import static dev.loopgate.api.ApiFixture.CONNECTIONS;
import static dev.loopgate.api.ApiFixture.DEPLOYMENTS;
import static dev.loopgate.api.ApiFixture.ROUTES;
import static dev.loopgate.api.ApiFixture.await;
import static dev.loopgate.api.ApiFixture.deployment;
import static dev.loopgate.api.ApiFixture.docker;
import static dev.loopgate.api.ApiFixture.route;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.api.ApiFixture.Reply;
import dev.loopgate.fleet.DeploymentRules;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.HostKeys;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.Resources;
import dev.loopgate.fleet.Secret;
import dev.loopgate.fleet.StoreException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What holds whatever is declared: settings, callers, failures, bounds.
@Timeout(60)
final class DeclaredDoorTest {
  private static final String GIT =
      """
      {"id":"%s","spec":{"type":"git","uri":"git@example.com:a/b"}}\
      """;

  @Test
  void itIsHealthy() {
    try (ApiFixture api = new ApiFixture()) {
      assertThat(api.get("/health").status()).isEqualTo(200);
      assertThat(api.get("/health").body()).isEqualTo("{}");
      assertThat(api.send("HEAD /health").status()).isEqualTo(200);
    }
  }

  @Test
  void aMethodThatAPathDoesNotHaveIsRefused() {
    try (ApiFixture api = new ApiFixture()) {
      CompletableFuture<Reply> answer = new CompletableFuture<>();
      api.door()
          .handle(
              new ApiRequest("DELETE", DEPLOYMENTS, List.of(), new byte[0], false),
              reply -> answer.complete(new Reply(reply)));
      Reply reply = await(answer);
      assertThat(reply.told())
          .isEqualTo("405 the method is not allowed here: allowed=[GET, POST, PUT]");
      assertThat(reply.header("allow")).isEqualTo("GET, POST, PUT");
      assertThat(api.get("/api/v1/nothing").told()).isEqualTo("404 unknown endpoint");
    }
  }

  @Test
  void anAnswerCarriesTheIdOfItsRequest() {
    try (ApiFixture api = new ApiFixture()) {
      for (String target : List.of("/health", DEPLOYMENTS, DEPLOYMENTS + "/x")) {
        assertThat(api.send("GET " + target, "request-id: a b").header("request-id"))
            .isEqualTo("a b");
        assertThat(api.send("GET " + target, "request-id: \u00e4").header("request-id")).isEmpty();
      }
    }
  }

  @Test
  void theConfigurationIsAListOfWhatMayBeKnown() {
    DeploymentRules.Settings settings =
        new DeploymentRules.Settings(
            List.of(Map.of("pool", "gpu")), Resources.DEFAULT, "triton", "hub");
    ApiConfig config =
        new ApiConfig(true, false, "https://edge.example.com", "/custom", settings, true);
    try (ApiFixture api = new ApiFixture(config, HostKeys.NONE)) {
      assertThat(api.get("/api/v1/configuration").body())
          .isEqualTo(
              """
              {"deployment":{"enabled":true,"edge":{"host":"https://edge.example.com"},\
              "customRoutePrefix":"/custom","defaultPredictor":"triton",\
              "defaultDockerPullConnName":"hub",\
              "defaultResources":{"requests":{"cpu":"125m","memory":"128Mi"},\
              "limits":{"cpu":"250m","memory":"256Mi"}},\
              "nodePools":[{"nodeSelector":{"pool":"gpu"}}],\
              "security":{"jwks":{"enabled":true}}},"connection":{"enabled":false}}\
              """);
      // The settings hold for what is declared, too.
      Reply created = api.post(DEPLOYMENTS, "{\"id\":\"wine\",\"spec\":{\"image\":\"i\"}}");
      assertThat(created.json().at("/spec/predictor").asText()).isEqualTo("triton");
      assertThat(created.json().at("/spec/imagePullConnID").asText()).isEqualTo("hub");
    }
    assertThatThrownBy(() -> new ApiConfig(true, true, "http://u:p4ss@edge", "", settings, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("p4ss");
  }

  @Test
  void whatIsDisabledMayOnlyBeRead() {
    DeploymentRules.Settings settings = DeploymentRules.Settings.DEFAULT;
    ApiConfig noDeployments = new ApiConfig(false, true, "", "", settings, false);
    ApiConfig noConnections = new ApiConfig(true, false, "", "", settings, false);
    String disabled = "400 This API is disabled";
    try (ApiFixture api = new ApiFixture(noDeployments, HostKeys.NONE)) {
      assertThat(api.post(DEPLOYMENTS, "{").told()).isEqualTo(disabled);
      assertThat(api.put(DEPLOYMENTS, "{").told()).isEqualTo(disabled);
      assertThat(api.patch(DEPLOYMENTS + "/x", "{").told()).isEqualTo(disabled);
      assertThat(api.delete(DEPLOYMENTS + "/x").told()).isEqualTo(disabled);
      assertThat(api.post(ROUTES, "{").told()).isEqualTo(disabled);
      assertThat(api.delete(ROUTES + "/x").told()).isEqualTo(disabled);
      assertThat(api.get(DEPLOYMENTS).status()).isEqualTo(200);
      assertThat(api.get(ROUTES + "-events").status()).isEqualTo(200);
      assertThat(api.send("HEAD " + DEPLOYMENTS).status()).isEqualTo(200);
      assertThat(api.post(CONNECTIONS, docker("hub", "")).status()).isEqualTo(201);
    }
    try (ApiFixture api = new ApiFixture(noConnections, HostKeys.NONE)) {
      assertThat(api.post(CONNECTIONS, docker("hub", "")).told()).isEqualTo(disabled);
      assertThat(api.put(CONNECTIONS, docker("hub", "")).told()).isEqualTo(disabled);
      assertThat(api.delete(CONNECTIONS + "/hub").told()).isEqualTo(disabled);
      assertThat(api.get(CONNECTIONS).status()).isEqualTo(200);
      api.declareDeployment("wine");
    }
  }

  @Test
  void aCallerIsWhoTheTokenSays() {
    try (ApiFixture api = new ApiFixture()) {
      assertThat(api.get("/api/v1/user/info").body())
          .isEqualTo("{\"email\":\"anonymous@email.org\",\"username\":\"anonymous\"}");
      assertThat(userInfo(api, "Basic eDp5").body()).contains("anonymous");
      assertThat(userInfo(api, bearer("{\"email\":\"a@b\",\"name\":\"Ada\"}")).body())
          .isEqualTo("{\"email\":\"a@b\",\"username\":\"Ada\"}");
      assertThat(userInfo(api, bearer("{\"email\":[1],\"name\":null}").replace("B", "b")).status())
          .isEqualTo(200);
      assertThat(userInfo(api, bearer("{}")).body())
          .isEqualTo("{\"email\":\"\",\"username\":\"\"}");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer x",
        "Bearer a.b",
        "Bearer a.b.c.d",
        "Bearer ..",
        "Bearer a.!.c",
        "Bearer a.e30=x.c"
      })
  void aTokenThatIsNoneIsMalformed(String authorization) {
    try (ApiFixture api = new ApiFixture()) {
      assertThat(userInfo(api, authorization).told()).startsWith("400 Malformed JWT: ");
      assertThat(userInfo(api, bearer("[]")).told()).startsWith("400 Malformed JWT: ");
      assertThat(userInfo(api, bearer("{")).told()).startsWith("400 Malformed JWT: ");
    }
  }

  private static Reply userInfo(ApiFixture api, String authorization) {
    return api.send("GET /api/v1/user/info", "authorization: " + authorization);
  }

  private static String bearer(String claims) {
    return "Bearer e30."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(UTF_8))
        + ".c2ln";
  }

  @Test
  void aWriteThatCanNotBeKeptIsAFailureAndTold() {
    try (ApiFixture api = new ApiFixture()) {
      api.declareDeployment("wine");
      api.store.fail(new StoreException("disk /data is full", false, null));
      String failed = "500 the change could not be kept";
      assertThat(api.post(DEPLOYMENTS, deployment("other", "")).told()).isEqualTo(failed);
      assertThat(api.put(DEPLOYMENTS, deployment("wine", "")).told()).isEqualTo(failed);
      assertThat(api.patch(DEPLOYMENTS + "/wine", "{}").told()).isEqualTo(failed);
      assertThat(api.delete(DEPLOYMENTS + "/wine").told()).isEqualTo(failed);
      assertThat(api.get(DEPLOYMENTS + "/wine").status()).isEqualTo(200);
      api.store.fail(new StoreException("force failed", true, null));
      assertThat(api.delete(DEPLOYMENTS + "/wine").told())
          .isEqualTo("500 it is not known whether the change was kept");
      assertThat(api.told()).hasSize(5).contains("store disk /data is full", "store force failed");
      api.store.fail(null);
      assertThat(api.delete(DEPLOYMENTS + "/wine").status()).isEqualTo(200); // no lock was kept
    }
  }

  @Test
  void aBugIsAnsweredAndToldAndEndsNothing() {
    HostKeys bug =
        _ -> {
          throw new IllegalStateException("bug");
        };
    try (ApiFixture api = new ApiFixture(ApiConfig.DEFAULT, bug)) {
      for (int i = 0; i < 100; i++) { // more than there are threads
        assertThat(api.post(CONNECTIONS, GIT.formatted("git")).told())
            .isEqualTo("500 the gateway has failed");
      }
      assertThat(api.told()).hasSize(100).containsOnly("failed bug");
      assertThat(api.post(CONNECTIONS, docker("hub", "")).status()).isEqualTo(201);
    }
  }

  @Test
  void aClassThatIsGoneIsAnsweredToo() {
    HostKeys replaced =
        _ -> {
          throw new NoClassDefFoundError("gone"); // as of a jar that is replaced under its process
        };
    try (ApiFixture api = new ApiFixture(ApiConfig.DEFAULT, replaced)) {
      assertThat(api.post(CONNECTIONS, GIT.formatted("git")).told())
          .isEqualTo("500 the gateway has failed");
      assertThat(api.told()).containsExactly("failed gone");
      assertThat(api.post(CONNECTIONS, docker("hub", "")).status()).isEqualTo(201);
    }
  }

  @Test
  void whoTakesAnAnswerAndFailsGetsNoOther() throws Exception {
    try (ApiFixture api = new ApiFixture()) {
      List<Integer> taken = new ArrayList<>();
      CountDownLatch first = new CountDownLatch(1);
      ApiRequest request = new ApiRequest("GET", DEPLOYMENTS, List.of(), new byte[0], false);
      api.door()
          .handle(
              request,
              reply -> {
                taken.add(reply.status());
                first.countDown();
                throw new IllegalStateException("taker");
              });
      assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
      while (api.told().isEmpty()) {
        Thread.onSpinWait();
      }
      assertThat(api.get(DEPLOYMENTS).status()).isEqualTo(200);
      assertThat(taken).containsExactly(200);
      assertThat(api.told()).containsExactly("failed taker");
    }
  }

  @Test
  void whatIsTooLargeToKeepIsRefused() {
    try (ApiFixture api = new ApiFixture()) {
      String half = "x".repeat(131_500);
      api.post(DEPLOYMENTS, deployment("wine", ",\"annotations\":{\"a\":\"" + half + "\"}"));
      Reply reply =
          api.patch(DEPLOYMENTS + "/wine", "{\"spec\":{\"annotations\":{\"b\":\"" + half + "\"}}}");
      assertThat(reply.told()).isEqualTo("413 ModelDeployment is larger than 262144 bytes");
      assertThat(api.post(DEPLOYMENTS, " ".repeat(DeclaredDoor.BODY_BYTES_MAX + 1)).told())
          .isEqualTo("413 the body is larger than 262144 bytes");
    }
  }

  @Test
  void aListThatIsTooLargeIsRefusedAndAPageOfItIsNot() {
    try (ApiFixture api = new ApiFixture()) {
      String much = ",\"annotations\":{\"a\":\"" + "x".repeat(250_000) + "\"}";
      for (int i = 0; i < 20; i++) {
        assertThat(api.post(DEPLOYMENTS, deployment("m" + i, much)).status()).isEqualTo(201);
      }
      assertThat(api.get(DEPLOYMENTS).told())
          .isEqualTo(
              "400 the answer is larger than 4194304 characters: ask for less of it by size and"
                  + " page");
      assertThat(api.get(DEPLOYMENTS + "?size=10").json()).hasSize(10);
      var page = api.get(DEPLOYMENTS + "-events").json();
      assertThat(page.path("events").size()).isBetween(15, 17);
      long cursor = page.path("cursor").longValue();
      var next = api.get(DEPLOYMENTS + "-events?cursor=" + cursor).json();
      assertThat(page.path("events").size() + next.path("events").size()).isEqualTo(20);
    }
  }

  @Test
  void oneWriteIsMadeAfterTheOther() {
    try (ApiFixture api = new ApiFixture()) {
      api.declareDeployment("wine");
      List<CompletableFuture<Reply>> all = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        all.add(api.begin("POST " + ROUTES, "", route("r" + i, "/custom/a", "wine")));
      }
      List<Integer> statuses = all.stream().map(each -> await(each).status()).toList();
      assertThat(statuses).containsOnlyOnce(201);
      assertThat(api.get(ROUTES).json()).hasSize(2);
    }
  }

  @Test
  void aStatusThatIsWrittenMeanwhileStopsNoWrite() throws Exception {
    try (ApiFixture api = new ApiFixture()) {
      api.declareDeployment("wine");
      List<CompletableFuture<Reply>> all = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        all.add(
            api.begin(
                "PATCH " + DEPLOYMENTS + "/wine",
                "",
                "{\"spec\":{\"annotations\":{\"a" + i + "\":\"\"}}}"));
        DeploymentStatus status =
            new DeploymentStatus(
                DeploymentStatus.State.PROCESSING, "", "", 0, i, null, "", "", null, "");
        api.store.updateStatus(Kind.DEPLOYMENT, "wine", status, OptionalLong.empty());
      }
      assertThat(all.stream().map(each -> await(each).status())).containsOnly(200);
      assertThat(api.get(DEPLOYMENTS + "/wine").json().at("/spec/annotations")).hasSize(200);
    }
  }

  @Test
  void whenAsMuchWaitsAsMayMoreIsRefusedAtOnceAndTheGatewayStaysHealthy() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch known = new CountDownLatch(1);
    HostKeys slow =
        _ -> {
          asked.countDown();
          try {
            assertThat(known.await(30, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return new Secret("a2V5");
        };
    try (ApiFixture api = new ApiFixture(ApiConfig.DEFAULT, slow)) {
      List<CompletableFuture<Reply>> all = new ArrayList<>();
      all.add(api.begin("POST " + CONNECTIONS, "", GIT.formatted("git")));
      assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
      int more = HandlerThreads.RUNNING_MAX + HandlerThreads.WAITING_MAX - 1;
      for (int i = 0; i < more; i++) {
        all.add(api.begin("POST " + DEPLOYMENTS, "", deployment("m" + i, "")));
      }
      assertThat(all).noneMatch(CompletableFuture::isDone);

      CompletableFuture<Reply> beyond = api.begin("GET " + DEPLOYMENTS);
      assertThat(beyond).isDone();
      assertThat(await(beyond).told()).isEqualTo("503 too many requests wait");
      assertThat(await(beyond).header("retry-after")).isEqualTo("1");
      assertThat(api.get("/health").status()).isEqualTo(200);
      assertThat(api.told()).containsExactly("overloaded");

      known.countDown();
      assertThat(all.stream().map(each -> await(each).status())).containsOnly(201);
      assertThat(api.get(DEPLOYMENTS + "?size=2000").json()).hasSize(more);
    }
  }

  @Test
  void aManifestInYamlIsTaken() {
    try (ApiFixture api = new ApiFixture()) {
      String manifest =
          """
          kind: ModelDeployment
          id: wine
          spec:
            image: i
            predictor: triton
            resources:
              requests: &amounts {cpu: 1, memory: 1e9}
              limits: *amounts
          """;
      Reply reply = api.send("POST " + DEPLOYMENTS, "content-type: text/yaml", "", manifest);
      assertThat(reply.status()).as(reply.body()).isEqualTo(201);
      assertThat(reply.json().at("/spec/resources/limits").toString())
          .isEqualTo("{\"cpu\":\"1\",\"memory\":\"1000000000\"}");
      Reply patched =
          api.send(
              "PATCH " + DEPLOYMENTS + "/wine",
              "content-type: application/yaml",
              "",
              "spec: {minReplicas: 1}");
      assertThat(patched.json().at("/spec/minReplicas").intValue()).isEqualTo(1);
    }
  }
}
