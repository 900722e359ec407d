package dev.loopgate.proxy;

import static dev.loopgate.proxy.EmbeddedDoor.http;
import static dev.loopgate.proxy.EmbeddedDoor.wine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.spool.Appended;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakFree.class)
final class RelayedExchangeTest {
  private static final String POST =
      "POST /model/wine/predict?x=1 HTTP/1.1\r\nHost: door\r\nRequest-Id: abc\r\n"
          + "Content-Length: 5\r\n\r\nhello";
  private static final String CHUNKED =
      "POST /model/wine/predict HTTP/1.1\r\nHost: door\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe"
          + "\r\n3;x=y\r\nllo\r\n0\r\nA-Trailer: 1\r\n\r\n";
  private static final String GET = "GET /model/wine/ HTTP/1.1\r\nHost: door\r\n\r\n";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer";

  private final EmbeddedDoor door = new EmbeddedDoor(wine());

  @ParameterizedTest
  @ValueSource(strings = {POST, CHUNKED})
  void capturesTheSameWhereverTheRequestIsCut(String request) {
    for (int split = 1; split < request.length(); split++) {
      EmbeddedDoor each = new EmbeddedDoor(wine());

      each.send(request.substring(0, split));
      each.send(request.substring(split));
      assertThat(each.asked(0)).as("split=%d", split).containsPattern("(hello|er: 1\r\n\r\n)$");
      each.answer(0, OK);

      assertThat(each.received()).as("split=%d", split).endsWith("\r\n\r\nanswer");
      KeepingLane.Kept kept = each.only();
      assertThat(kept.requestText()).as("split=%d", split).isEqualTo("hello");
      assertThat(kept.responseText()).as("split=%d", split).isEqualTo("answer");
      assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
      assertThat(kept.requestBody().truncated()).isFalse();
      assertThat(kept.requestBody().size()).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        OK,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;e\r\nanswer\r\n0\r\nT: 1\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer"
      })
  void capturesTheSameWhereverTheAnswerIsCut(String answer) {
    for (int split = 1; split < answer.length(); split++) {
      EmbeddedDoor each = new EmbeddedDoor(wine());
      each.send(GET);

      each.answer(0, answer.substring(0, split));
      each.answer(0, answer.substring(split));

      assertThat(each.only().responseText()).as("split=%d", split).isEqualTo("answer");
      assertThat(each.received()).as("split=%d", split).contains("HTTP/1.1 200 OK\r\n");
      assertThat(each.caller.isOpen()).isTrue();
    }
  }

  @Test
  void tellsTheModelWhatItShouldKnowAndTheCallerWhoAnswered() {
    door.send(
        http(
            "POST /model/wine/predict?x=1 HTTP/1.1~Host: door:8080~Request-Id: abc~"
                + "Connection: keep-alive, X-Hop~X-Hop: 1~TE: gzip~Proxy-Authorization: p~"
                + "Authorization: Bearer s~X-Request-Id: x7~X-Name: caf\u00e9~Content-Length: 5~~hello"));

    assertThat(door.asked(0))
        .isEqualTo(
            http(
                "POST /predict?x=1 HTTP/1.1~host: 10.0.0.1:5000~authorization: Bearer s~"
                    + "x-request-id: x7~x-name: caf\u00e9~x-forwarded-for: unknown~"
                    + "x-forwarded-proto: http~x-forwarded-host: door:8080~request-id: abc~"
                    + "content-length: 5~~hello"));

    door.answer(
        0,
        "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nRequest-Id: model's\r\nModel-Name: income\r\n"
            + "Model-Version: 1.1\r\nConnection: X-Mine\r\nX-Mine: 1\r\nSet-Cookie: c\r\n\r\nok");

    assertThat(door.received())
        .isEqualTo(
            "HTTP/1.1 200 Fine\r\nset-cookie: c\r\nrequest-id: abc\r\nmodel-name: income\r\n"
                + "model-version: 1.1\r\ncontent-length: 2\r\n\r\nok");
    var prediction = door.only().prediction();
    assertThat(prediction.model().name()).isEqualTo("income");
    assertThat(prediction.request().uri()).isEqualTo("/model/wine/predict?x=1");
    assertThat(prediction.request().path()).isEqualTo("/predict?x=1");
    assertThat(prediction.request().host()).isEqualTo("door:8080");
    assertThat(prediction.externalRequestId()).isEqualTo("x7");
    assertThat(prediction.target().replica()).isEqualTo("10.0.0.1:5000");
    assertThat(prediction.request().headers())
        .extracting(Header::name)
        .doesNotContain("authorization");
    assertThat(prediction.response().headers())
        .extracting(Header::name)
        .doesNotContain("set-cookie");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "abc def | abc def | false",
        "'' | fresh | false",
        "caf\u00e9 | fresh | true",
      })
  void keepsTheCallersIdOrMakesOne(String sent, String expected, boolean replaced) {
    door.send(
        "GET /model/wine/ HTTP/1.1\r\nHost: door\r\nRequest-Id: "
            + sent
            + "\r\nrequest-id: 2\r\n\r\n");
    door.answer(0, OK);

    var prediction = door.only().prediction();
    assertThat(prediction.requestIdReplaced()).isEqualTo(replaced);
    if (expected.equals("fresh")) {
      assertThat(prediction.requestId().value()).matches("[0-9a-f]{8}-[0-9a-f]{4}-7.*");
    } else {
      assertThat(prediction.requestId().value()).isEqualTo(expected);
    }
    assertThat(door.received()).contains("\r\nrequest-id: " + prediction.requestId() + "\r\n");
    assertThat(door.asked(0)).contains("\r\nrequest-id: " + prediction.requestId() + "\r\n");
  }

  /// P1: when the write that completes the answer is made, the entry is kept already.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "length      | GET  | HTTP/1.1 200 OK~Content-Length: 6~~ans;wer                 | wer",
        "chunked     | GET  | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~3~ans~;3~wer~;0~~ | 0~~",
        "until close | GET  | HTTP/1.1 200 OK~~ans;wer;                                  | 0~~",
        "no length   | GET  | HTTP/1.1 200 OK~Content-Length: 0~~                        | HTTP",
        "204         | GET  | HTTP/1.1 204 None~~                                        | HTTP",
        "304         | GET  | HTTP/1.1 304 Not~Content-Length: 9~~                       | HTTP",
        "HEAD        | HEAD | HTTP/1.1 200 OK~Content-Length: 9~~                        | HTTP"
      })
  void keepsTheEntryBeforeTheByteThatCompletesTheAnswer(
      String framing, String method, String answer, String completing) {
    door.send(method + " /model/wine/ HTTP/1.1\r\nHost: door\r\n\r\n");

    for (String piece : answer.split(";", -1)) {
      if (piece.isEmpty()) {
        door.modelCloses(0);
      } else {
        door.answer(0, piece.replace("~", "\r\n"));
      }
    }

    String last = completing.replace("~", "\r\n");
    assertThat(door.writes).as(framing).isNotEmpty();
    for (int i = 0; i < door.writes.size(); i++) {
      boolean completes = i == door.writes.size() - 1;
      assertThat(door.writes.get(i))
          .as("%s: write %d", framing, i)
          .startsWith(completes ? "1 " : "0 ");
    }
    assertThat(door.writes.getLast()).as(framing).startsWith("1 " + last);
    assertThat(door.only().ending()).isEqualTo(Ending.COMPLETE);
    assertThat(door.only().responseBody().truncated()).isFalse();
    assertThat(door.received()).contains("HTTP/1.1");
  }

  @Test
  void endsWithTheCloseForACallerOnHttp10() {
    door.send("GET /model/wine/ HTTP/1.0\r\n\r\n");

    door.answer(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nanswer\r\n");
    assertThat(door.lane.kept()).isEmpty();
    assertThat(door.received())
        .doesNotContain("chunked")
        .endsWith("connection: close\r\n\r\nanswer");
    assertThat(door.caller.isOpen()).isTrue();

    door.answer(0, "0\r\n\r\n");
    assertThat(door.only().ending()).isEqualTo(Ending.COMPLETE);
    assertThat(door.caller.isOpen()).isFalse();
  }

  @Test
  void keepsTheConnectionOfACallerOnHttp10WhoAsks() {
    door.send("GET /model/wine/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    door.answer(0, OK);

    assertThat(door.received()).contains("connection: keep-alive\r\n");
    assertThat(door.caller.isOpen()).isTrue();
  }

  @Test
  void answersPipelinedRequestsOneAfterTheOtherOnOneModelConnection() {
    door.send(GET + POST + GET);
    assertThat(door.asked(0)).startsWith("GET / ").doesNotContain("POST");

    door.answer(0, OK);
    assertThat(door.asked(0)).startsWith("POST /predict").endsWith("hello");
    door.answer(0, OK);
    assertThat(door.asked(0)).startsWith("GET / ");
    door.answer(0, OK);

    assertThat(door.models).hasSize(1);
    assertThat(door.lane.kept()).hasSize(3);
    assertThat(door.received().split("answer", -1)).hasSize(4);
  }

  @Test
  void aCallerWhoTakesNoAnswerGetsNoFurtherOne() {
    door.send(GET);
    callerTakes(false);
    door.answer(0, OK);
    door.send(POST);
    assertThat(door.asked(0)).doesNotContain("POST");
    door.turn(Duration.ofSeconds(59)); // longer than a head may take

    callerTakes(true); // on a new connection, as the model's was idle for long
    assertThat(door.asked(1)).startsWith("POST /predict").endsWith("hello");
    door.answer(1, OK);
    assertThat(door.received().split("answer", -1)).hasSize(3);

    callerTakes(false);
    door.turn(Duration.ofSeconds(60));
    assertThat(door.caller.isOpen()).isFalse();
    assertThat(door.lane.kept()).hasSize(2);
  }

  private void callerTakes(boolean takes) {
    door.caller.unsafe().outboundBuffer().setUserDefinedWritability(1, takes);
    door.settle();
  }

  @Test
  void doesNotReadFromACallerWhoSendsTooMuchAhead() {
    door.send(GET);
    door.send("x".repeat(ProxyConfig.HELD_BYTES_MAX));

    assertThat(door.caller.config().isAutoRead()).isFalse();
  }

  @Test
  void answersExpectOnceTheModelCanBeWrittenTo() {
    door.send(
        "POST /model/wine/ HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assertThat(door.received()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
    door.send("hello");

    assertThat(door.asked(0)).doesNotContain("expect").endsWith("hello");
    door.answer(0, "HTTP/1.1 100 Continue\r\n\r\n" + OK);
    assertThat(door.received()).containsOnlyOnce("100 Continue").endsWith("answer");
  }

  @Test
  void answersExpectWithTheFailureWhenThereIsNoModel() {
    door.refusesConnections = true;
    door.send(
        "POST /model/wine/ HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");

    assertThat(door.received()).startsWith("HTTP/1.1 502 ").contains("connection: close");
    assertThat(door.only().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
    assertThat(door.only().requestBody().truncated()).isTrue();
  }

  @Test
  void anAnswerBeforeTheRequestIsWholeIsComplete() {
    door.send(POST.substring(0, POST.length() - 2));
    door.answer(0, OK);

    KeepingLane.Kept kept = door.only();
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.requestBody().truncated()).isTrue();
    assertThat(kept.requestBody().size()).isEqualTo(3);
    assertThat(kept.responseBody().truncated()).isFalse();
    assertThat(door.received()).contains("connection: close");
    assertThat(door.models.getFirst().isOpen()).isFalse();
  }

  @Test
  void aModelThatCanNotBeReachedIs502WithTheBodyThatCame() {
    door.refusesConnections = true;
    door.send(POST);

    assertThat(door.received())
        .startsWith("HTTP/1.1 502 Bad Gateway\r\n")
        .contains("request-id: abc\r\n")
        .endsWith("{\"error\":\"Model wine can not be reached\"}");
    KeepingLane.Kept kept = door.only();
    assertThat(kept.ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
    assertThat(kept.status()).isEqualTo(502);
    assertThat(kept.requestText()).isEqualTo("hello");
    assertThat(kept.responseText()).contains("can not be reached");
    assertThat(kept.prediction().target().replica()).isEmpty();
    assertThat(door.caller.isOpen()).isTrue();
    assertThat(door.told.words).containsExactly("started wine", "ended wine model_unreachable 502");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\nContent-Length: 6\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 99 OK\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u0000b\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n"
      })
  void anAnswerThatIsNoHttpIs502(String answer) {
    door.send(GET);
    door.answer(0, answer);

    assertThat(door.received()).startsWith("HTTP/1.1 502 ");
    assertThat(door.only().ending()).isEqualTo(Ending.MODEL_RESET);
    assertThat(door.models.getFirst().isOpen()).isFalse();
    assertThat(door.caller.isOpen()).isTrue();
  }

  @Test
  void aModelThatBreaksOffCutsTheAnswer() {
    door.send(GET);
    door.answer(0, OK.substring(0, OK.length() - 1));
    door.modelCloses(0);

    assertThat(door.received()).endsWith("answe");
    assertThat(door.caller.isOpen()).isFalse();
    KeepingLane.Kept kept = door.only();
    assertThat(kept.ending()).isEqualTo(Ending.MODEL_RESET);
    assertThat(kept.responseBody().truncated()).isTrue();
    assertThat(kept.responseText()).isEqualTo("answe");
  }

  @Test
  void aBadChunkOfTheModelCutsTheAnswer() {
    door.send(GET);
    door.answer(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n");

    assertThat(door.received()).doesNotEndWith("0\r\n\r\n");
    assertThat(door.only().ending()).isEqualTo(Ending.MODEL_RESET);
    assertThat(door.caller.isOpen()).isFalse();
  }

  @Test
  void aCallerWhoLeavesEndsTheModelsWorkToo() {
    door.send(GET);
    door.answer(0, OK.substring(0, OK.length() - 3));
    door.caller.close();
    door.settle();

    assertThat(door.only().ending()).isEqualTo(Ending.CLIENT_LEFT);
    assertThat(door.models.getFirst().isOpen()).isFalse();
    assertThat(door.received()).isNotEmpty();
  }

  @Test
  void aModelThatDoesNotAnswerInTimeIs504() {
    door.send(POST);
    door.turn(Duration.ofSeconds(19));
    assertThat(door.lane.kept()).isEmpty();
    door.turn(Duration.ofSeconds(1));

    assertThat(door.received()).startsWith("HTTP/1.1 504 ").contains("request-id: abc");
    assertThat(door.only().ending()).isEqualTo(Ending.TIMED_OUT);
    assertThat(door.models.getFirst().isOpen()).isFalse();
  }

  @Test
  void aModelThatStopsInTheMiddleIsCut() {
    door.send(GET);
    door.answer(0, OK.substring(0, OK.length() - 3));
    door.turn(Duration.ofSeconds(10));

    assertThat(door.only().ending()).isEqualTo(Ending.TIMED_OUT);
    assertThat(door.received()).endsWith("ans");
    assertThat(door.caller.isOpen()).isFalse();
  }

  @Test
  void anAnswerThatNeverEndsIsCutAtTheTotal() {
    door.send(GET);
    door.answer(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 11; i++) {
      door.answer(0, "1\r\nx\r\n");
      door.turn(Duration.ofSeconds(9));
    }
    assertThat(door.lane.kept()).isEmpty();
    door.answer(0, "1\r\nx\r\n");
    door.turn(Duration.ofSeconds(1));

    assertThat(door.only().ending()).isEqualTo(Ending.TIMED_OUT);
    assertThat(door.received()).isNotEmpty();
  }

  @Test
  void aCallerWhoStopsSendingIsRefused() {
    door.send(POST.substring(0, POST.length() - 1));
    door.turn(CallerLimits.DEFAULT.stalled());

    assertThat(door.received()).startsWith("HTTP/1.1 408 ");
    assertThat(door.only().ending()).isEqualTo(Ending.REJECTED);
    assertThat(door.caller.isOpen()).isFalse();
  }

  @Test
  void aBadChunkIsRefusedAndKept() {
    door.send(CHUNKED.replace("3;x=y\r\nllo", "3;x=y\nllo"));

    assertThat(door.received()).startsWith("HTTP/1.1 400 ").contains("connection: close");
    KeepingLane.Kept kept = door.only();
    assertThat(kept.ending()).isEqualTo(Ending.REJECTED);
    assertThat(kept.requestText()).isEqualTo("he");
    assertThat(door.caller.isOpen()).isFalse();
    assertThat(door.models.getFirst().isOpen()).isFalse();
    assertThat(door.told.words).contains("malformed 400");
  }

  @Test
  void theGatewayStopsBeforeAndInTheMiddleOfAnAnswer() {
    door.send(POST);
    door.loop.stop();
    assertThat(door.received()).startsWith("HTTP/1.1 503 ").contains("The gateway stops");

    door.connect();
    door.send(GET);
    door.answer(1, OK.substring(0, OK.length() - 3));
    door.loop.stop();
    door.settle();

    assertThat(door.lane.kept())
        .extracting(KeepingLane.Kept::ending)
        .containsExactly(Ending.GATEWAY_STOPPED, Ending.GATEWAY_STOPPED);
    assertThat(door.caller.isOpen()).isFalse();
    assertThat(door.received()).endsWith("ans");
  }

  @Test
  void aLeavingGatewayServesOnAndEndsEachConnectionWithAnAnswer() {
    door.send(GET);
    door.answer(0, OK);
    door.loop.leave();
    assertThat(door.caller.isOpen()).isTrue();
    assertThat(door.received()).doesNotContain("connection: close");

    door.send(GET);
    door.answer(0, OK); // the model's connection is none of those that are to end

    assertThat(door.received()).contains("connection: close\r\n").endsWith("answer");
    assertThat(door.caller.isOpen()).isFalse();
    assertThat(door.lane.kept())
        .extracting(KeepingLane.Kept::ending)
        .containsExactly(Ending.COMPLETE, Ending.COMPLETE);
  }

  @Test
  void aDrainingGatewayLetsAnswersEndAndClosesTheirConnections() {
    door.send(POST);
    door.loop.drain();
    door.answer(0, OK);

    assertThat(door.received()).contains("connection: close\r\n").endsWith("answer");
    assertThat(door.only().ending()).isEqualTo(Ending.COMPLETE);
    assertThat(door.caller.isOpen()).isFalse();
  }

  @Test
  void aStalePooledConnectionIsNotUsedAndAnIdleOneIsClosed() {
    door.send(GET);
    door.answer(0, OK);
    door.pooledIsStale = true;
    door.send(GET);
    assertThat(door.models).hasSize(2);
    assertThat(door.models.get(0).isOpen()).isFalse();
    door.answer(1, OK);
    assertThat(door.models.get(1).isOpen()).isTrue();

    door.turn(Duration.ofMillis(1499));
    assertThat(door.models.get(1).isOpen()).isTrue();
    door.turn(Duration.ofMillis(1));
    assertThat(door.models.get(1).isOpen()).isFalse();
    assertThat(door.received()).contains("answer");
  }

  @Test
  void aModelsOwnKeepAliveIsHonoured() {
    door.send(GET);
    door.answer(0, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=5\r\nContent-Length: 0\r\n\r\n");

    door.turn(Duration.ofMillis(499));
    assertThat(door.models.getFirst().isOpen()).isTrue();
    door.turn(Duration.ofMillis(1));
    assertThat(door.models.getFirst().isOpen()).isFalse();
    assertThat(door.received()).doesNotContain("keep-alive");
  }

  @Test
  void bytesBehindAnAnswerCloseTheModelsConnection() {
    door.send(GET);
    door.answer(0, OK + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    door.send(GET);

    assertThat(door.models).hasSize(2);
    assertThat(door.received()).doesNotContain("evil");
  }

  @Test
  void waitsBoundedForAFreeConnection() {
    EmbeddedDoor full = new EmbeddedDoor(wine());
    full.send(GET);
    full.connect();
    full.send(GET);
    full.connect();
    full.send(POST);
    assertThat(full.models).hasSize(2);

    full.turn(Duration.ofMillis(2200));
    assertThat(full.received()).startsWith("HTTP/1.1 503 ").contains("retry-after: 1");
    assertThat(full.lane.kept().getFirst().requestText()).isEqualTo("hello");

    full.connect();
    full.send(GET);
    full.answer(0, OK); // its slot goes to who waits
    assertThat(full.models).hasSize(3);
    full.answer(2, OK);
    assertThat(full.received()).endsWith("answer");
  }

  @Test
  void bodiesBeyondTheBudgetAreCutAndNoEntryIsDropped() {
    EmbeddedDoor small = new EmbeddedDoor(List.of(wine()), List.of(), 8 << 10);
    small.send(
        POST.replace(
            "Content-Length: 5\r\n\r\nhello", "Content-Length: 9000\r\n\r\n" + "x".repeat(9000)));
    small.answer(0, OK);

    assertThat(small.only().requestText()).hasSize(8 << 10);
    assertThat(small.only().requestBody().size()).isEqualTo(9000);
    assertThat(small.told.words).contains("cut budget");
    assertThat(small.loop.captureBuffers().bytesInUse()).isZero();
    assertThat(small.received()).endsWith("answer");
  }

  @Test
  void goesOnServingWhenTheSpoolIsFull() {
    door.lane.answer(Appended.FULL);
    door.send(GET);
    door.answer(0, OK);

    assertThat(door.received()).endsWith("answer");
    assertThat(door.loop.captureBuffers().bytesInUse()).isZero();
  }

  @Test
  void whatIsNoPredictionPassesUnkept() {
    EmbeddedDoor odahu =
        new EmbeddedDoor(
            EmbeddedDoor.model(
                "wine", "http://10.0.0.1:5000/base/", Predictor.ODAHU_ML_SERVER, "/model/wine"));
    odahu.send("GET /model/wine/healthcheck HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(odahu.asked(0)).startsWith("GET /base/healthcheck HTTP/1.1\r\n");
    odahu.answer(0, OK);

    assertThat(odahu.lane.kept()).isEmpty();
    assertThat(odahu.lane.open()).isZero();
    assertThat(odahu.told.words).containsExactly("started wine", "ended wine complete 200");
    assertThat(odahu.received()).contains("model-name: wine\r\nmodel-version: unknown\r\n");
  }

  @Test
  void readsNoFasterThanTheOtherSideTakes() {
    door.send("POST /model/wine/ HTTP/1.1\r\nHost: d\r\nContent-Length: 900000\r\n\r\n");
    door.models.getFirst().unsafe().outboundBuffer().setUserDefinedWritability(1, false);
    door.settle();
    assertThat(door.caller.config().isAutoRead()).isFalse();
    door.models.getFirst().unsafe().outboundBuffer().setUserDefinedWritability(1, true);
    door.settle();
    assertThat(door.caller.config().isAutoRead()).isTrue();

    callerTakes(false);
    assertThat(door.models.getFirst().config().isAutoRead()).isFalse();
    callerTakes(true);
    assertThat(door.models.getFirst().config().isAutoRead()).isTrue();
  }
}
