package dev.loopgate.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.RequestId;
import dev.loopgate.spool.Appended;
import dev.loopgate.spool.ForceListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeedbackDoorTest {
  private static final List<String> HEADER_URLS =
      List.of(
          "/feedback",
          "/feedback/",
          "/feedback/model/",
          "/feedback/whatever/it/is?",
          "/api/v1/feedback",
          "/api/v1/feedback/",
          "/api/v1/feedback/model/wine");
  private static final String PATH_URL = "/api/model/income/1.1/feedback";
  private static final String ID = "request-id: previous-prediction-id";
  private static final String MISSING_NAME =
      "400 {\"error\":\"model-name or model-version header is empty\"}";

  private final DoorFixture door = new DoorFixture();

  @Test
  void answersTheUnionOfAllGenerationsByteForByte() {
    door.send(
            "POST /api/v1/feedback/model/income",
            ID,
            "model-name: income",
            "model-version: 1.1",
            "content-type: application/json",
            "",
            "{\"truthful\": 1}")
        .force();

    assertThat(door.answer())
        .isEqualTo(
            """
            200 {"error":false,"registered":true,"message":{"RequestID":"previous-prediction-id",\
            "ModelVersion":"1.1","ModelName":"income","Payload":{"json":{"truthful":1}}},\
            "requestID":"previous-prediction-id","modelVersion":"1.1","modelName":"income",\
            "payload":{"json":{"truthful":1}}}\
            """);
    assertThat(door.replies.getFirst().headers())
        .contains(new Header("request-id", "previous-prediction-id"));
    assertThat(door.kept)
        .containsExactly(
            new Feedback(
                new RequestId("previous-prediction-id"),
                new ModelIdentity("income", "1.1"),
                DoorFixture.ARRIVAL_MILLIS,
                "{\"json\":{\"truthful\":1}}",
                ""));
  }

  @Test
  void addsTheFirstGenerationsWordsOnItsUrl() {
    door.send("POST " + PATH_URL + "?rating=5", ID).force();

    assertThat(door.answer())
        .isEqualTo(
            """
            200 {"error":false,"registered":true,"message":{"RequestID":"previous-prediction-id",\
            "ModelVersion":"1.1","ModelName":"income","Payload":{"uri":{"rating":["5"]}},\
            "request_id":"previous-prediction-id","model_version":"1.1","model_id":"income",\
            "payload":{"uri":{"rating":["5"]}}},\
            "requestID":"previous-prediction-id","modelVersion":"1.1","modelName":"income",\
            "payload":{"uri":{"rating":["5"]}}}\
            """);
  }

  @Test
  void takesEachHeaderFormOnEachUrl() {
    for (String url : HEADER_URLS) {
      assertThat(modelOf(url, "model-name: a", "model-version: 1")).as(url).isEqualTo("a 1");
      assertThat(modelOf(url, "x-model-name: a", "x-model-version: 1")).as(url).isEqualTo("a 1");
      assertThat(modelOf(url, "x-model-name: a", "model-version: 1")).as(url).isEqualTo("a 1");
      assertThat(modelOf(url, "model-name: a", "x-model-version: 1")).as(url).isEqualTo("a 1");
      assertThat(
              modelOf(
                  url,
                  "x-model-name: b",
                  "model-name: a",
                  "x-model-version: 2",
                  "model-version: 1"))
          .as(url)
          .isEqualTo("a 1");
      assertThat(modelOf(url, "model-name: ", "x-model-name: b", "x-model-version: 2"))
          .as(url)
          .isEqualTo("b 2");
    }
    assertThat(modelOf(PATH_URL)).isEqualTo("income 1.1");
    assertThat(modelOf(PATH_URL, "model-name: a", "x-model-version: 2")).isEqualTo("income 1.1");
  }

  @Test
  void asksForNameAndVersionOnEachUrlOfHeaders() {
    for (String url : HEADER_URLS) {
      assertThat(refused(url, ID)).as(url).isEqualTo(MISSING_NAME);
      assertThat(refused(url, ID, "model-name: a")).as(url).isEqualTo(MISSING_NAME);
      assertThat(refused(url, ID, "x-model-version: 1")).as(url).isEqualTo(MISSING_NAME);
      assertThat(refused(url, ID, "model-name: ", "model-version: 1")).isEqualTo(MISSING_NAME);
    }
  }

  @Test
  void asksForTheRequestIdFirst() {
    for (String url : HEADER_URLS) {
      assertThat(refused(url)).isEqualTo("400 {\"error\":\"request-id header is missed\"}");
      assertThat(refused(url, "request-id: "))
          .isEqualTo("400 {\"error\":\"request-id header is missed\"}");
    }
    assertThat(refused(PATH_URL)).isEqualTo("400 {\"error\":\"Request-ID header is missed\"}");
    for (String id : List.of("a\tb", "\u00e9", "a".repeat(257))) {
      assertThat(refused("/feedback", "request-id: " + id))
          .isEqualTo("400 {\"error\":\"request-id header is not valid\"}");
    }
    assertThat(modelOf("/feedback", "model-name: a", "model-version: 1", "x: ")).isEqualTo("a 1");
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /feedback",
    "PUT, /api/v1/feedback/x",
    "HEAD, /",
    "POST, /",
    "OPTIONS, /feedback",
    "POST, /feedbacks",
    "POST, /api/v1",
    "POST, /api/model/a/1/feedback/",
    "POST, /api/model/a/feedback",
    "POST, /api/model/a/b/1/feedback",
    "GET, /api/model/a/1/feedback",
    "POST, /%66eedback",
    "POST, //feedback",
    "post, /feedback",
    "GET, /favicon.ico"
  })
  void answersUnknownUrlsAndOtherMethodsWithTheKnownText(String method, String path) {
    door.send(method + " " + path, ID);

    assertThat(door.answer()).isEqualTo("404 {\"error\":\"Incorrect URL\"}");
    assertThat(door.replies.getFirst().headers())
        .contains(new Header("request-id", "previous-prediction-id"));
    assertThat(FeedbackDoor.serves(method, path)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/model//1.1/feedback",
        "/api/model/a//feedback",
        "/api/model///feedback",
        "/api/model/%0a/1/feedback",
        "/api/model/%zz/1/feedback",
        "/api/model/%ff/1/feedback"
      })
  void refusesPathSegmentsThatAreNoNames(String path) {
    assertThat(refused(path))
        .isEqualTo("404 {\"error\":\"Incorrect model_id / model_version field value\"}");
    assertThat(FeedbackDoor.serves("POST", path)).isTrue();
  }

  @Test
  void decodesPathSegmentsForTheRecordOnly() {
    assertThat(modelOf("/api/model/a%2F..%20b+/%C3%A9/feedback")).isEqualTo("a/.. b+ \u00e9");
    assertThat(modelOf("/api/model/../1/feedback")).isEqualTo(".. 1");
  }

  @Test
  void keepsWhateverModelsCallThemselves() {
    for (String name :
        List.of("../../etc/passwd", ".", "a\tb", "M\u00fcller \u2603", "a".repeat(1024))) {
      String header = DoorFixture.onTheWire(name);
      assertThat(modelOf("/feedback", "model-name: " + header, "model-version: " + header))
          .isEqualTo(name + " " + name);
    }
    assertThat(modelOf("/feedback", "model-name: \u00ff", "model-version: 1"))
        .isEqualTo("\u00ff 1");
  }

  @Test
  void refusesNamesThatNoHeaderCouldCarryOrThatAreTooLong() {
    String rule =
        " header is not valid: it must be text of at most 1024 bytes without control characters\"}";

    assertThat(refused("/feedback", ID, "model-name: " + "a".repeat(1025), "model-version: 1"))
        .isEqualTo("400 {\"error\":\"model-name" + rule);
    assertThat(refused("/feedback", ID, "model-name: a", "x-model-version: a\u0001"))
        .isEqualTo("400 {\"error\":\"model-version" + rule);
  }

  @Test
  void keepsAnIdempotencyKeyOrSaysWhatOneIs() {
    String[] whole = {"POST /feedback", ID, "model-name: a", "model-version: 1", ""};
    whole[4] = "idempotency-key: " + "k".repeat(256);
    door.send(whole);

    assertThat(door.kept.getLast().idempotencyKey()).isEqualTo("k".repeat(256));
    DoorFixture silent =
        new DoorFixture(new FeedbackConfig(100, new Redaction(Set.of("idempotency-*"), Set.of())));
    silent.send(whole);
    assertThat(silent.kept.getLast().idempotencyKey()).as("a header that is not kept").isEmpty();
    for (String key : List.of("k".repeat(257), "\u00e9", "a\tb")) {
      assertThat(
              refused(
                  "/feedback", ID, "model-name: a", "model-version: 1", "idempotency-key: " + key))
          .isEqualTo(
              "400 {\"error\":\"idempotency-key header is not valid: it must be printable ASCII of at"
                  + " most 256 bytes\"}");
    }
  }

  @Test
  void checksInTheOrderOfTheContract() {
    List<Header> none = List.of();
    List<Header> id = DoorFixture.headers(ID);
    List<Header> all =
        DoorFixture.headers(
            ID, "model-name: a", "model-version: 1", "content-type: application/json");
    byte[] empty = new byte[0];

    assertThat(answerTo("POST /nowhere", none, empty, true)).startsWith("404 ");
    assertThat(answerTo("POST /api/model//1/feedback", none, empty, true)).startsWith("404 ");
    assertThat(answerTo("POST /feedback", none, empty, true)).contains("is missed");
    assertThat(answerTo("POST /feedback", id, empty, true)).isEqualTo(MISSING_NAME);
    assertThat(answerTo("POST /feedback", all, empty, true))
        .isEqualTo("413 {\"error\":\"Feedback is larger than 1048576 bytes\"}");
    assertThat(answerTo("POST /feedback", all, empty, false))
        .isEqualTo("400 {\"error\":\"Cannot parse data\"}");
  }

  @Test
  void refusesOneByteMoreThanTheLimit() {
    DoorFixture small = new DoorFixture(new FeedbackConfig(8, Redaction.DEFAULT));

    assertThat(small.payloadOf("text/plain", "12345678")).contains("12345678");
    small.replies.clear();
    small.kept.clear();
    assertThat(small.payloadOf("text/plain", "123456789"))
        .isEqualTo("refused: 413 {\"error\":\"Feedback is larger than 8 bytes\"}");
  }

  @Test
  void saysNothingBeforeTheForce() {
    door.send("POST " + PATH_URL, ID);

    assertThat(door.replies).isEmpty();
    assertThat(door.force().answer()).startsWith("200 ");
  }

  @Test
  void doesNotClaimToHaveKeptWhatTheDiskRefused() {
    door.send("POST " + PATH_URL, ID);

    door.waiting.getFirst().forced(ForceListener.Outcome.UNKNOWN);

    assertUndeliverable();
  }

  @ParameterizedTest
  @EnumSource(names = "ACCEPTED", mode = EnumSource.Mode.EXCLUDE)
  void doesNotClaimToHaveKeptWhatTheSpoolRefused(Appended appended) {
    door.appended = appended;

    door.send("POST " + PATH_URL, ID);

    assertUndeliverable();
  }

  @Test
  void keepsARepeatAsOftenAsItComes() {
    door.send("POST " + PATH_URL, ID, "idempotency-key: k");
    door.send("POST " + PATH_URL, ID, "idempotency-key: k").force();

    assertThat(door.kept).hasSize(2);
    assertThat(door.replies).hasSize(2);
  }

  @Test
  void showsItsLinksAndTheFleetsRoutes() {
    door.send("GET /");

    assertThat(door.answer())
        .isEqualTo("200 {\"links\":[\"/api/v1/feedback/*any\"],\"routes\":[\"/model/wine/\"]}");
    assertThat(FeedbackDoor.serves("GET", "/")).isTrue();
  }

  @Test
  void answersOtherApiPathsWithAMessage() {
    door.send("GET /api/v1/model/deployment?size=1");

    assertThat(door.answer())
        .isEqualTo("404 {\"message\":\"unknown endpoint: GET /api/v1/model/deployment\"}");
  }

  @Test
  void echoesNoIdThatIsNone() {
    door.send("GET /", "request-id: a\tb");

    assertThat(door.replies.getFirst().headers())
        .extracting(Header::name)
        .containsExactly("content-type");
  }

  private void assertUndeliverable() {
    assertThat(door.answer()).isEqualTo("503 {\"error\":\"Cannot deliver message\"}");
    assertThat(door.replies.getFirst().headers())
        .contains(
            new Header("retry-after", "1"), new Header("request-id", "previous-prediction-id"));
  }

  private static String modelOf(String url, String... headers) {
    DoorFixture fixture = new DoorFixture();
    List<Header> all = new ArrayList<>(DoorFixture.headers(headers));
    all.add(new Header("request-id", "a"));
    fixture.send("POST " + url, all, new byte[0], false).force();
    assertThat(fixture.answer()).as(url).startsWith("200 ");
    assertThat(FeedbackDoor.serves("POST", url.replace("?", ""))).isTrue();
    ModelIdentity model = fixture.kept.getFirst().model();
    return model.name() + " " + model.version();
  }

  private static String refused(String url, String... headers) {
    return answerTo("POST " + url, DoorFixture.headers(headers), new byte[0], false);
  }

  private static String answerTo(
      String requestLine, List<Header> headers, byte[] body, boolean tooLarge) {
    DoorFixture fixture = new DoorFixture();
    fixture.send(requestLine, headers, body, tooLarge);
    assertThat(fixture.kept).isEmpty();
    return fixture.answer();
  }
}
