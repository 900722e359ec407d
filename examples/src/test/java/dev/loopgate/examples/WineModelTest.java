package dev.loopgate.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loopgate.examples.Json.JsonArray;
import dev.loopgate.examples.Json.JsonNumber;
import dev.loopgate.examples.Json.JsonObject;
import dev.loopgate.examples.Json.JsonText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WineModelTest {
  private static final String FIRST = "[7,0.27,0.36,20.7,0.045,45,170,1.001,3,0.45,8.8]";
  private static final String SECOND = "[6.2,0.66,0.48,1.2,0.029,29,75,0.98,3.33,0.39,12.8]";
  private static final String INVOKE = "/api/model/invoke";
  private static final String INFER = "/v2/models/wine-quality/infer";
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static WineModel model;

  @BeforeAll
  static void listen() throws IOException {
    model = WineModel.listen(0);
  }

  @AfterAll
  static void close() {
    model.close();
    HTTP.shutdownNow();
  }

  @Test
  void predictsTheGoldenWines() throws Exception {
    HttpResponse<String> answer = post(INVOKE, "{\"data\":[" + FIRST + "," + SECOND + "]}");

    assertGolden(answer);
    assertThat(answer.headers().firstValue("Model-Name")).hasValue("wine-quality");
    assertThat(answer.headers().firstValue("Model-Version")).hasValue("1.0");
    assertThat(answer.body()).endsWith("],\"columns\":[\"quality\"]}");
  }

  @Test
  void predictsTheSameInWhateverOrderTheColumnsCome() throws Exception {
    HttpResponse<String> one = post(INVOKE, example("wine-request.json"));
    HttpResponse<String> other = post(INVOKE, example("wine-request-other-order.json"));

    assertGolden(one);
    assertThat(other.body()).isEqualTo(one.body());
  }

  @Test
  void clampsAWineOfZeros() throws Exception {
    String zeros = "[0,0,0,0,0,0,0,0,0,0,0]";
    String heavy = "[0,0,0,0,0,0,0,2,0,0,0]";

    assertThat(post(INVOKE, "{\"data\":[" + zeros + "," + heavy + "]}").body())
        .isEqualTo("{\"prediction\":[10.0,0.0],\"columns\":[\"quality\"]}");
    assertThat(post(INVOKE, "{\"data\":[]}").body())
        .isEqualTo("{\"prediction\":[],\"columns\":[\"quality\"]}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | ends too early",
        "[] | the body must be a JSON object",
        "{} | data must be an array of rows",
        "{\"data\":[[1]]} | data row 0 has 1 values, needed: 11 in this order: fixed acidity,",
        "{\"data\":[1]} | data row 0 must be an array of numbers",
        "{\"data\":[[1,\"a\",1,1,1,1,1,1,1,1,1]]} | column \"volatile acidity\" of data row 0 is not a number",
        "{\"data\":[[1,1,1,1,1,1,1,1,null,1,1]]} | column \"pH\" of data row 0 is not a number",
        "{\"data\":[[1,1,1,1,1,1,1,1,1,1,1e999]]} | column \"alcohol\" of data row 0 is not a number",
        "{\"columns\":[\"alcohol\"],\"data\":[]} | missing columns: fixed acidity, volatile acidity,",
        "{\"columns\":[\"alcohol\",\"alcohol\"],\"data\":[]} | column \"alcohol\" stands twice",
        "{\"columns\":[\"age\"],\"data\":[]} | unknown column \"age\", allowed: fixed acidity,",
        "{\"columns\":[1],\"data\":[]} | columns must be an array of names",
        "{\"columns\":\"a\",\"data\":[]} | columns must be an array of names",
        "{\"rows\":[]} | unknown field \"rows\", allowed: columns, data",
        "{\"data\":[],\"data\":[]} | key \"data\" stands twice"
      })
  void saysWhatIsWrongWithARequest(String body, String problem) throws Exception {
    HttpResponse<String> answer = post(INVOKE, body);

    assertThat(answer.statusCode()).isEqualTo(500);
    JsonText message = (JsonText) field(answer.body(), "message");
    assertThat(message.value()).contains(problem);
  }

  @Test
  void saysWhatItIs() throws Exception {
    String document = get("/api/model/info").body();
    JsonObject info = (JsonObject) field(document, "info");

    assertThat(field(document, "swagger")).isEqualTo(new JsonText("2.0"));
    assertThat(info.fields())
        .containsEntry("title", new JsonText("wine-quality"))
        .containsEntry("version", new JsonText("1.0"));
    JsonObject paths = (JsonObject) field(document, "paths");
    assertThat(paths.fields()).containsKeys(INVOKE, "/api/model/info", "/healthcheck");
  }

  @Test
  void predictsByTheOpenInferenceProtocol() throws Exception {
    String nested = tensor("[2,11]", "[" + FIRST + "," + SECOND + "]");
    String flat = tensor("[2,11]", FIRST.replace("]", ",") + SECOND.replace("[", ""));

    for (String path : List.of(INFER, "/v2/models/wine-quality/versions/1.0/infer")) {
      HttpResponse<String> answer = post(path, "{\"id\":\"a\\\"b\",\"inputs\":[" + nested + "]}");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.body())
          .startsWith(
              "{\"model_name\":\"wine-quality\",\"model_version\":\"1.0\",\"id\":\"a\\\"b\",\"outputs\":"
                  + "[{\"name\":\"quality\",\"datatype\":\"FP64\",\"shape\":[2,1],\"data\":[5.56");
      assertThat(
              post(path, "{\"inputs\":[" + flat + "],\"outputs\":[{\"name\":\"quality\"}]}").body())
          .isEqualTo(answer.body().replace("\"id\":\"a\\\"b\",", ""));
    }
  }

  @Test
  void saysWhatIsWrongWithAnInferenceRequest() throws Exception {
    for (String body :
        List.of(
            "",
            "{}",
            "{\"inputs\":[]}",
            "{\"inputs\":[" + tensor("[1,11]", "[1]") + "]}",
            "{\"inputs\":[" + tensor("[1,10]", FIRST) + "]}",
            "{\"inputs\":[" + tensor("[1,11]", FIRST).replace("FP64", "BYTES") + "]}",
            "{\"inputs\":[" + tensor("[1,11]", FIRST).replace("features", "x") + "]}",
            "{\"inputs\":[" + tensor("[1,11]", FIRST) + "],\"outputs\":[{\"name\":\"x\"}]}",
            "{\"id\":1,\"inputs\":[" + tensor("[1,11]", FIRST) + "]}")) {
      HttpResponse<String> answer = post(INFER, body);
      assertThat(answer.statusCode()).as(body).isEqualTo(400);
      assertThat(field(answer.body(), "error")).isInstanceOf(JsonText.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/healthcheck, 200",
    "/v2, 200",
    "/v2/health/live, 200",
    "/v2/health/ready, 200",
    "/v2/models/wine-quality, 200",
    "/v2/models/wine-quality/ready, 200",
    "/v2/models/wine-quality/versions/1.0, 200",
    "/v2/models/wine-quality/versions/1.0/ready, 200",
    "/v2/models/wine-quality/versions/2.0, 404",
    "/v2/models/wine-quality/versions/1.01/ready, 404",
    "/v2/models/other, 404",
    "/api/model/invoke, 405",
    "/, 404",
    "/api/model/invoked, 404"
  })
  void answersEachOfItsPaths(String path, int status) throws Exception {
    HttpResponse<String> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(Json.read(answer.body())).isInstanceOf(JsonObject.class);
  }

  @Test
  void refusesABodyThatIsTooLarge() throws Exception {
    HttpRequest request =
        request(INVOKE)
            .POST(BodyPublishers.ofByteArray(new byte[WineModel.BODY_BYTES_MAX + 1]))
            .build();

    HttpResponse<String> answer = HTTP.send(request, BodyHandlers.ofString());

    assertThat(answer.body()).isEqualTo("{\"message\":\"the body is larger than 8388608 bytes\"}");
  }

  @Test
  void goesOnAfterACallerThatLeft() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), model.port())) {
      socket
          .getOutputStream()
          .write(
              "POST /api/model/invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"
                  .getBytes(UTF_8));
    }

    assertThat(get("/healthcheck").statusCode()).isEqualTo(200);
  }

  private static void assertGolden(HttpResponse<String> answer) throws Exception {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonArray prediction = (JsonArray) field(answer.body(), "prediction");
    List<Double> values =
        prediction.items().stream().map(one -> ((JsonNumber) one).value()).toList();
    assertThat(values).hasSize(2);
    assertThat(values.getFirst()).isCloseTo(5.562, within(0.0005));
    assertThat(values.getLast()).isCloseTo(7.276, within(0.0005));
  }

  private static Json field(String json, String name) throws Exception {
    Json value = ((JsonObject) Json.read(json)).fields().get(name);
    if (value == null) {
      throw new AssertionError("no " + name + " in " + json);
    }
    return value;
  }

  private static String tensor(String shape, String data) {
    return "{\"name\":\"features\",\"datatype\":\"FP64\",\"shape\":"
        + shape
        + ",\"data\":"
        + data
        + "}";
  }

  private static String example(String file) throws IOException {
    return Files.readString(Path.of(System.getProperty("loopgate.root"), "examples", file));
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return HTTP.send(request(path).GET().build(), BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return HTTP.send(
        request(path).POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + model.port() + path));
  }
}
