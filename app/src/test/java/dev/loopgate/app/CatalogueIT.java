package dev.loopgate.app;

import static dev.loopgate.app.Rig.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.testkit.GatewayProcess;
import java.net.URI;
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

/// The pages of the built product, and what they show of a model that sleeps.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class CatalogueIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEPLOYMENTS = "/api/v1/model/deployment";
  private static final String CATALOGUE = "/service-catalog/catalog";
  private static final String INVOKE = "/paths/~1model~1mine~1api~1model~1invoke/post";

  // Nothing goes to sleep in the first minute after a start.
  private static final Duration WITHIN = Duration.ofSeconds(150);

  @TempDir private Path directory;
  private final ApiCaller api = new ApiCaller();

  private GatewayProcess start() throws Exception {
    return new Rig(directory, List.of("-Xmx256m", "-XX:+UseSerialGC"), List.of()).start("up");
  }

  @AfterEach
  void close() {
    api.close();
  }

  private JsonNode get(GatewayProcess gateway, String path) throws Exception {
    HttpResponse<String> answer = api.ask(gateway, "GET", path, "");
    assertThat(answer.statusCode()).as(path + answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private static String deployment() {
    return JSON.createObjectNode()
        .put("id", "mine")
        .put("kind", "ModelDeployment")
        .set(
            "spec",
            JSON.createObjectNode()
                .put("image", ApiCaller.wineModel())
                .put("predictor", "odahu-ml-server")
                .put("minReplicas", 0)
                .put("readinessProbeInitialDelay", 0)
                .put("idleTimeout", "1s"))
        .toString();
  }

  private String shown(GatewayProcess gateway, String pointer) throws Exception {
    return get(gateway, CATALOGUE + "/openapi.json").at(pointer).toString();
  }

  @Test
  void whatSleepsIsShownWholeAfterARestartAndNothingWakesForIt() throws Exception {
    JsonNode data;
    try (GatewayProcess gateway = start()) {
      assertThat(shown(gateway, INVOKE)).isEmpty();
      assertThat(api.ask(gateway, "POST", DEPLOYMENTS, deployment()).statusCode()).isEqualTo(201);
      await("it is shown", () -> !shown(gateway, INVOKE).isEmpty());
      await(
          "it sleeps", WITHIN, () -> shown(gateway, INVOKE + "/x-deployment/warm").equals("false"));
      await("it is ready", () -> shown(gateway, INVOKE + "/x-deployment/state").contains("Ready"));
      data = get(gateway, CATALOGUE + "/data.json");
      assertThat(data.at(INVOKE + "/parameters/0/schema/$ref").asText())
          .isEqualTo("#/definitions/mine.Input");
      assertThat(data.at("/definitions/mine.Input/example/data")).isNotEmpty();
      gateway.kill();
    }
    try (GatewayProcess gateway = start()) {
      JsonNode again = get(gateway, CATALOGUE + "/data.json");
      assertThat(again.at(INVOKE)).isEqualTo(data.at(INVOKE)).isNotEmpty();
      String input = "/definitions/mine.Input";
      assertThat(again.at(input)).isEqualTo(data.at(input));
      assertThat(get(gateway, CATALOGUE + "/openapi/mine.json").path("info").path("title").asText())
          .isEqualTo("wine-quality");
      assertThat(get(gateway, "/service-catalog/model-info/mine").path("deploymentID").asText())
          .isEqualTo("mine");
      JsonNode status = get(gateway, DEPLOYMENTS + "/mine").path("status");
      assertThat(status.path("replicas").asInt()).as("nothing was woken").isZero();

      assertThat(api.ask(gateway, "DELETE", DEPLOYMENTS + "/mine", "").statusCode()).isEqualTo(200);
      assertThat(get(gateway, CATALOGUE + "/data.json").toString()).doesNotContain("/model/mine/");
      assertThat(api.ask(gateway, "GET", "/service-catalog/model-info/mine", "").statusCode())
          .isEqualTo(404);
      await(
          "nothing of it is left",
          () -> !Files.exists(directory.resolve("data/declared/card/mine.json")));
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
  }

  @Test
  void pagesAreServedWholeAndToNoPageOfAnotherOrigin() throws Exception {
    try (GatewayProcess gateway = start()) {
      for (String page : List.of("/swagger/index.html", CATALOGUE + "/index.html")) {
        HttpResponse<String> answer = api.ask(gateway, "GET", page, "");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type"))
            .contains("text/html; charset=utf-8");
        assertThat(answer.headers().firstValue("content-security-policy").orElse(""))
            .startsWith("default-src 'none'");
        for (String file : answer.body().split("\"", -1)) {
          if (file.endsWith(".js") || file.endsWith(".css") || file.endsWith(".png")) {
            URI at = URI.create(page).resolve(file);
            assertThat(api.ask(gateway, "GET", at.getPath(), "").statusCode())
                .as(file)
                .isEqualTo(200);
          }
        }
      }
      assertThat(get(gateway, "/swagger/data.json").path("openapi").asText()).isEqualTo("3.1.0");
      assertThat(
              api.ask(gateway, "GET", CATALOGUE + "/data.json", "", "origin", "http://evil.example")
                  .statusCode())
          .isEqualTo(403);
      assertThat(api.ask(gateway, "GET", "/swagger/index.html", "").headers().firstValue("etag"))
          .isPresent();
      assertThat(api.ask(gateway, "POST", CATALOGUE + "/data.json", "{}").statusCode())
          .isEqualTo(405);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
  }
}
