package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Feedback through the real door into real files: every form, and what the original lost.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class FeedbackIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> URLS =
      List.of(
          "/feedback",
          "/feedback/",
          "/feedback/model/",
          "/feedback/what/ever",
          "/api/v1/feedback",
          "/api/v1/feedback/",
          "/api/v1/feedback/x/y");

  private ScriptedRun run;
  private Rig rig;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    run = ScriptedRun.start(directory, "");
    rig = run.rig();
  }

  @AfterAll
  void stop() throws Exception {
    if (run != null) {
      run.close();
    }
  }

  @Test
  void eachHeaderFormWorksOnEachUrl() throws Exception {
    int count = 0;
    for (String url : URLS) {
      for (String prefix : List.of("x-model-", "model-")) {
        String id = "form-" + count++;
        Answer answer =
            post(
                url,
                "{\"truthful\":1}",
                "request-id: " + id,
                prefix + "name: income",
                prefix + "version: 1.1",
                "content-type: application/json");

        assertThat(answer.status()).as("%s %s", url, prefix).isEqualTo(200);
        isTheUnion(JSON.readTree(answer.utf8()), id);
        FileLine line = rig.awaitLine("feedback", id);
        assertThat(line.text("model_name")).isEqualTo("income");
        assertThat(line.text("model_version")).isEqualTo("1.1");
      }
    }
  }

  private static void isTheUnion(JsonNode answer, String id) {
    assertThat(answer.path("error").isBoolean()).isTrue();
    assertThat(answer.path("error").asBoolean()).isFalse();
    assertThat(answer.path("registered").asBoolean()).isTrue();
    assertThat(answer.path("requestID").asText()).isEqualTo(id);
    assertThat(answer.path("modelName").asText()).isEqualTo("income");
    assertThat(answer.path("modelVersion").asText()).isEqualTo("1.1");
    assertThat(answer.path("payload").toString()).isEqualTo("{\"json\":{\"truthful\":1}}");
    JsonNode message = answer.path("message");
    assertThat(message.path("RequestID").asText()).isEqualTo(id);
    assertThat(message.path("ModelName").asText()).isEqualTo("income");
    assertThat(message.path("ModelVersion").asText()).isEqualTo("1.1");
    assertThat(message.path("Payload")).isEqualTo(answer.path("payload"));
  }

  @Test
  void theFirstGenerationTakesTheModelFromThePath() throws Exception {
    Answer answer =
        post(
            "/api/model/income/1.1/feedback?a=1&a=2",
            "b=3&c=",
            "request-id: g1",
            "model-name: not-this",
            "content-type: application/x-www-form-urlencoded");

    assertThat(answer.status()).isEqualTo(200);
    FileLine line = rig.awaitLine("feedback", "g1");
    assertThat(line.text("model_name")).isEqualTo("income");
    assertThat(line.record().path("payload").toString())
        .isEqualTo("{\"post\":{\"b\":[\"3\"],\"c\":[\"\"]},\"uri\":{\"a\":[\"1\",\"2\"]}}");
    assertThat(JSON.readTree(answer.utf8()).path("message").path("model_id").asText())
        .isEqualTo("income");
  }

  @Test
  void numbersStayAsTheyWereWritten() throws Exception {
    String numbers = "{\"a\":9007199254740993,\"b\":0.10,\"c\":1,\"d\":1E400}";

    Answer answer =
        post(
            "/feedback",
            numbers,
            "request-id: numbers",
            "model-name: m",
            "model-version: 1",
            "content-type: application/json");

    assertThat(answer.text()).contains(numbers);
    FileLine line = rig.awaitLine("feedback", "numbers");
    assertThat(Files.readString(rig.files().resolve(line.path()))).contains(numbers);
  }

  @Test
  void equalKeysAndUnknownIdsAreStoredEachTime() throws Exception {
    for (int i = 0; i < 2; i++) {
      Answer answer =
          post(
              "/feedback",
              "{}",
              "request-id: nobody-knows",
              "model-name: nowhere",
              "model-version: 1",
              "idempotency-key: same",
              "content-type: application/json");
      assertThat(answer.status()).isEqualTo(200);
    }

    Rig.await("both", () -> rig.linesOf("feedback", "nobody-knows").size() == 2);
    assertThat(rig.linesOf("feedback", "nobody-knows"))
        .allMatch(line -> line.text("idempotency_key").equals("same"));
  }

  @Test
  void otherBodiesAreKept() throws Exception {
    String[] head = {"model-name: m", "model-version: 1", "content-type: text/plain"};
    post("/feedback", "it was wrong", "request-id: text", head[0], head[1], head[2]);
    post("/feedback", "\u00ff\u00fe\u0000", "request-id: bytes", head[0], head[1], head[2]);

    assertThat(rig.awaitLine("feedback", "text").record().path("payload").toString())
        .isEqualTo("{\"body\":\"it was wrong\",\"content_type\":\"text/plain\"}");
    JsonNode bytes = rig.awaitLine("feedback", "bytes").record().path("payload");
    assertThat(bytes.path("body").asText()).isEqualTo("//4A");
    assertThat(bytes.path("encoding").asText()).isEqualTo("base64");
  }

  @Test
  void aFullDiskRefusesFeedbackAndServesPredictions(@TempDir Path second) throws Exception {
    // More than any disk has free: the spool counts as full from the start.
    Rig full = Rig.infrontOf(second, run.model().url()).with("--spool.free-bytes-min", "1024GiB");
    try (GatewayProcess beside = full.start();
        Caller caller = beside.call()) {
      caller.send(
          Rig.head(
              "POST /feedback HTTP/1.1",
              "host: t",
              "request-id: full",
              "model-name: m",
              "model-version: 1",
              "content-length: 0"));
      Answer refused = caller.receive("POST");
      caller.send("POST", "/model/m/x", Map.of(), Framing.LENGTH, Payload.NONE);
      Answer served = caller.receive("POST");

      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.text()).isEqualTo("{\"error\":\"Cannot deliver message\"}");
      assertThat(refused.header("retry-after")).matches("\\d+");
      assertThat(served.status()).isEqualTo(200);
      assertThat(Rig.metrics(beside))
          .anySatisfy((name, count) -> {
            assertThat(name).contains("kind=\"feedback\"", "reason=\"spool_full\"");
            assertThat(count).isPositive();
          });
    }
  }

  private Answer post(String url, String body, String... headers) throws IOException {
    try (Caller caller = run.gateway().call()) {
      caller.send(
          "POST "
              + url
              + " HTTP/1.1\r\nhost: t\r\n"
              + Rig.head(headers).replaceFirst("\r\n\r\n$", "\r\n")
              + "content-length: %d\r\n\r\n%s".formatted(body.length(), body));
      return caller.receive("POST");
    }
  }
}
