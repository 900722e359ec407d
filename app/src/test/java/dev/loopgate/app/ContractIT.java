package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.GatewayProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The acceptance cases FB-1 to FB-10 and D-5 of the contract, on `loopgate up` and its wine model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ContractIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String INVOKE = "/model/wine/api/model/invoke";
  private static final String COLUMNS =
      "[\"alcohol\",\"fixed acidity\",\"volatile acidity\",\"citric acid\",\"residual sugar\",\"chlorides\","
          + "\"free sulfur dioxide\",\"total sulfur dioxide\",\"density\",\"pH\",\"sulphates\"]";
  private static final String ROW = "[8.8,7,0.27,0.36,20.7,0.045,45,170,1.001,3,0.45]";
  private static final String WINE = "{\"columns\":" + COLUMNS + ",\"data\":[" + ROW + "]}";

  private Rig rig;
  private GatewayProcess up;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    rig = new Rig(directory, List.of("-Xmx256m"), List.of());
    up = rig.start("up");
    Rig.await("the wine model", () -> up.get("/model/wine/api/model/info").status() == 200);
  }

  @AfterAll
  void stop() throws Exception {
    if (up != null) {
      assertThat(up.stop()).as(up.output()).isZero();
      GatewayProcess.Run verify = rig.verify();
      assertThat(verify.exit()).as(verify.output()).isZero();
    }
  }

  @Test
  void fb1AnOwnIdComesBackAndFindsItsOneRequestResponse() throws Exception {
    Answer answer = invoke("request-id: abcdefghijklmnop\r\n", WINE);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("request-id")).isEqualTo("abcdefghijklmnop");
    FileLine line = rig.awaitLine("request_response", "abcdefghijklmnop");
    assertThat(rig.linesOf("request_response", "abcdefghijklmnop")).hasSize(1);
    assertThat(line.record().properties())
        .extracting(Map.Entry::getKey)
        .contains(
            "request_id",
            "model_name",
            "model_version",
            "request_http_method",
            "request_uri",
            "request_host",
            "request_http_headers",
            "request_content",
            "response_status",
            "response_http_headers",
            "time");
    JsonNode info = JSON.readTree(up.get("/model/wine/api/model/info").utf8()).path("info");
    assertThat(line.text("model_name")).isEqualTo(info.path("title").asText());
    assertThat(line.text("model_version")).isEqualTo(info.path("version").asText());
    assertThat(answer.header("model-name")).isEqualTo(info.path("title").asText());
    assertThat(answer.header("model-version")).isEqualTo(info.path("version").asText());
    assertThat(JSON.readTree(line.text("request_content"))).isEqualTo(JSON.readTree(WINE));
    assertThat(line.record().path("response_status").isTextual()).isTrue();
    assertThat(line.text("response_status")).isEqualTo("200");
    assertThat(line.text("request_http_method")).isEqualTo("POST");
    assertThat(line.text("request_uri")).isEqualTo(INVOKE);
    JsonNode headers = line.record().path("request_http_headers");
    assertThat(headers.path(":path").asText()).isEqualTo("/api/model/invoke");
    assertThat(headers.path(":method").asText()).isEqualTo("POST");
    assertThat(headers.path("request-id").asText()).isEqualTo("abcdefghijklmnop");
    assertThat(line.record().path("response_http_headers").path(":status").asText())
        .isEqualTo("200");
  }

  @Test
  void fb2TheResponseBodyParsesToTheAnswer() throws Exception {
    Answer answer = invoke("request-id: fb2\r\n", WINE);

    FileLine line = rig.awaitLine("response_body", "fb2");
    JsonNode kept = JSON.readTree(line.text("response_content"));
    assertThat(kept).isEqualTo(JSON.readTree(answer.utf8()));
    assertThat(kept.path("prediction").path(0).asDouble()).isBetween(5.561, 5.563);
    assertThat(line.text("time")).isEqualTo(rig.awaitLine("request_response", "fb2").text("time"));
  }

  @Test
  void fb3AnAnswerOfNinetyKilobytesIsWhole() throws Exception {
    int rows = 12_000;
    String many =
        "{\"columns\":" + COLUMNS + ",\"data\":[" + (ROW + ",").repeat(rows - 1) + ROW + "]}";

    Answer answer = invoke("request-id: fb3\r\n", many);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.length()).isGreaterThan(90_000);
    assertThat(rig.awaitLine("response_body", "fb3").text("response_content"))
        .isEqualTo(answer.utf8());
    assertThat(rig.awaitLine("request_response", "fb3").text("request_content")).isEqualTo(many);
  }

  @Test
  void fb4WithoutAnIdOneIsMadeAndIsInBothRecords() throws Exception {
    Answer answer = invoke("", WINE);

    String id = answer.header("request-id");
    assertThat(id).matches("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    rig.awaitLine("request_response", id);
    rig.awaitLine("response_body", id);
  }

  @Test
  void fb5TheHeadersThatNameThePersonAreAbsent() throws Exception {
    invoke(
        String.join(
            ": s3cr3t\r\n", "request-id: fb5\r\nauthorization", "x-jwt", "X-User", "x-email", ""),
        WINE);

    FileLine line = rig.awaitLine("request_response", "fb5");
    assertThat(line.record().path("request_http_headers").properties())
        .extracting(Map.Entry::getKey)
        .doesNotContain("authorization", "x-jwt", "x-user", "x-email");
    assertThat(line.record().toString()).doesNotContain("s3cr3t");
  }

  @Test
  void fb6FeedbackIsALineWithAnEqualPayload() throws Exception {
    Answer answer =
        feedback(
            "request-id: fb6\r\nmodel-name: wine\r\nmodel-version: 1.0\r\n",
            "{\"truthful\":4.0,\"note\":\"good\"}");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-type")).isEqualTo("application/json; charset=utf-8");
    FileLine line = rig.awaitLine("feedback", "fb6");
    JsonNode payload = line.record().path("payload").path("json");
    assertThat(payload.path("truthful").asDouble()).isEqualTo(4);
    assertThat(payload.path("note").asText()).isEqualTo("good");
    assertThat(line.text("model_name")).isEqualTo("wine");
    assertThat(line.text("model_version")).isEqualTo("1.0");
  }

  @Test
  void fb7FeedbackWithoutAnIdIsRefusedInTheExactWords() throws Exception {
    Answer answer = feedback("model-name: wine\r\nmodel-version: 1.0\r\n", "{}");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).isEqualTo("{\"error\":\"request-id header is missed\"}");
  }

  @Test
  void fb8FeedbackOfHeadersOnlyHasAnEmptyPayload() throws Exception {
    Answer answer =
        call(
            Rig.head(
                "POST /api/v1/feedback HTTP/1.1",
                "host: t",
                "request-id: fb8",
                "model-name: wine",
                "model-version: 1.0",
                "content-length: 0"));

    assertThat(answer.status()).isEqualTo(200);
    FileLine line = rig.awaitLine("feedback", "fb8");
    assertThat(line.record().path("payload").isObject()).isTrue();
    assertThat(line.record().path("payload").isEmpty()).isTrue();
  }

  @Test
  void fb9TheRootNamesTheLinks() throws Exception {
    Answer answer = up.get("/");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(JSON.readTree(answer.utf8()).path("links").toString())
        .isEqualTo("[\"/api/v1/feedback/*any\"]");
  }

  @Test
  void fb10AnUnknownPathIsAnIncorrectUrl() throws Exception {
    Answer answer = call("POST /nowhere HTTP/1.1\r\nhost: t\r\ncontent-length: 0\r\n\r\n");

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.text()).isEqualTo("{\"error\":\"Incorrect URL\"}");
  }

  @Test
  void d5InfoAndInvokeGoThroughThePrefix() throws Exception {
    Answer info = up.get("/model/wine/api/model/info");
    Answer zeros = invoke("", WINE.replace(ROW, "[0,0,0,0,0,0,0,0,0,0,0]"));
    Answer missing = invoke("", "{\"columns\":[\"alcohol\"],\"data\":[[12.8]]}");

    assertThat(JSON.readTree(info.utf8()).path("swagger").asText()).isEqualTo("2.0");
    assertThat(zeros.status()).isEqualTo(200);
    assertThat(JSON.readTree(zeros.utf8()).path("prediction").path(0).asDouble()).isEqualTo(10);
    assertThat(missing.status()).isEqualTo(500);
    assertThat(JSON.readTree(missing.utf8()).path("message").asText()).contains("fixed acidity");
  }

  private Answer invoke(String headers, String body) throws IOException {
    return call(
        "POST %s HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n".formatted(INVOKE)
            + headers
            + "content-length: %d\r\n\r\n%s".formatted(body.length(), body));
  }

  private Answer feedback(String headers, String body) throws IOException {
    return call(
        "POST /api/v1/feedback HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n"
            + headers
            + "content-length: %d\r\n\r\n%s".formatted(body.length(), body));
  }

  private Answer call(String bytes) throws IOException {
    try (Caller caller = up.call()) {
      caller.send(bytes);
      return caller.receive("POST");
    }
  }
}
