package dev.loopgate.extauthz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ModelRoute;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.ModelPaths;
import dev.loopgate.policy.Policy;
import dev.loopgate.policy.Question;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AuthorizerTest {
  private static final CheckRequest PREDICT =
      Asking.request(
          "POST", "/model/wine/predict?x=1", "request-id: abc", "authorization: Bearer a.b.c");
  private static final CheckRequest UNKNOWN = Asking.request("GET", "/model/none/x");

  private final AskedPolicy policy = new AskedPolicy();
  private final Fleet fleet =
      Fleet.of(List.of(Asking.model("wine", "/model/wine", Predictor.NONE, "risk")));
  private final Asking asking = new Asking(fleet, policy);

  private static ModelRoute route(String id, String prefix, ModelRoute.Target... targets) {
    return new ModelRoute(id, prefix, List.of(targets), null);
  }

  private static List<String> removed(CheckResponse response) {
    return response.getOkResponse().getHeadersToRemoveList();
  }

  private static List<String> answerHeaders(CheckResponse response) {
    return Asking.lines(response.getOkResponse().getResponseHeadersToAddList());
  }

  @Test
  void asksWithWhatTheRequestIs() {
    policy.atOnce = AskedPolicy.ALLOWED;
    asking.answer(PREDICT);

    assertThat(policy.questions)
        .containsExactly(
            new Question(
                "POST",
                "/predict",
                List.of("Bearer a.b.c"),
                new Question.ToModel("risk", ModelPaths.ALL)));
    assertThat(asking.told.words()).containsExactly("allowed");
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, ALL",
    "ODAHU_ML_SERVER, ODAHU_ML_SERVER",
    "TRITON, OPEN_INFERENCE",
    "OPEN_INFERENCE, OPEN_INFERENCE"
  })
  void whatMayBeCalledFollowsFromThePredictor(Predictor predictor, ModelPaths paths) {
    policy.atOnce = AskedPolicy.FORBIDDEN;
    Model wine = Asking.model("wine", "/model/wine", predictor, null);
    CheckResponse response = new Asking(Fleet.of(List.of(wine)), policy).answer(PREDICT);

    assertThat(Asking.passes(response)).isFalse();
    assertThat(policy.questions)
        .extracting(Question::target)
        .containsExactly(new Question.ToModel(null, paths));
  }

  @Test
  void bothOfTwoTokensAreShown() {
    asking.ask(
        Asking.request(
            "GET", "/model/wine/x", "authorization: Bearer x", "Authorization: Bearer y"));

    assertThat(policy.questions.getFirst().authorization()).containsExactly("Bearer x", "Bearer y");
  }

  @Test
  void bytesAreShownAsTheyCame() {
    asking.ask(Asking.request("GET", "/model/wine/x", "authorization: Bearer \u00ff"));
    asking.ask(
        Asking.question(
            AttributeContext.HttpRequest.newBuilder()
                .setMethod("GET")
                .setPath("/model/wine/x")
                .putHeaders("authorization", "Bearer \u00e9")
                .build()));

    assertThat(policy.questions)
        .extracting(question -> question.authorization().getFirst())
        .containsExactly("Bearer \u00ff", "Bearer \u00c3\u00a9");
  }

  @Test
  void aDecisionMayComeLater() {
    List<CheckResponse> answers = asking.ask(PREDICT);
    assertThat(answers).isEmpty();
    assertThat(asking.told.words()).isEmpty();

    policy.answers.getFirst().accept(AskedPolicy.ALLOWED);

    assertThat(answers).hasSize(1);
    assertThat(Asking.passes(answers.getFirst())).isTrue();
    policy.answers.getFirst().accept(AskedPolicy.FORBIDDEN);
    assertThat(answers).hasSize(1);
    assertThat(asking.told.words()).containsExactly("allowed");
  }

  @Test
  void theModelGetsAVerifiedTokenOnlyIfItIsSaid() {
    policy.atOnce = AskedPolicy.ALLOWED;
    assertThat(removed(asking.answer(PREDICT))).containsExactly("authorization");

    policy.forwards = true;
    assertThat(removed(asking.answer(PREDICT))).isEmpty();
  }

  @Test
  void whatWasNotVerifiedIsNotTaken() {
    CheckResponse open =
        asking.answer(Asking.request("GET", "/model/wine/healthz", "authorization: Bearer a"));
    assertThat(Asking.passes(open)).isTrue();
    assertThat(removed(open)).isEmpty();
    assertThat(policy.questions).isEmpty();

    assertThat(removed(new Asking(fleet, null).answer(PREDICT))).isEmpty();
  }

  @Test
  void feedbackIsAskedAboutAndTheDoorGetsItAsItCame() {
    policy.atOnce = AskedPolicy.ALLOWED;
    CheckResponse response =
        asking.answer(Asking.request("POST", "/feedback", "authorization: Bearer a.b.c"));

    assertThat(Asking.passes(response)).isTrue();
    assertThat(removed(response)).isEmpty(); // the door asks for it, too
    assertThat(policy.questions)
        .containsExactly(
            new Question("POST", "/feedback", List.of("Bearer a.b.c"), new Question.ToFeedback()));
  }

  @Test
  void whatIsKnownIsToldWhetherItPassesOrNot() {
    fleet.deployment("wine").orElseThrow().discover("feedback", "5.5");

    for (boolean passes : new boolean[] {true, false}) {
      policy.atOnce = passes ? AskedPolicy.ALLOWED : AskedPolicy.BAD_TOKEN;
      CheckResponse response = asking.answer(PREDICT);

      assertThat(Asking.passes(response)).isEqualTo(passes);
      assertThat(Asking.fact(response, "request_id")).isEqualTo("abc");
      assertThat(Asking.isReplaced(response)).isFalse();
      assertThat(Asking.fact(response, "route")).isEqualTo("wine");
      assertThat(Asking.fact(response, "deployment")).isEqualTo("wine");
      assertThat(Asking.fact(response, "model_name")).isEqualTo("feedback");
      assertThat(Asking.fact(response, "model_version")).isEqualTo("5.5");
    }
  }

  @Test
  void anAnswerSaysWhichModelGaveItOnceThatIsKnown() {
    policy.atOnce = AskedPolicy.ALLOWED;
    assertThat(answerHeaders(asking.answer(PREDICT))).isEmpty(); // the model may say so itself

    fleet.deployment("wine").orElseThrow().discover("caf\u00e9", "5.5");

    assertThat(answerHeaders(asking.answer(PREDICT)))
        .containsExactly("model-name: caf?", "model-version: 5.5");
  }

  @Test
  void aRouteToSeveralModelsIsForWhoMayCallThemAll() {
    Fleet several =
        Fleet.of(
            List.of(
                Asking.model("a", "/model/a", Predictor.NONE, "risk"),
                Asking.model("b", "/model/b", Predictor.NONE, "other"),
                Asking.model("c", "/model/c", Predictor.NONE, "risk"),
                Asking.model("never", "/model/never", Predictor.NONE, "no")),
            List.of(
                route(
                    "abc",
                    "/abc",
                    new ModelRoute.Target("a", 50),
                    new ModelRoute.Target("b", 25),
                    new ModelRoute.Target("c", 25),
                    new ModelRoute.Target("never", 0))));
    Asking any = new Asking(several, policy);
    List<CheckResponse> answers = any.ask(Asking.request("POST", "/abc/x"));

    policy.answers.getFirst().accept(AskedPolicy.ALLOWED);
    assertThat(answers).isEmpty();
    policy.answers.getLast().accept(AskedPolicy.FORBIDDEN);

    assertThat(policy.questions)
        .extracting(Question::target)
        .containsExactly(
            new Question.ToModel("risk", ModelPaths.ALL),
            new Question.ToModel("other", ModelPaths.ALL));
    assertThat(Asking.status(answers.getFirst())).isEqualTo(403);
    assertThat(Asking.fact(answers.getFirst(), "route")).isEqualTo("abc");
    assertThat(Asking.fact(answers.getFirst(), "deployment")).isNull();

    policy.atOnce = AskedPolicy.ALLOWED;
    CheckResponse passed = any.answer(Asking.request("POST", "/abc/x"));
    assertThat(Asking.passes(passed)).isTrue();
    assertThat(policy.questions).hasSize(2 + 2); // `c` is asked about with `a`
    assertThat(removed(passed)).containsExactly("authorization");
    assertThat(answerHeaders(passed)).isEmpty();
  }

  @Test
  void nobodysTurnIsTaken() {
    Fleet two =
        Fleet.of(
            List.of(Asking.model("a", "/model/a"), Asking.model("b", "/model/b")),
            List.of(
                route(
                    "ab", "/ab", new ModelRoute.Target("a", 50), new ModelRoute.Target("b", 50))));
    String next = two.match("/ab/x").orElseThrow().chosen().deployment().model().id();

    new Asking(two, null).answer(Asking.request("POST", "/ab/x"));

    assertThat(two.match("/ab/x").orElseThrow().chosen().deployment().model().id())
        .isNotEqualTo(next);
  }

  @Test
  void aModelAtTheRootGivesWayToTheDoorButForTheGreeting() {
    Asking root = new Asking(Fleet.of(List.of(Asking.model("root", ""))), policy);

    root.ask(Asking.request("POST", "/anything"));
    root.ask(Asking.request("POST", "/feedback"));
    root.ask(Asking.request("GET", "/"));

    Question.Target model = new Question.ToModel(null, ModelPaths.ALL);
    assertThat(policy.questions)
        .extracting(Question::target)
        .containsExactly(model, new Question.ToFeedback(), model);
  }

  @Test
  void aCallIsOfTheModelThatIsNamedBesideItOrOfTheOnlyOne() {
    Fleet one = Fleet.of(List.of(Asking.grpc("g"), Asking.model("wine", "/model/wine")));
    Fleet two = Fleet.of(List.of(Asking.grpc("g"), Asking.grpc("h")));
    String path = "/inference.GRPCInferenceService/ModelInfer";
    policy.atOnce = AskedPolicy.ALLOWED;

    assertThat(routeOf(one, Asking.call(path))).isEqualTo("g");
    assertThat(routeOf(one, Asking.call(path, "model-id: wine"))).isEqualTo("denied 404");
    assertThat(routeOf(two, Asking.call(path))).isEqualTo("denied 404");
    assertThat(routeOf(two, Asking.call(path, "model-id: h"))).isEqualTo("h");
    assertThat(routeOf(two, Asking.call("/model/g" + path))).isEqualTo("g");
    assertThat(routeOf(two, withHost(Asking.call(path), "h.models:80"))).isEqualTo("h");
    assertThat(policy.questions).extracting(Question::path).containsExactly(path, path, path, path);
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1, application/grpc",
    "HTTP/1.0, application/grpc",
    "'', application/grpc",
    "HTTP/2, application/grpc-web",
    "HTTP/2, application/json",
    "HTTP/2, ''"
  })
  void whatIsNoCallIsToldInHttp(String protocol, String type) {
    CheckResponse response =
        new Asking(Fleet.of(List.of(Asking.grpc("g"))), policy)
            .answer(Asking.over(protocol, "POST", "/s/m", "content-type: " + type));

    assertThat(Asking.status(response)).isEqualTo(404);
    assertThat(response.getDeniedResponse().getBody()).isEqualTo("{\"error\":\"Incorrect URL\"}");
  }

  private String routeOf(Fleet of, CheckRequest question) {
    CheckResponse response = new Asking(of, policy).answer(question);
    String route = Asking.fact(response, "route");
    return Asking.passes(response) && route != null ? route : "denied " + Asking.status(response);
  }

  private static CheckRequest withHost(CheckRequest question, String host) {
    return Asking.question(
        question.getAttributes().getRequest().getHttp().toBuilder().setHost(host).build());
  }

  @Test
  void withoutAPolicyWhatIsNoModelPasses() {
    Asking open = new Asking(fleet, null);

    for (String path : List.of("/model/none/x", "/api/v1/x", "/x", "/feedback", "/")) {
      assertThat(Asking.passes(open.answer(Asking.request("GET", path)))).as(path).isTrue();
    }
    assertThat(Asking.passes(open.answer(PREDICT))).isTrue();
    assertThat(Asking.status(open.answer(Asking.request("GET", "/model/wine/../x"))))
        .isEqualTo(400);
    assertThat(Asking.status(asking.answer(UNKNOWN))).isEqualTo(404);
    assertThat(asking.told.words()).containsExactly("denied unknown_model");
  }

  @Test
  void aPolicyThatFailsLetsNobodyPass() {
    policy.fails = true;
    CheckResponse response = asking.answer(PREDICT);

    assertThat(Asking.status(response)).isEqualTo(503);
    assertThat(Asking.deniedWith(response)).contains("retry-after: 1", "request-id: abc");
    assertThat(asking.told.words()).containsExactly("failed planted", "denied not_decided");
  }

  @Test
  void aPolicyThatFailsAfterItsDecisionIsToldAndNotAnsweredTwice() {
    Policy two =
        new Policy() {
          @Override
          public boolean forwardsTokens() {
            return false;
          }

          @Override
          public void decide(Question question, Consumer<Decision> answer) {
            answer.accept(AskedPolicy.FORBIDDEN);
            throw new IllegalStateException("late");
          }
        };
    Asking failing = new Asking(fleet, two);

    assertThat(Asking.status(failing.answer(PREDICT))).isEqualTo(403);
    assertThat(failing.told.words()).containsExactly("denied forbidden", "failed late");
  }

  @Test
  void aFailureElsewhereLetsNobodyPassEither() {
    OwnPaths failing =
        (_, _) -> {
          throw new IllegalStateException("planted");
        };
    Asking asked = new Asking(fleet, null, failing);
    CheckResponse response = asked.answer(Asking.request("GET", "/x", "request-id: abc"));

    assertThat(Asking.status(response)).isEqualTo(503);
    assertThat(Asking.fact(response, "request_id")).isEqualTo("abc");
    assertThat(asked.told.words()).containsExactly("failed planted", "denied not_decided");
    Policy unsure =
        new Policy() {
          @Override
          public boolean forwardsTokens() {
            throw new IllegalStateException("planted");
          }

          @Override
          public void decide(Question question, Consumer<Decision> answer) {
            answer.accept(AskedPolicy.ALLOWED);
          }
        };
    assertThat(Asking.status(new Asking(fleet, unsure).answer(PREDICT))).isEqualTo(503);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatIsNoRequestIsDeniedWhateverElse(boolean protectedDoor) {
    Asking door = new Asking(fleet, protectedDoor ? policy : null);

    checkMalformed(door, CheckRequest.getDefaultInstance());
    checkMalformed(door, Asking.question(AttributeContext.HttpRequest.getDefaultInstance()));
    checkMalformed(door, Asking.request("GET", ""));
    checkMalformed(door, Asking.request("GET", "/model/wine/\u007f"));
    checkMalformed(door, Asking.request("", "/model/wine/x"));
    assertThat(policy.questions).isEmpty();
    assertThat(door.told.words()).hasSize(5).containsOnly("denied malformed");
  }

  private static void checkMalformed(Asking door, CheckRequest question) {
    CheckResponse response = door.answer(question);

    assertThat(Asking.passes(response)).isFalse();
    assertThat(Asking.status(response)).isEqualTo(400);
    assertThat(Asking.fact(response, "request_id")).hasSize(36);
  }

  @Test
  void aHugeHeadIsDenied() {
    String huge = "x".repeat(AskedRequest.HEAD_BYTES_MAX);
    CheckRequest one = Asking.request("GET", "/model/wine/x", "authorization: " + huge);
    String[] headers = new String[30_000];
    Arrays.fill(headers, "a: 123456789");
    CheckRequest many = Asking.request("GET", "/model/wine/x", headers);
    CheckRequest far = Asking.call("/model/wine/" + huge);

    assertThat(Asking.status(asking.answer(one))).isEqualTo(431);
    assertThat(Asking.status(asking.answer(many))).isEqualTo(431);
    assertThat(Asking.deniedWith(asking.answer(far))).contains("grpc-status: 8");
    assertThat(asking.told.words()).hasSize(3).containsOnly("denied malformed");
    assertThat(policy.questions).isEmpty();
  }

  @Test
  void aBodyIsNoPartOfTheHead() {
    AttributeContext.HttpRequest.Builder http =
        PREDICT.getAttributes().getRequest().getHttp().toBuilder()
            .setBody("x".repeat(AskedRequest.HEAD_BYTES_MAX));
    policy.atOnce = AskedPolicy.ALLOWED;

    assertThat(Asking.passes(asking.answer(Asking.question(http.build())))).isTrue();
  }

  @Test
  void nothingOfTheCallerIsInADenial() {
    String secret = "s3cr3t";
    policy.atOnce = AskedPolicy.BAD_TOKEN;
    CheckResponse response =
        asking.answer(
            Asking.request(
                "GET", "/model/wine/" + secret + "?" + secret, "authorization: Bearer " + secret));

    assertThat(response.toString()).doesNotContain(secret);
  }
}
