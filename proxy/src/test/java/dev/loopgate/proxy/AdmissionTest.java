package dev.loopgate.proxy;

import static dev.loopgate.proxy.EmbeddedDoor.http;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.ModelPaths;
import dev.loopgate.policy.Question;
import dev.loopgate.spool.SpoolLane;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakFree.class)
final class AdmissionTest {
  private static final String POST =
      "POST /model/wine/predict?x=1 HTTP/1.1\r\nHost: d\r\nRequest-Id: abc\r\n"
          + "Authorization: Bearer a.b.c\r\nContent-Length: 5\r\n\r\nhello";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer";

  /// Feedback that needs a token, and an index that needs none.
  private static final class Desk implements LocalService {
    private int asked;
    private int bytes;

    @Override
    public boolean serves(String method, String path) {
      return path.equals("/feedback") || path.equals("/");
    }

    @Override
    public Question.@Nullable Target asked(String method, String path) {
      return method.equals("POST") ? new Question.ToFeedback() : null;
    }

    @Override
    public int bodyBytesMax() {
      return 8;
    }

    @Override
    public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
      asked++;
      bytes += request.body().remaining();
      reply.accept(LocalReply.json(200, "{}"));
    }
  }

  private final AskedPolicy policy = new AskedPolicy();
  private final Desk desk = new Desk();
  private final EmbeddedDoor door =
      new EmbeddedDoor(List.of(ofRole("risk")), List.of(desk), 1 << 20, policy);

  private static Model ofRole(String role) {
    Model wine = EmbeddedDoor.wine();
    return new Model(
        wine.id(),
        wine.upstream(),
        wine.predictor(),
        wine.prefix(),
        wine.name(),
        wine.version(),
        new Kept(true, 1 << 20, 1.0),
        Bounds.NONE,
        role);
  }

  @AfterEach
  void close() {
    door.caller.close();
    door.settle();
    assertThat(door.lane.open()).isZero();
  }

  private void decide(Decision decision) {
    policy.answers.removeFirst().accept(decision);
    door.settle();
  }

  @Test
  void asksWithWhatTheRequestIs() {
    door.send(POST);

    assertThat(policy.questions)
        .containsExactly(
            new Question(
                "POST",
                "/predict",
                List.of("Bearer a.b.c"),
                new Question.ToModel("risk", ModelPaths.ALL)));
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, ALL",
    "ODAHU_ML_SERVER, ODAHU_ML_SERVER",
    "TRITON, OPEN_INFERENCE",
    "OPEN_INFERENCE, OPEN_INFERENCE"
  })
  void whatMayBeCalledFollowsFromThePredictor(Predictor predictor, ModelPaths paths) {
    Model wine = EmbeddedDoor.model("wine", "http://10.0.0.1:5000", predictor, "/model/wine");
    EmbeddedDoor other = new EmbeddedDoor(List.of(wine), List.of(), 1 << 20, policy);
    policy.atOnce = AskedPolicy.FORBIDDEN;

    other.send(POST);

    assertThat(other.received()).startsWith("HTTP/1.1 403 ").endsWith("\r\n\r\n");
    assertThat(policy.questions)
        .extracting(Question::target)
        .containsExactly(new Question.ToModel(null, paths));
    other.caller.close();
    other.settle();
  }

  @Test
  void nothingGoesToTheModelBeforeTheDecisionAndAllOfItThen() {
    door.send(POST.substring(0, POST.length() - 2));
    door.settle();
    assertThat(door.models).isEmpty();
    door.send(POST.substring(POST.length() - 2));
    assertThat(door.models).isEmpty();

    decide(AskedPolicy.ALLOWED);

    assertThat(door.asked(0))
        .isEqualTo(
            http(
                "POST /predict?x=1 HTTP/1.1~host: 10.0.0.1:5000~x-forwarded-for: unknown~"
                    + "x-forwarded-proto: http~x-forwarded-host: d~request-id: abc~"
                    + "content-length: 5~~hello"));
    door.answer(0, OK);
    assertThat(door.received()).startsWith("HTTP/1.1 200 ");
    assertThat(door.only().ending()).isEqualTo(Ending.COMPLETE);
    assertThat(door.only().requestText()).isEqualTo("hello");
    assertThat(door.caller.isOpen()).isTrue();
  }

  @Test
  void withoutATokenThereIsNoTunnelOnOpenPathsEither() {
    String ask =
        http("GET /model/wine/healthz HTTP/1.1~Host: d~Connection: upgrade~Upgrade: websocket~~");
    door.send(ask);

    assertThat(policy.questions).isEmpty();
    assertThat(door.asked(0)).startsWith("GET /healthz ").doesNotContain("upgrade");
    door.answer(0, "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    assertThat(door.received()).startsWith("HTTP/1.1 502 ");

    door.connect();
    policy.atOnce = AskedPolicy.ALLOWED;
    door.send(ask.replace("healthz", "stream"));
    assertThat(door.asked(1)).contains("connection: upgrade\r\nupgrade: websocket\r\n");
  }

  @Test
  void aDecisionAtOnceIsTheSame() {
    policy.atOnce = AskedPolicy.ALLOWED;
    door.send(POST);

    assertThat(door.asked(0)).doesNotContain("authorization").endsWith("hello");
  }

  @Test
  void theModelGetsAVerifiedTokenOnlyIfItIsSaid() {
    policy.atOnce = AskedPolicy.ALLOWED;
    policy.forwards = true;
    door.send(POST);

    assertThat(door.asked(0)).contains("authorization: Bearer a.b.c\r\n");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRefusalIsAnEntryWithTheBodyInHand(boolean atOnce) {
    policy.atOnce = atOnce ? AskedPolicy.BAD_TOKEN : null;
    door.send(POST);
    if (!atOnce) {
      decide(AskedPolicy.BAD_TOKEN);
    }

    assertThat(door.received())
        .isEqualTo(
            http(
                "HTTP/1.1 401 Unauthorized~www-authenticate: Bearer error=\"invalid_token\"~"
                    + "request-id: abc~model-name: wine~model-version: unknown~"
                    + "content-length: 0~~"));
    KeepingLane.Kept kept = door.only();
    assertThat(kept.ending()).isEqualTo(Ending.REJECTED);
    assertThat(kept.status()).isEqualTo(401);
    assertThat(kept.requestText()).isEqualTo("hello");
    assertThat(kept.prediction().request().headers())
        .extracting(Header::name)
        .doesNotContain("authorization");
    assertThat(kept.prediction().target().replica()).isEmpty();
    assertThat(door.models).isEmpty();
    assertThat(door.caller.isOpen()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "NO_TOKEN, 401 Unauthorized, www-authenticate: Bearer~",
    "FORBIDDEN, 403 Forbidden, ''",
    "UNAVAILABLE, 503 Service Unavailable, retry-after: 1~"
  })
  void eachRefusalHasItsStatus(String decision, String status, String header) {
    policy.atOnce =
        switch (decision) {
          case "NO_TOKEN" -> AskedPolicy.NO_TOKEN;
          case "FORBIDDEN" -> AskedPolicy.FORBIDDEN;
          default -> AskedPolicy.UNAVAILABLE;
        };
    door.send(POST);

    assertThat(door.received())
        .startsWith("HTTP/1.1 " + status + "\r\n")
        .contains(http(header), "request-id: abc\r\n");
    assertThat(door.received().endsWith("\r\n\r\n")).isEqualTo(!status.startsWith("503"));
    assertThat(door.told.words)
        .containsExactly("started wine", "ended wine rejected " + door.only().status());
  }

  @Test
  void anotherRequestFollowsOnTheSameConnection() {
    policy.atOnce = AskedPolicy.NO_TOKEN;
    door.send(POST);
    policy.atOnce = AskedPolicy.ALLOWED;
    door.send(POST);
    door.answer(0, OK);

    assertThat(door.received()).contains("HTTP/1.1 401 ", "HTTP/1.1 200 ");
    assertThat(door.lane.kept()).hasSize(2);
  }

  @Test
  void aRequestThatIsNotWholeIsTheLastOfItsConnection() {
    policy.atOnce = AskedPolicy.NO_TOKEN;
    door.send(POST.substring(0, POST.length() - 2));

    assertThat(door.received()).startsWith("HTTP/1.1 401 ").contains("connection: close\r\n");
    assertThat(door.only().requestText()).isEqualTo("hel");
    assertThat(door.only().requestBody().truncated()).isTrue();
  }

  @Test
  void expectIsAnsweredByTheRefusalAlone() {
    String expecting = POST.replace("Request-Id", "Expect: 100-continue\r\nRequest-Id");
    door.send(expecting.substring(0, expecting.length() - 5));
    assertThat(door.received()).isEmpty();
    decide(AskedPolicy.FORBIDDEN);
    assertThat(door.received()).startsWith("HTTP/1.1 403 ");

    door.connect();
    door.send(expecting.substring(0, expecting.length() - 5));
    decide(AskedPolicy.ALLOWED);
    assertThat(door.received()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
    door.send("hello");
    door.answer(0, OK);
    assertThat(door.received()).contains("HTTP/1.1 200 ");
  }

  @Test
  void whoLeavesMeanwhileIsGoneWhateverIsDecided() {
    door.send(POST);
    door.caller.close();
    door.settle();
    assertThat(door.only().ending()).isEqualTo(Ending.CLIENT_LEFT);

    decide(AskedPolicy.ALLOWED);

    assertThat(door.models).isEmpty();
    assertThat(door.lane.kept()).hasSize(1);
  }

  @Test
  void aDecisionThatDoesNotComeIsARefusal() {
    door.send(POST);
    door.turn(WayToModel.DECISION_WITHIN.minusMillis(1));
    assertThat(door.received()).isEmpty();

    door.turn(Duration.ofMillis(1));

    assertThat(door.received())
        .startsWith("HTTP/1.1 503 ")
        .endsWith("{\"error\":\"The token can not be verified at the moment\"}");
    assertThat(door.only().ending()).isEqualTo(Ending.REJECTED);
    decide(AskedPolicy.ALLOWED);
    assertThat(door.models).isEmpty();
  }

  @Test
  void aPolicyThatFailsLetsNobodyPass() {
    policy.fails = true;
    door.send(POST);

    assertThat(door.received()).startsWith("HTTP/1.1 503 ");
    assertThat(door.told.words).contains("failed planted");
  }

  @Test
  void aGatewayThatStopsSaysSo() {
    door.send(POST);
    door.loop.stop();
    door.settle();

    assertThat(door.received()).startsWith("HTTP/1.1 503 ");
    assertThat(door.only().ending()).isEqualTo(Ending.GATEWAY_STOPPED);
    decide(AskedPolicy.ALLOWED);
    assertThat(door.models).isEmpty();
  }

  @Test
  void openPathsAreNotAskedAboutAndKeepWhatWasNotVerified() {
    door.send(http("GET /model/wine/healthz?x HTTP/1.1~Host: d~Authorization: Bearer a.b.c~~"));

    assertThat(policy.questions).isEmpty();
    assertThat(door.asked(0)).contains("authorization: Bearer a.b.c\r\n");
    door.answer(0, OK);
    assertThat(door.received()).startsWith("HTTP/1.1 200 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/model/wine/healthz/%2e%2e/predict",
        "/model/wine//healthz",
        "/model/wine/healthz%2f..%2fpredict",
        "/model/wine/v2/health/live/../../models/m/infer"
      })
  void noSpellingOfAPathEvadesTheQuestion(String path) {
    policy.atOnce = AskedPolicy.NO_TOKEN;
    door.send(http("GET " + path + " HTTP/1.1~Host: d~~"));

    assertThat(door.received()).startsWith("HTTP/1.1 401 ");
    assertThat(door.models).isEmpty();
  }

  @Test
  void bothOfTwoTokensAreShown() {
    door.send(POST.replace("Authorization", "Authorization: Bearer x.y.z\r\nauthorization"));

    assertThat(policy.questions.getFirst().authorization())
        .containsExactly("Bearer x.y.z", "Bearer a.b.c");
  }

  @Test
  void modelsThatAreNotThereAre404ForEverybody() {
    door.send(http("GET /model/none/x HTTP/1.1~Host: d~~"));

    assertThat(door.received()).startsWith("HTTP/1.1 404 ");
    assertThat(policy.questions).isEmpty();
  }

  @Test
  void feedbackIsAskedAboutBeforeItIsTaken() {
    String feedback =
        "POST /feedback HTTP/1.1\r\nHost: d\r\nRequest-Id: abc\r\nContent-Length: 8\r\n\r\n12345678";
    door.send(feedback);
    assertThat(desk.asked).isZero();
    assertThat(door.localBytes.taken()).isZero();
    assertThat(policy.questions.getFirst().target()).isEqualTo(new Question.ToFeedback());

    decide(AskedPolicy.ALLOWED);
    assertThat(door.received()).startsWith("HTTP/1.1 200 ");
    assertThat(desk.bytes).isEqualTo(8);

    policy.atOnce = AskedPolicy.FORBIDDEN;
    door.send(feedback);
    assertThat(door.received())
        .endsWith(
            http(
                "HTTP/1.1 403 Forbidden~content-type: application/json; charset=utf-8~"
                    + "request-id: abc~content-length: 23~~{\"message\":\"Forbidden\"}"));
    policy.atOnce = AskedPolicy.NO_TOKEN;
    door.send(feedback);
    assertThat(door.received())
        .contains("www-authenticate: Bearer\r\n")
        .endsWith("{\"message\":\"Unauthorized\"}");
    assertThat(desk.asked).isEqualTo(1);
    assertThat(door.localBytes.taken()).isZero();
    assertThat(door.caller.isOpen()).isTrue();
  }

  @Test
  void feedbackIsExpectedOnlyFromWhoMayGiveIt() {
    String head =
        "POST /feedback HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n";
    door.send(head);
    assertThat(door.received()).isEmpty();
    decide(AskedPolicy.BAD_TOKEN);
    assertThat(door.received()).startsWith("HTTP/1.1 401 ").contains("connection: close");

    door.connect();
    door.send(head);
    decide(AskedPolicy.ALLOWED);
    assertThat(door.received()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
    door.send("12345678");
    assertThat(door.received()).contains("HTTP/1.1 200 ");
  }

  @Test
  void feedbackOfACallerWhoLeavesIsNotTaken() {
    door.send("POST /feedback HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n");
    door.caller.close();
    door.settle();

    decide(AskedPolicy.ALLOWED);

    assertThat(desk.asked).isZero();
  }

  @Test
  void feedbackDoesNotWaitForEverForADecision() {
    door.send("POST /feedback HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n");
    door.turn(Duration.ofSeconds(30));

    assertThat(door.received()).startsWith("HTTP/1.1 503 ");
    decide(AskedPolicy.ALLOWED);
    assertThat(desk.asked).isZero();
  }

  @Test
  void theIndexIsOpen() {
    door.send("GET / HTTP/1.1\r\nHost: d\r\n\r\n");

    assertThat(door.received()).startsWith("HTTP/1.1 200 ");
    assertThat(policy.questions).isEmpty();
  }
}
