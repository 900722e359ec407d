package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Models in HTTP/2, called in both versions.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class Http2ModelIT {
  private static final byte[] HELLO = {'h', 'e', 'l', 'l', 'o'};
  private static final String POST =
      "POST /model/m/predict HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\n\r\nhello";

  private final KeepingLane lane = new KeepingLane();
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final List<AutoCloseable> closing = new ArrayList<>();
  private Bounds bounds = Bounds.NONE;

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door(Http2Model server) throws IOException {
    closing.add(server);
    return door(server.port(), false);
  }

  private Proxy door(int port, boolean grpc) throws IOException {
    Model model =
        RealDoor.model("http://127.0.0.1:" + port + "/base", Protocol.H2C, grpc, 4 << 20, bounds);
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 1024, null),
            model,
            lane,
            time,
            ProxyEvents.SILENT,
            Transport.best());
    closing.add(proxy);
    return proxy;
  }

  private Http2Driver http2(Proxy proxy) throws InterruptedException {
    Http2Driver driver = new Http2Driver(proxy.address(), lane);
    closing.add(driver);
    return driver;
  }

  private RawCaller http1(Proxy proxy) throws IOException {
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    return caller;
  }

  @Test
  void theModelIsAskedInItsOwnTongue() throws Exception {
    BlockingQueue<Http2Model.Request> asked = new LinkedBlockingQueue<>();
    Http2Model server =
        Http2Model.start(request -> {
          asked.add(request);
          Http2Model.echo(request);
        });
    RawCaller caller = http1(door(server));
    String chunked =
        "POST /model/m/predict?x=1 HTTP/1.1\r\nHost: d\r\nConnection: x-mine\r\nX-Mine: 1\r\nY: 2"
            + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

    caller.send(chunked);

    assertThat(caller.readThrough("hello")).startsWith("HTTP/1.1 200 OK\r\n");
    Http2Model.Request request = asked.remove();
    assertThat(request.path()).isEqualTo("/base/predict?x=1");
    assertThat(request.header(":scheme")).isEqualTo("http");
    assertThat(request.header(":authority")).isEqualTo("127.0.0.1:" + server.port());
    assertThat(request.header("y")).isEqualTo("2");
    assertThat(request.header("x-mine")).isEmpty();
    assertThat(request.header("transfer-encoding")).isEmpty();
    assertThat(request.body()).isEqualTo("hello");
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(kept.prediction().requestId().value()).isEqualTo(request.header("request-id"));
    assertThat(kept.requestText() + kept.responseText()).isEqualTo("hellohello");
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.prediction().request().headers())
        .noneMatch(header -> header.name().equals("transfer-encoding"));
  }

  @Test
  void manyExchangesShareOneConnection() throws Exception {
    List<Http2Model.Request> waiting = new ArrayList<>();
    Http2Model server =
        Http2Model.start(request -> {
          waiting.add(request);
          if (waiting.size() == 100) {
            waiting.forEach(Http2Model::echo); // none is answered before all have come
          }
        });
    Http2Driver caller = http2(door(server));
    List<Http2Driver.Call> calls = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      calls.add(caller.call(Http2Driver.post("/model/m/" + i), false).data(HELLO, true));
    }
    for (Http2Driver.Call call : calls) {
      assertThat(call.await().body()).isEqualTo("hello");
    }
    assertThat(server.connections()).isEqualTo(1);
    lane.await(100);
  }

  @Test
  void whoFindsNoRoomOnAStreamWaitsForOne() throws Exception {
    Http2Model server =
        Http2Model.start(Http2Model::echo, Http2Settings.defaultSettings().maxConcurrentStreams(1));
    Proxy proxy = door(server);
    Http2Driver caller = http2(proxy);
    List<Http2Driver.Call> calls = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      calls.add(caller.call(Http2Driver.post("/model/m/" + i), false).data(HELLO, true));
    }
    for (Http2Driver.Call call : calls) {
      assertThat(call.await().status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"empty data", "trailers", "data"})
  void theCompletingByteFindsTheEntryKept(String end) throws Exception {
    Http2Model server =
        Http2Model.start(request -> {
          request.head(false, "content-length", "5");
          switch (end) {
            case "empty data" -> request.data("hello", false).later(() -> request.data("", true));
            case "trailers" ->
                request.data("hello", false).later(() -> request.trailers("x-sum", "1"));
            default -> request.data("hello", true);
          }
        });
    Proxy proxy = door(server);
    for (int i = 0; i < 50; i++) {
      try (RawCaller caller = new RawCaller(proxy.address())) {
        caller.send(POST);
        caller.readThrough("\r\n\r\nhello");
        assertThat(lane.kept()).hasSize(i + 1);
      }
    }
    Http2Driver caller = http2(proxy);
    for (int i = 50; i < 100; i++) {
      Http2Driver.Answer answer =
          caller.call(Http2Driver.post("/model/m/x"), false).data(HELLO, true).await();
      assertThat(answer.kept()).isEqualTo(i + 1);
      assertThat(answer.header("x-sum")).isEqualTo(end.equals("trailers") ? "1" : "");
    }
    assertThat(lane.kept()).allMatch(kept -> kept.ending() == Ending.COMPLETE);
  }

  @Test
  void aModelThatNeverEndsItsWholeAnswerDoesNotHoldTheCaller() throws Exception {
    Http2Model server =
        Http2Model.start(request -> {
          request.head(false, "content-length", "5");
          request.data("hello", false);
        });
    RawCaller caller = http1(door(server));
    for (int i = 0; i < 3; i++) {
      caller.send(POST);
      caller.readThrough("\r\n\r\nhello");
    }
    assertThat(lane.kept()).hasSize(3).allMatch(kept -> kept.ending() == Ending.COMPLETE);
  }

  @Test
  void anAnswerOfNothingHasALengthForHttp11() throws Exception {
    RawCaller caller = http1(door(Http2Model.start(request -> request.head(true))));
    for (int i = 0; i < 3; i++) {
      caller.send(POST);
      assertThat(caller.readThrough("\r\n\r\n")).contains("content-length: 0\r\n");
    }
    assertThat(lane.kept()).hasSize(3).allMatch(kept -> kept.ending() == Ending.COMPLETE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"head", "data", "trailers", "no head"})
  void lessThanWasPromisedIsNoAnswer(String form) throws Exception {
    Proxy proxy =
        door(
            Http2Model.start(request -> {
              switch (form) {
                case "head" -> request.head(true, "content-length", "10");
                case "data" -> request.head(false, "content-length", "10").data("", true);
                case "trailers" ->
                    request.head(false, "content-length", "10").trailers("x-sum", "1");
                default -> request.data("HTTP/1.1 200 OK", true);
              }
            }));
    RawCaller caller = http1(proxy);

    caller.send(POST);

    if (form.equals("data") || form.equals("trailers")) {
      assertThat(caller.readToEnd()).doesNotContain("hello"); // its head was gone already
    } else {
      assertThat(caller.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 502 ");
    }
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void headsThatTheModelDoesNotTakeFailAloneAndAtOnce() throws Exception {
    Http2Model server =
        Http2Model.start(Http2Model::echo, Http2Settings.defaultSettings().maxHeaderListSize(4096));
    Http2Driver caller = http2(door(server));
    List<Http2Driver.Call> large = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Http2Headers head = Http2Driver.post("/model/m/" + i).add("x", "y".repeat(6000));
      large.add(caller.call(head, false).data(HELLO, true));
    }
    for (Http2Driver.Call call : large) {
      assertThat(call.await().status()).isEqualTo(502);
    }
    Http2Driver.Answer answer =
        caller.call(Http2Driver.post("/model/m/x"), false).data(HELLO, true).await();
    assertThat(answer.body()).isEqualTo("hello");
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void aModelThatLetsNobodyWaitIsReachedAllTheSame() throws Exception {
    Http2Model server = Http2Model.start(Http2Model::echo);
    closing.add(server);
    bounds = new Bounds(null, null, null, null, Bounds.UNBOUNDED, Bounds.UNBOUNDED, 0);
    RawCaller caller = http1(door(server.port(), false));

    caller.send(POST);

    assertThat(caller.readThrough("\r\n\r\nhello")).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void trailersReachWhoWantsThem() throws Exception {
    Http2Model server =
        Http2Model.start(request ->
            request.head(false).data("hello", false).trailers("x-sum", "1", "content-length", "9"));
    RawCaller caller = http1(door(server));
    caller.send("GET /model/m/ HTTP/1.1\r\nHost: d\r\nTE: trailers\r\nConnection: te\r\n\r\n");
    assertThat(caller.readThrough("0\r\nx-sum: 1\r\n\r\n")).contains("5\r\nhello\r\n");

    caller.send("GET /model/m/ HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(caller.readThrough("0\r\n\r\n")).doesNotContain("x-sum");
  }

  @Test
  void aResetBeforeTheAnswerIsABadGateway() throws Exception {
    Proxy proxy = door(Http2Model.start(request -> request.reset(Http2Error.INTERNAL_ERROR)));
    RawCaller caller = http1(proxy);

    caller.send(POST);

    assertThat(caller.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 502 ");
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void aResetAmidTheAnswerIsNoEndOfIt() throws Exception {
    Proxy proxy =
        door(
            Http2Model.start(request -> {
              request.head(false).data("part", false);
              request.later(() -> request.reset(Http2Error.CANCEL));
            }));
    Http2Driver caller = http2(proxy);

    Http2Driver.Answer answer = caller.call(Http2Driver.get("/model/m/"), true).await();

    assertThat(answer.reset()).isEqualTo(Http2Error.INTERNAL_ERROR.code());
    RawCaller plain = http1(proxy);
    plain.send("GET /model/m/ HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(plain.readToEnd()).endsWith("4\r\npart\r\n");
    assertThat(lane.await(2)).allMatch(kept -> kept.ending() == Ending.MODEL_RESET);
  }

  @Test
  void aCallerThatLeavesTakesItsStreamAlong() throws Exception {
    BlockingQueue<Http2Model.Request> asked = new LinkedBlockingQueue<>();
    Proxy proxy = door(Http2Model.start(asked::add));
    Http2Driver.Call call = http2(proxy).call(Http2Driver.get("/model/m/"), true);
    Http2Model.Request request = asked.poll(20, TimeUnit.SECONDS);

    call.reset();

    assertThat(request).isNotNull();
    if (request != null) {
      assertThat(request.awaitReset()).isTrue();
    }
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.CLIENT_LEFT);
  }

  @Test
  void afterGoAwayAnotherConnectionIsMade() throws Exception {
    Http2Model server =
        Http2Model.start(request -> {
          request.goAway();
          Http2Model.echo(request);
        });
    RawCaller caller = http1(door(server));
    for (int i = 1; i <= 5; i++) {
      caller.send(POST);
      assertThat(caller.readThrough("\r\n\r\nhello")).startsWith("HTTP/1.1 200 ");
      assertThat(server.connections()).isBetween(i, i + 1);
    }
  }

  @Test
  void whoSpeaksNoHttp2IsUnreachable() throws Exception {
    RawModel server = RawModel.echo();
    closing.add(server);
    RawCaller caller = http1(door(URI.create(server.url()).getPort(), false));

    caller.send(POST);

    assertThat(caller.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 502 ");
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
  }

  @Test
  void megabytesPassBothWaysBesideAReaderThatStandsStill() throws Exception {
    Proxy proxy = door(Http2Model.start(Http2Model::echo));
    Http2Driver caller = http2(proxy);
    byte[] large = new byte[3 << 20];
    Http2Driver.Call still = caller.call(Http2Driver.post("/model/m/"), false);
    still.reading(false);
    still.data(large, true);

    Http2Driver.Answer answer =
        http2(proxy).call(Http2Driver.post("/model/m/"), false).data(large, true).await();

    assertThat(answer.body()).hasSize(large.length);
    still.reading(true);
    assertThat(still.await().body()).hasSize(large.length);
    assertThat(lane.await(2)).allMatch(kept -> kept.responseBody().size() == large.length);
  }

  @Test
  void aCallOfGrpcIsKeptWithItsStatus() throws Exception {
    BlockingQueue<Http2Model.Request> asked = new LinkedBlockingQueue<>();
    Http2Model server =
        Http2Model.start(request -> {
          asked.add(request);
          request.head(false, "content-type", "application/grpc");
          request.data("\0\0\0\0\1x", false);
          request.trailers("grpc-status", "5", "grpc-message", "no%20such%20model");
        });
    closing.add(server);
    Proxy proxy = door(server.port(), true);

    Http2Driver.Answer answer = http2(proxy).call(grpc("d"), false).data(HELLO, true).await();

    assertThat(answer.header("grpc-status")).isEqualTo("5");
    assertThat(answer.header("grpc-message")).isEqualTo("no%20such%20model");
    assertThat(answer.headers()).contains(new Header("model-name", "wine"));
    assertThat(asked.remove().header("te")).isEqualTo("trailers");
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(kept.prediction().grpc()).isEqualTo(new GrpcStatus(5, "no such model"));
    assertThat(kept.prediction().request().path())
        .isEqualTo("/base/inference.GRPCInferenceService/ModelInfer");
    assertThat(kept.responseText()).isEqualTo("\0\0\0\0\1x");
    assertThat(answer.kept()).as("before the trailers").isEqualTo(1);
  }

  @Test
  void aCallThatNoModelAnswersIsToldInTrailersAlone() throws Exception {
    Http2Model gone = Http2Model.start(Http2Model::echo);
    gone.close();
    Http2Driver caller = http2(door(gone.port(), true));

    Http2Driver.Answer answer = caller.call(grpc("d"), false).data(HELLO, true).await();

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-type")).isEqualTo("application/grpc");
    assertThat(answer.header("grpc-status")).isEqualTo("14");
    assertThat(answer.header("grpc-message")).isEqualTo("Model m can not be reached");
    assertThat(answer.body()).isEmpty();
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(kept.ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
    assertThat(kept.prediction().grpc().code()).isEqualTo(14);

    Http2Headers other = grpc("d");
    other.add("model-id", "other");
    answer = caller.call(other, false).data(HELLO, true).await();
    assertThat(answer.header("grpc-status")).isEqualTo("12");
  }

  private static Http2Headers grpc(String authority) {
    return Http2Driver.post("/inference.GRPCInferenceService/ModelInfer")
        .authority(authority)
        .add("content-type", "application/grpc")
        .add("te", "trailers");
  }
}
