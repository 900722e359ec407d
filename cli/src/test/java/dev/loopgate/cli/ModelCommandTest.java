package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.cli.ClientRig.Run;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Predictions, what models say of themselves, and feedback.
final class ModelCommandTest {
  private static final String INVOKE = "POST /model/wine/api/model/invoke";
  private static final String DEPLOYMENT = "GET /api/v1/model/deployment/wine";
  private static final String ROUTE = "GET /api/v1/model/route/r";
  private static final String V2 = "{\"inputs\": []}";
  private static final String READY =
      "{\"id\":\"wine\",\"spec\":{\"predictor\":\"triton\"},\"status\":{\"modelName\":\"wine"
          + " q\",\"modelVersion\":\"1.0\"}}";

  @TempDir private Path home;
  private ClientRig rig = new ClientRig(Path.of(""));
  private final ScriptedApi api;

  ModelCommandTest() throws IOException {
    api = new ScriptedApi();
  }

  @BeforeEach
  void setHome() {
    rig = new ClientRig(home);
    rig.environment.put("API_URL", api.url());
  }

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void aPredictionIsAskedOnceAndPrinted() throws IOException {
    api.answers(INVOKE, 200, "{\"prediction\":[6.10]}", Map.of("Request-Id", "id-7"));
    String file = rig.file("q.json", "{\"data\": [[1]]}");

    Run inline =
        rig.run(
            "model",
            "invoke",
            "--md",
            "wine",
            "--json",
            "{\"data\": [[1]]}",
            "--request-id",
            "id-7");
    Run fromFile = rig.run("model", "invoke", "--url-prefix", "/model/wine/", "--json-file", file);

    assertThat(inline)
        .isEqualTo(
            new Run(
                0, "{\n  \"prediction\" : [\n    6.10\n  ]\n}\n", "loopgate: request-id: id-7\n"));
    assertThat(fromFile.out()).isEqualTo(inline.out());
    assertThat(api.lines()).containsExactly(INVOKE, INVOKE);
    assertThat(api.asked().getFirst().headers()).containsEntry("request-id", "id-7");
    assertThat(api.asked().getFirst().body()).isEqualTo("{\"data\": [[1]]}");
    assertThat(api.asked().getLast().headers()).doesNotContainKeys("request-id", "authorization");
  }

  @Test
  void theTokenIsTheOptionsElseWhatIsSet() {
    api.answers(INVOKE, 200, "{}").answers("POST /model/other/api/model/invoke", 401, "");
    rig.environment.put("API_TOKEN", "set");

    rig.run("model", "invoke", "--md", "wine", "--json", "{}", "--token", "");
    rig.run("model", "invoke", "--md", "wine", "--json", "{}", "--token", "typed");
    rig.environment.remove("API_TOKEN");
    Run refused = rig.run("model", "invoke", "--md", "other", "--json", "{}", "--token", "");

    assertThat(api.asked().get(0).headers()).containsEntry("authorization", "Bearer set");
    assertThat(api.asked().get(1).headers()).containsEntry("authorization", "Bearer typed");
    assertThat(api.asked().get(2).headers()).doesNotContainKey("authorization");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.out())
        .startsWith(
            "Error: Wrong status code returned: 401. Data: \"\". URL: \""
                + api.url()
                + "/model/other/api/model/invoke\"\n");
  }

  @Test
  void aTokenThatHasEndedIsExchangedHereToo() {
    api.answers("POST /token", 200, "{\"access_token\":\"fresh\"}")
        .answers(INVOKE, 401, "")
        .answers(INVOKE, 200, "{}");
    rig.environment.put("API_TOKEN", "old");
    rig.environment.put("ODAHUFLOWCTL_OAUTH_TOKEN_URL", api.url() + "/token");
    rig.environment.put("ODAHUFLOWCTL_OAUTH_CLIENT_ID", "me");
    rig.environment.put("ODAHUFLOWCTL_OAUTH_CLIENT_SECRET", "mine");

    assertThat(rig.run("model", "invoke", "--md", "wine", "--json", "{}").code()).isZero();
    assertThat(api.asked().stream().map(asked -> asked.headers().get("authorization")))
        .containsExactly("Bearer old", null, "Bearer fresh");
  }

  @Test
  void aBaseUrlThatIsEmptyIsNone() {
    assertThat(rig.run("model", "invoke", "--md", "wine", "--base-url", "", "--json", "{}").out())
        .startsWith("Error: Base url is required\n");
    assertThat(api.asked()).isEmpty();
  }

  @Test
  void aBaseUrlComesBeforeWhatIsSet() {
    api.answers(INVOKE, 200, "{}");
    rig.environment.put("API_URL", "http://127.0.0.1:1");

    assertThat(
            rig.run(
                    "model",
                    "invoke",
                    "--md",
                    "wine",
                    "--base-url",
                    api.url() + "/",
                    "--json",
                    "{}")
                .code())
        .isZero();
  }

  @Test
  void aRouteIsAskedWhereItIs() {
    api.answers(
            ROUTE,
            200,
            "{\"id\":\"r\",\"spec\":{\"urlPrefix\":\"/custom/r\"},\"status\":{\"edgeUrl\":\"\"}}")
        .answers("POST /custom/r/api/model/invoke", 200, "{}");
    ScriptedApi edge = api;

    assertThat(rig.run("model", "invoke", "--mr", "r", "--json", "{}").code()).isZero();
    api.answers(
            ROUTE,
            200,
            "{\"id\":\"r\",\"spec\":{\"urlPrefix\":\"/no\"},\"status\":{\"edgeUrl\":\""
                + edge.url()
                + "/edge\"}}")
        .answers(
            ROUTE,
            200,
            "{\"id\":\"r\",\"spec\":{\"urlPrefix\":\"/no\"},\"status\":{\"edgeUrl\":\""
                + edge.url()
                + "/edge\"}}")
        .answers("POST /edge/api/model/invoke", 200, "{}");
    rig.environment.put("MODEL_ROUTE_NAME", "r");
    rig.run("model", "invoke", "--json", "{}");
    assertThat(rig.run("model", "invoke", "--json", "{}").code()).isZero();
    assertThat(api.lines()).endsWith("POST /edge/api/model/invoke");
  }

  @Test
  void aModelOfV2IsAskedByItsName() {
    api.answers(DEPLOYMENT, 200, READY)
        .answers("POST /model/wine/v2/models/wine%20q/infer", 200, "{\"outputs\":[]}")
        .answers("POST /p/v2/models/n/infer", 200, "{}")
        .answers("GET /model/wine/api/model/info", 404, "")
        .answers("GET /model/wine/v2/models/wine%20q", 200, "{\"name\":\"wine q\"}");

    assertThat(rig.run("model", "invoke", "--md", "wine", "--json", V2).code()).isZero();
    assertThat(
            rig.run("model", "invoke", "--url-prefix", "p", "--model-name", "n", "--json", V2)
                .code())
        .isZero();
    assertThat(rig.run("model", "invoke", "--url-prefix", "/p", "--json", V2).out())
        .startsWith("Error: The model's name is needed beside --url-prefix: --model-name NAME\n");
    assertThat(rig.run("model", "info", "--md", "wine").out()).contains("\"wine q\"");
  }

  @Test
  void whatIsAskedOfIsNeeded() throws IOException {
    String file = rig.file("q.json", "{}");

    assertThat(rig.run("model", "invoke", "--json", "{}").out())
        .startsWith(
            "Error: You should provide one of --model-route, --model-deployment, --url-prefix.");
    assertThat(rig.run("model", "invoke", "--md", "wine").out())
        .startsWith("Error: You should provide --json or --file.");
    assertThat(rig.run("model", "invoke", "--md", "wine", "--json", "{}", "-f", file).out())
        .startsWith("Error: You should provide either --json or --file, not both.");
    assertThat(rig.run("model", "invoke", "--md", "wine", "-f", "/no/such").out())
        .startsWith("Error: Resource file '/no/such' not found\n");
    assertThat(rig.run("model", "invoke", "--url-prefix", "/a?b", "--json", "{}").out())
        .startsWith("Error: \"/a?b\" is no path of a URL\n");
  }

  @Test
  void whoCanNotBeReachedIsTriedTenTimes() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }

    Run run =
        rig.run(
            "model",
            "invoke",
            "--url-prefix",
            "/m",
            "--base-url",
            "http://127.0.0.1:" + port,
            "--json",
            "{}");

    assertThat(run.out())
        .startsWith("Error: Can not reach http://127.0.0.1:" + port + "/m/api/model/invoke\n");
    assertThat(rig.pauses).hasSize(9).containsOnly(Duration.ofSeconds(3));
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void whatWasSentIsSentOnce(int status) {
    api.answers(INVOKE, status, "{\"message\":\"x\"}");

    assertThat(rig.run("model", "invoke", "--md", "wine", "--json", "{}").code()).isEqualTo(1);
    assertThat(api.lines()).hasSize(1);
  }

  @Test
  void feedbackSaysWhichPredictionOfWhichModel() {
    api.answers("POST /api/v1/feedback/model", 200, "{\"registered\":true}")
        .answers(DEPLOYMENT, 200, READY);

    Run named =
        rig.run(
            "model",
            "feedback",
            "--model-name",
            "m",
            "--model-version",
            "2",
            "--request-id",
            "id-7",
            "--idempotency-key",
            "k",
            "--json",
            "[9007199254740993]");
    Run known = rig.run("model", "feedback", "--md", "wine", "--request-id", "id-7", "--json", "1");

    assertThat(named.out()).contains("\"registered\" : true");
    assertThat(api.asked().getFirst().headers())
        .containsEntry("model-name", "m")
        .containsEntry("model-version", "2")
        .containsEntry("request-id", "id-7")
        .containsEntry("idempotency-key", "k");
    assertThat(api.asked().getFirst().body()).isEqualTo("[9007199254740993]");
    assertThat(known.code()).isZero();
    assertThat(api.asked().getLast().headers())
        .containsEntry("model-name", "wine q")
        .doesNotContainKey("idempotency-key");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--md wine --json 1; 2; missing option '--request-id'",
        "--md wine --request-id x --json {; 1; Feedback is not valid JSON",
        "--model-name m --request-id x --json 1; 1; both --model-name and --model-version",
        "--model-name \u00e9 --model-version 1 --request-id x --json 1; 1; model-name is not valid"
      })
  void feedbackThatNobodyCouldUseIsNotSent(String words, int code, String text) {
    Run run = rig.run(("model feedback " + words).split(" ", -1));

    assertThat(run.code()).isEqualTo(code);
    assertThat(run.out() + run.err()).contains(text);
    assertThat(api.asked()).isEmpty();
  }
}
