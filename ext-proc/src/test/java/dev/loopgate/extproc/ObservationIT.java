package dev.loopgate.extproc;

import static dev.loopgate.extproc.Shows.post;
import static dev.loopgate.extproc.Shows.request;
import static dev.loopgate.extproc.Shows.requestBody;
import static dev.loopgate.extproc.Shows.requestTrailers;
import static dev.loopgate.extproc.Shows.response;
import static dev.loopgate.extproc.Shows.responseBody;
import static dev.loopgate.extproc.Shows.responseTrailers;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.Prediction;
import dev.loopgate.extproc.Observed.Seen;
import dev.loopgate.fleet.KeepRules;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.SecretField;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse.ResponseCase;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Exchanges as Envoy shows them, over real gRPC and a real spool.
class ObservationIT {
  @TempDir Path directory;

  private Observed observed;

  @BeforeEach
  void open() throws IOException {
    observed = Observed.in(directory);
  }

  @AfterEach
  void close() throws InterruptedException {
    observed.close();
    assertThat(observed.failures()).isZero();
    assertThat(observed.streamsOpen()).isZero();
  }

  private EnvoyStream open(boolean observer) {
    return observer
        ? EnvoyStream.observing(observed.channel())
        : EnvoyStream.waiting(observed.channel());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anExchangeIsOneEntryWithTheBytesOfBothSides(boolean observer) throws Exception {
    EnvoyStream stream = open(observer);
    stream.show(
        post("id-1", "content-type: text/plain", "authorization: Bearer secret"),
        requestBody("ab", false),
        requestBody("c", false),
        requestBody("", true),
        Shows.with(
            response(false, ":status: 200", "model-version: 7", "set-cookie: secret"),
            "upstream.address",
            "10.0.0.1:5000"),
        responseBody("de", false),
        responseBody("f", true));

    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(stream.replies()).isEqualTo(observer ? 0 : 7);
    Seen seen = observed.await(1).getFirst();
    Prediction prediction = seen.prediction();
    assertThat(seen.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(seen.requestText()).isEqualTo("abc");
    assertThat(seen.responseText()).isEqualTo("def");
    assertThat(prediction.requestBody().truncated()).isFalse();
    assertThat(prediction.responseBody().truncated()).isFalse();
    assertThat(prediction.requestId().value()).isEqualTo("id-1");
    assertThat(prediction.response().status()).isEqualTo(200);
    assertThat(prediction.request().path()).isEqualTo("/predict?a=1");
    assertThat(prediction.request().uri()).isEqualTo("/model/m/predict?a=1");
    assertThat(prediction.request().host()).isEqualTo("door.example");
    assertThat(prediction.target().replica()).isEqualTo("10.0.0.1:5000");
    assertThat(prediction.target().deployment()).isEqualTo("m");
    assertThat(prediction.model().version()).isEqualTo("1");
    assertThat(prediction.request().headers())
        .contains(new Header("content-type", "text/plain"))
        .extracting(Header::name)
        .doesNotContain("authorization", ":path");
    assertThat(prediction.response().headers())
        .extracting(Header::name)
        .containsExactly("model-version");
  }

  @Test
  void eachMessageThatEnvoyWaitsOverIsAnsweredByItsKind() throws Exception {
    EnvoyStream stream = open(false);
    stream.show(
        post("id"),
        requestBody("a", false),
        requestTrailers("t: 1"),
        response(false, ":status: 200"),
        responseBody("b", false),
        responseTrailers("t: 2"));

    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(stream.replyKinds())
        .containsExactly(
            ResponseCase.REQUEST_HEADERS,
            ResponseCase.REQUEST_BODY,
            ResponseCase.REQUEST_TRAILERS,
            ResponseCase.RESPONSE_HEADERS,
            ResponseCase.RESPONSE_BODY,
            ResponseCase.RESPONSE_TRAILERS);
    assertThat(observed.await(1).getFirst().prediction().requestBody().truncated()).isFalse();
  }

  @Test
  void theEntryIsInTheRingBeforeTheMessageWithTheLastByteIsAnswered() throws Exception {
    EnvoyStream stream = open(false);
    stream.show(
        post("id"),
        requestBody("a", true),
        response(false, ":status: 200", "content-length: 4"),
        responseBody("123", false));
    assertThat(observed.accepted()).isZero();

    stream.show(responseBody("4", false));
    assertThat(observed.accepted()).isEqualTo(1);

    stream.show(responseBody("", true));
    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(observed.await(1).getFirst().responseText()).isEqualTo("1234");
    assertThat(observed.accepted()).isEqualTo(1);
  }

  @Test
  void theEntryIsInTheRingBeforeTheEndOfAnAnswerWithoutLengthIsAnswered() throws Exception {
    EnvoyStream stream = open(false);
    stream.show(post("id"), requestBody("a", true), response(false, ":status: 200"));
    stream.show(responseBody("1234", false));
    assertThat(observed.accepted()).isZero();

    stream.show(responseBody("", true));

    assertThat(observed.accepted()).isEqualTo(1);
  }

  @Test
  void theAnswerToHeadHasNoBodyWhateverItsLengthSays() throws Exception {
    EnvoyStream stream = open(true);
    stream.show(
        request(true, ":method: HEAD", ":path: /model/m/x", ":authority: a", "request-id: head"),
        response(true, ":status: 200", "content-length: 100"));

    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(observed.await(1).getFirst().prediction().responseBody().truncated()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAnswerBeforeTheRequestsEndEndsBoth(boolean observer) throws Exception {
    EnvoyStream stream = open(observer);
    stream.show(
        post("early"),
        requestBody("half", false),
        response(false, ":status: 413"),
        responseBody("no", true));

    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    Prediction prediction = observed.await(1).getFirst().prediction();
    assertThat(prediction.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(prediction.requestBody().truncated()).isTrue();
    assertThat(prediction.requestBody().size()).isEqualTo(4);
  }

  @Test
  void aCallsStatusIsThatOfItsTrailers() throws Exception {
    open(true)
        .show(
            post("call"),
            requestBody("a", true),
            response(false, ":status: 200"),
            responseTrailers("grpc-status: 5", "grpc-message: not%20there"))
        .awaitEnd();

    Prediction prediction = observed.await(1).getFirst().prediction();
    assertThat(prediction.grpc().code()).isEqualTo(5);
    assertThat(prediction.grpc().message()).isEqualTo("not there");
  }

  @Test
  void whatEnvoyAnswersItselfEndsAsItsDetailsSay() throws Exception {
    open(true)
        .show(
            post("gone"),
            requestBody("a", true),
            Shows.with(
                response(false, ":status: 503", "model-version: 9"),
                "response.code_details",
                "no_healthy_upstream"),
            responseBody("no", true))
        .awaitEnd();

    assertThat(observed.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
  }

  @Test
  void aStreamWithoutAnEndIsCut() throws Exception {
    EnvoyStream completed = open(true);
    completed.show(post("completed"), requestBody("a", false));
    completed.complete();
    assertThat(completed.awaitEnd()).isEqualTo(Status.Code.OK);
    EnvoyStream reset = open(false);
    reset.show(post("reset"), requestBody("a", true), response(false, ":status: 200"));
    reset.cancel();

    List<Seen> seen = observed.await(2);
    assertThat(seen).extracting(Seen::ending).containsOnly(Ending.CUT);
    assertThat(seen.getFirst().prediction().requestBody().truncated()).isTrue();
    assertThat(seen.getFirst().prediction().response().status()).isZero();
    assertThat(seen.getLast().prediction().requestBody().truncated()).isFalse();
    assertThat(seen.getLast().prediction().responseBody().truncated()).isTrue();
  }

  @Test
  void aTunnelHasNoEndOfItsOwn() throws Exception {
    EnvoyStream stream = open(true);
    stream.show(
        request(false, ":method: GET", ":path: /model/m/ws", ":authority: a", "request-id: ws"),
        requestBody("", false),
        response(false, ":status: 101"),
        requestBody("ping", false),
        responseBody("pong", false));
    stream.complete();

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(seen.requestText()).isEqualTo("ping");
    assertThat(seen.responseText()).isEqualTo("pong");
    assertThat(seen.prediction().responseBody().truncated()).isFalse();
  }

  @Test
  void aTunnelThatAStopCutsIsNotWhole() throws Exception {
    EnvoyStream stream = open(false);
    stream.show(
        request(false, ":method: GET", ":path: /model/m/ws", ":authority: a", "request-id: ws"),
        response(false, ":status: 101", "content-length: 0"),
        responseBody("pong", false));
    observed.service().stop();

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.GATEWAY_STOPPED);
    assertThat(seen.prediction().responseBody().truncated()).isTrue();
  }

  @Test
  void aLongBodyIsCountedWholeAndKeptInPart() throws Exception {
    ByteString piece = ByteString.copyFrom(new byte[1 << 20]);
    open(true)
        .show(
            post("long"),
            requestBody(piece, false),
            requestBody(piece, false),
            requestBody(piece, true),
            response(true, ":status: 204"))
        .awaitEnd();

    Prediction prediction = observed.await(1).getFirst().prediction();
    assertThat(prediction.requestBody().size()).isEqualTo(3 << 20);
    assertThat(prediction.requestBody().keptLength()).isEqualTo(1 << 20);
    assertThat(prediction.requestBody().truncated()).isTrue();
  }

  @Test
  void theIdIsTheOneThatWasDecidedElseTheCallersElseEnvoys() throws Exception {
    open(true)
        .show(Shows.authorized(post("callers"), "decided"), response(true, ":status: 200"))
        .awaitEnd();
    open(true).show(post("callers"), response(true, ":status: 200")).awaitEnd();
    open(true)
        .show(post("bad\u0001id", "x-request-id: envoys"), response(true, ":status: 200"))
        .awaitEnd();
    open(true)
        .show(
            request(true, ":method: POST", ":path: /model/m/x", ":authority: a"),
            response(true, ":status: 200"))
        .awaitEnd();

    List<Prediction> seen = observed.await(4).stream().map(Seen::prediction).toList();
    assertThat(seen)
        .extracting(prediction -> prediction.requestId().value())
        .startsWith("decided", "callers", "envoys");
    assertThat(seen.get(3).requestId().value()).hasSize(36);
    assertThat(seen)
        .extracting(Prediction::requestIdReplaced)
        .containsExactly(true, false, true, false);
    assertThat(seen.get(2).externalRequestId()).isEqualTo("envoys");
  }

  @Test
  void whatIsNoPredictionIsPassedOverAtOnce() throws Exception {
    EnvoyStream unknown = open(false);
    unknown.show(request(false, ":method: POST", ":path: /model/none/x", ":authority: a"));
    assertThat(unknown.awaitEnd()).isEqualTo(Status.Code.OK);
    observed.awaitPassedOver(PassedOver.UNKNOWN_MODEL, 1);
    EnvoyStream health = open(true);
    health.show(request(true, ":method: GET", ":path: /model/m/healthz", ":authority: a"));
    assertThat(health.awaitEnd()).isEqualTo(Status.Code.OK);
    observed.awaitPassedOver(PassedOver.NOT_CAPTURED, 1);
    EnvoyStream before = open(true);
    before.show(response(false, ":status: 401"));
    assertThat(before.awaitEnd()).isEqualTo(Status.Code.OK);
    observed.awaitPassedOver(PassedOver.ANSWERED_BEFORE, 1);

    assertThat(observed.open()).isZero();
    assertThat(observed.accepted()).isZero();
  }

  @Test
  void secretFieldsOfBodiesAreNeverKept() throws Exception {
    observed.close();
    Kept kept =
        new Kept(
            true,
            1 << 20,
            1.0,
            KeepRules.NONE,
            List.of(new SecretField("/user/email", false, true, true)));
    observed = new Observed(directory.resolve("secret"), Observed.config(), kept);
    open(true)
        .show(
            post("secret", "content-type: application/json"),
            requestBody("{\"user\":{\"email\":\"a@b\"}}", true),
            response(false, ":status: 200", "content-type: application/json"),
            responseBody("{\"user\":{\"email\":\"a@b\"},\"y\":1}", true))
        .awaitEnd();

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.requestText()).isEqualTo("{\"user\":{\"email\":\"*****\"}}");
    assertThat(seen.responseText()).isEqualTo("{\"user\":{\"email\":\"*****\"},\"y\":1}");
  }

  @Test
  void whatTheSamplingLeavesOutIsCounted() throws Exception {
    observed.close();
    observed =
        new Observed(
            directory.resolve("sampled"), Observed.config(), new Kept(true, 1 << 20, 0.000001));
    EnvoyStream stream = open(false);
    stream.show(post("left-out"), requestBody("a", true), response(true, ":status: 200"));

    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(observed.sampledOut()).isEqualTo(1);
    assertThat(observed.open()).isZero();
  }

  @Test
  void aStopEndsWhatIsOpen() throws Exception {
    EnvoyStream stream = open(false);
    stream.show(post("open"), requestBody("a", false));

    observed.service().stop();

    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(observed.await(1).getFirst().ending()).isEqualTo(Ending.GATEWAY_STOPPED);
  }
}
