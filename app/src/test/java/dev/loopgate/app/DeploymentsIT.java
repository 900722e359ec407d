package dev.loopgate.app;

import static dev.loopgate.app.Rig.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.testkit.GatewayProcess;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A user deploys a model of his own on a machine of his own.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class DeploymentsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEPLOYMENTS = "/api/v1/model/deployment";
  private static final String WINE =
      """
      {"columns": ["fixed acidity", "volatile acidity", "citric acid", "residual sugar", "chlorides",
        "free sulfur dioxide", "total sulfur dioxide", "density", "pH", "sulphates", "alcohol"],
       "data": [[7, 0.27, 0.36, 20.7, 0.045, 45, 170, 1.001, 3, 0.45, 8.8]]}\
      """;

  // Nothing goes to sleep in the first minute after a start.
  private static final Duration WITHIN = Duration.ofSeconds(150);

  @TempDir private Path directory;
  private final ApiCaller api = new ApiCaller();
  private Rig rig = new Rig(Path.of(""), List.of(), List.of());

  private GatewayProcess start() throws Exception {
    rig = new Rig(directory, List.of("-Xmx256m", "-XX:+UseSerialGC"), List.of());
    return rig.start("up");
  }

  @AfterEach
  void close() {
    api.close();
  }

  private static String deployment(String id, String image, String idle) {
    return JSON.createObjectNode()
        .put("id", id)
        .put("kind", "ModelDeployment")
        .set(
            "spec",
            JSON.createObjectNode()
                .put("image", image)
                .put("predictor", "odahu-ml-server")
                .put("minReplicas", 0)
                .put("readinessProbeInitialDelay", 0)
                .put("idleTimeout", idle))
        .toString();
  }

  private JsonNode status(GatewayProcess gateway, String id) throws Exception {
    HttpResponse<String> answer = api.ask(gateway, "GET", DEPLOYMENTS + "/" + id, "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body()).path("status");
  }

  private void awaitState(GatewayProcess gateway, String id, String state, int available)
      throws Exception {
    await(
        id + " is " + state + " with " + available,
        WITHIN,
        () -> {
          JsonNode status = status(gateway, id);
          return status.path("state").asText().equals(state)
              && status.path("availableReplicas").asInt() == available;
        });
  }

  private HttpResponse<String> predict(GatewayProcess gateway, String id, String requestId)
      throws Exception {
    return api.ask(
        gateway, "POST", "/model/" + id + "/api/model/invoke", WINE, "request-id", requestId);
  }

  @Test
  void aModelIsDeployedCalledSleepsWakesSurvivesAKillAndGoes() throws Exception {
    String route;
    try (GatewayProcess gateway = start()) {
      HttpResponse<String> created =
          api.ask(gateway, "POST", DEPLOYMENTS, deployment("mine", ApiCaller.wineModel(), "1s"));
      assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
      assertThat(
              api.ask(
                  gateway, "POST", DEPLOYMENTS, deployment("mine", ApiCaller.wineModel(), "1s")))
          .satisfies(again -> {
            assertThat(again.statusCode()).isEqualTo(409);
            assertThat(JSON.readTree(again.body()).path("message").asText())
                .isEqualTo("entity \"mine\" already exists");
          });
      // Whoever does not wait for Ready waits for the answer instead.
      HttpResponse<String> first = predict(gateway, "mine", "first");
      assertThat(first.statusCode()).as(first.body() + gateway.output()).isEqualTo(200);
      assertThat(first.body()).contains("\"prediction\":[5.56");
      assertThat(first.headers().firstValue("model-cold-start")).isPresent();
      // Whoever watches saw it all come.
      HttpRequest watching =
          HttpRequest.newBuilder(ApiCaller.at(gateway, DEPLOYMENTS + "/mine/events")).build();
      try (var lines = api.client().send(watching, HttpResponse.BodyHandlers.ofLines()).body()) {
        assertThat(lines.filter(line -> line.contains("\"state\":\"Ready\"")).findFirst())
            .isPresent();
      }
      await(
          "its name is known",
          () -> status(gateway, "mine").path("modelName").asText().equals("wine-quality"));
      route =
          JSON.readTree(api.ask(gateway, "GET", DEPLOYMENTS + "/mine/default-route", "").body())
              .path("id")
              .asText();
      assertThat(route).matches("mine-[0-9a-f]{5}");

      assertThat(api.ask(gateway, "GET", DEPLOYMENTS + "/mine/logs?bytes=1000", "").statusCode())
          .isEqualTo(200);
      awaitState(gateway, "mine", "Ready", 0); // nobody has asked for a while
      assertThat(api.ask(gateway, "POST", DEPLOYMENTS + "/mine:wake", "").statusCode())
          .isEqualTo(200);
      awaitState(gateway, "mine", "Ready", 1);
      awaitState(gateway, "mine", "Ready", 0); // 1 s was its idle time
      HttpResponse<String> cold = predict(gateway, "mine", "cold");
      assertThat(cold.statusCode()).as(cold.body() + gateway.output()).isEqualTo(200);
      assertThat(cold.headers().firstValue("model-cold-start")).isPresent();
      assertThat(cold.headers().firstValue("model-version")).contains("1.0");
      assertThat(api.ask(gateway, "GET", "/metrics", "").body())
          .containsPattern("loopgate_cold_start_seconds_count\\{phase=\"start\"} [2-9]")
          .containsPattern("loopgate_cold_start_seconds_count\\{phase=\"wait\"} [2-9]")
          .containsPattern("loopgate_cold_start_seconds_count\\{phase=\"answer\"} [2-9]");

      gateway.kill();
    }
    try (GatewayProcess gateway = start()) {
      HttpResponse<String> after = predict(gateway, "mine", "after");
      assertThat(after.statusCode()).as(after.body() + gateway.output()).isEqualTo(200);
      assertThat(
              ProcessHandle.of(gateway.pid()).orElseThrow().children().filter(this::isMine).count())
          .isOne();

      HttpResponse<String> gone = api.ask(gateway, "DELETE", DEPLOYMENTS + "/mine", "");
      assertThat(JSON.readTree(gone.body()).path("message").asText())
          .isEqualTo("Model deployment mine was deleted");
      await(
          "it is gone",
          () -> api.ask(gateway, "GET", DEPLOYMENTS + "/mine", "").statusCode() == 404);
      assertThat(predict(gateway, "mine", "late"))
          .satisfies(late -> {
            assertThat(late.statusCode()).isEqualTo(404);
            assertThat(late.body()).isEmpty();
          });
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    assertThat(Files.exists(rig.data().resolve("models/mine"))).isFalse();
    for (String id : List.of("first", "cold", "after")) {
      assertThat(rig.linesOf("request_response", id))
          .as(id)
          .singleElement()
          .satisfies(line -> assertThat(line.record().toString()).contains(route, "wine-quality"));
    }
    assertThat(rig.verify().exit()).isZero();
  }

  private boolean isMine(ProcessHandle child) {
    return child
            .info()
            .commandLine()
            .orElse("")
            .contains(
                "TieredStopAtLevel=1 -Xmx48m -cp "
                    + Command.jar()
                    + " dev.loopgate.examples.WineModel")
        && !child.info().commandLine().orElse("").contains("CreateCoredumpOnCrash");
  }

  @Test
  void whatCanNotStartSaysWhyAndIsRepaired() throws Exception {
    try (GatewayProcess gateway = start()) {
      String bad = deployment("bad", "file:/no/such.jar", "1s");
      assertThat(api.ask(gateway, "POST", DEPLOYMENTS, bad).statusCode()).isEqualTo(201);
      await("it failed", () -> status(gateway, "bad").path("state").asText().equals("Failed"));
      JsonNode status = status(gateway, "bad");
      assertThat(status.path("reason").asText()).isEqualTo("ImagePullFailed");
      assertThat(status.path("message").asText()).contains("/no/such.jar");

      String good = deployment("bad", ApiCaller.wineModel(), "60s");
      assertThat(api.ask(gateway, "PUT", DEPLOYMENTS, good).statusCode()).isEqualTo(200);
      awaitState(gateway, "bad", "Ready", 1);
      assertThat(predict(gateway, "bad", "repaired").statusCode()).isEqualTo(200);

      // A bad revision leaves the good one serving.
      String worse = deployment("bad", "exec:/bin/false", "60s");
      assertThat(api.ask(gateway, "PUT", DEPLOYMENTS, worse).statusCode()).isEqualTo(200);
      await("it failed", () -> status(gateway, "bad").path("state").asText().equals("Failed"));
      assertThat(status(gateway, "bad").path("reason").asText()).isEqualTo("ModelCrashed");
      assertThat(predict(gateway, "bad", "still").statusCode()).isEqualTo(200);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    assertThat(rig.verify().exit()).isZero();
  }

  @Test
  void aPageOfAnotherOriginDeclaresNothing() throws Exception {
    try (GatewayProcess gateway = start()) {
      String body = deployment("evil", ApiCaller.wineModel(), "1s");
      HttpResponse<String> answer =
          api.ask(gateway, "POST", DEPLOYMENTS, body, "origin", "http://evil.example");

      assertThat(answer.statusCode()).isEqualTo(403);
      assertThat(api.ask(gateway, "GET", DEPLOYMENTS + "/evil", "").statusCode()).isEqualTo(404);
      assertThat(api.ask(gateway, "GET", "/health", "").body()).isEqualTo("{}");
      assertThat(gateway.stop()).isZero();
    }
  }
}
