package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Callers over HTTP/2, to models over HTTP/1.1.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class Http2IT {
  private static final byte[] HELLO = {'h', 'e', 'l', 'l', 'o'};

  private final KeepingLane lane = new KeepingLane();
  private final Semaphore malformed = new Semaphore(0);
  private final Semaphore refused = new Semaphore(0);
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final List<AutoCloseable> closing = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door(RawModel model) throws IOException {
    return door(model, 1024);
  }

  private Proxy door(RawModel model, int connectionsMax) throws IOException {
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(2, connectionsMax, null),
            RealDoor.model(model, "wine", "1.2"),
            lane,
            time,
            new ProxyEvents() {
              @Override
              public void malformed(int status) {
                malformed.release();
              }

              @Override
              public void callerRefused() {
                refused.release();
              }
            },
            Transport.best());
    closing.add(model);
    closing.add(proxy);
    return proxy;
  }

  private Http2Driver call(Proxy proxy) throws InterruptedException {
    Http2Driver driver = new Http2Driver(proxy.address(), lane);
    closing.add(driver);
    return driver;
  }

  @Test
  void aPredictionIsRelayedAndKept() throws Exception {
    Http2Driver caller = call(door(RawModel.echo()));
    Http2Headers head = Http2Driver.post("/model/m/predict?x=1");
    head.add("request-id", "mine").add("cookie", "a=1").add("cookie", "b=2").add("x", "y");

    Http2Driver.Answer answer = caller.call(head, false).data(HELLO, true).await();

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("hello");
    assertThat(answer.headers())
        .contains(
            new Header("request-id", "mine"),
            new Header("model-name", "wine"),
            new Header("model-version", "1.2"),
            new Header("content-length", "5"));
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.requestText()).isEqualTo("hello");
    assertThat(kept.responseText()).isEqualTo("hello");
    assertThat(kept.prediction().request().path()).isEqualTo("/predict?x=1");
    assertThat(kept.prediction().request().host()).isEqualTo("d");
    assertThat(kept.prediction().request().headers())
        .contains(new Header("x", "y"))
        .noneMatch(header -> header.name().startsWith(":") || header.name().equals("cookie"));
  }

  @Test
  void theModelSeesPlainHttp11() throws Exception {
    List<String> heads = new ArrayList<>();
    RawModel model =
        RawModel.start(with -> {
          heads.add(with.readHead());
          with.readBody();
          with.send("HTTP/1.1 204 None\r\n\r\n");
          heads.add(with.readHead());
          with.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
    Http2Driver caller = call(door(model));
    Http2Headers head = Http2Driver.post("/model/m/a").add("cookie", "a=1").add("cookie", "b=2");
    head.add("te", "trailers");

    assertThat(caller.call(head, false).data(HELLO, false).trailers("x-sum", "5").await().status())
        .isEqualTo(204);
    assertThat(caller.call(Http2Driver.get("/model/m/b"), true).await().status()).isEqualTo(200);

    assertThat(heads.getFirst())
        .startsWith("POST /a HTTP/1.1\r\n")
        .contains("cookie: a=1; b=2\r\n", "transfer-encoding: chunked\r\n")
        .contains("te: trailers\r\nconnection: te\r\n")
        .doesNotContain("x-sum");
    assertThat(heads.getLast())
        .startsWith("GET /b HTTP/1.1\r\n")
        .doesNotContain("transfer-encoding", "content-length");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x          | a~~GET /model/m/secret HTTP/1.1",
        "x          | a~content-length: 0",
        "x          | a^",
        "x~y        | a",
        "x: y       | a",
        "'x '       | a",
        "X          | a",
        "x          | ' a'",
        "cookie     | a~b",
        "x-forwarded-for | 10.0.0.1~x: y"
      })
  void whatWouldBeAnotherLineForTheModelIsRefused(String name, String value) throws Exception {
    List<String> heads = new ArrayList<>();
    RawModel model =
        RawModel.start(with -> {
          for (String head = with.readHead(); !head.isEmpty(); head = with.readHead()) {
            heads.add(head);
            with.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
          }
        });
    Http2Driver caller = call(door(model));
    Http2Headers hostile = Http2Driver.get("/model/m/hostile");
    hostile.add(wire(name), wire(value));

    Http2Driver.Answer answer = caller.call(hostile, true).await();
    Http2Driver.Answer next = caller.call(Http2Driver.get("/model/m/next"), true).await();

    assertThat(answer.reset()).isEqualTo(Http2Error.PROTOCOL_ERROR.code());
    assertThat(next.status()).isEqualTo(200);
    assertThat(heads).hasSize(1).allMatch(head -> head.startsWith("GET /next HTTP/1.1\r\n"));
  }

  private static String wire(String text) {
    return text.replace("~", "\r\n").replace("^", "\0");
  }

  @Test
  void manyTinyFramesAreOneBody() throws Exception {
    Http2Driver caller = call(door(RawModel.echo()));
    Http2Driver.Call call = caller.call(Http2Driver.post("/model/m/"), false);
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 5_000; i++) {
      byte[] one = {(byte) ('a' + i % 26)};
      expected.append((char) one[0]);
      call.data(one, i == 4_999);
    }

    assertThat(call.await().body()).isEqualTo(expected.toString());
    assertThat(lane.await(1).getFirst().requestText()).isEqualTo(expected.toString());
  }

  @Test
  void manyStreamsOfOneConnectionGoOnSideBySide() throws Exception {
    Http2Driver caller = call(door(RawModel.echo()));
    List<Http2Driver.Call> calls = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      calls.add(caller.call(Http2Driver.post("/model/m/"), false));
    }
    for (int i = calls.size() - 1; i >= 0; i--) {
      calls.get(i).data(("n" + i).getBytes(java.nio.charset.StandardCharsets.US_ASCII), true);
    }
    for (int i = 0; i < calls.size(); i++) {
      assertThat(calls.get(i).await().body()).isEqualTo("n" + i);
    }
    assertThat(lane.await(100)).extracting(KeepingLane.Kept::ending).containsOnly(Ending.COMPLETE);
  }

  @Test
  void largeBodiesGoThroughBothWindows() throws Exception {
    Http2Driver caller = call(door(RawModel.echo()));
    byte[] body = new byte[3 << 20];
    java.util.Arrays.fill(body, (byte) 'b');

    Http2Driver.Call slow = caller.call(Http2Driver.post("/model/m/"), false);
    slow.reading(false);
    slow.data(body, true);
    Http2Driver.Answer beside =
        caller.call(Http2Driver.post("/model/m/"), false).data(HELLO, true).await();
    slow.reading(true);
    Http2Driver.Answer answer = slow.await();

    assertThat(beside.body()).isEqualTo("hello");
    assertThat(answer.body()).hasSize(body.length).containsOnlyOnce("b".repeat(body.length));
    assertThat(lane.await(2)).extracting(KeepingLane.Kept::ending).containsOnly(Ending.COMPLETE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "length      | HTTP/1.1 200 OK~Content-Length: 2~~ok",
        "chunked     | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~2~ok~0~~",
        "until close | HTTP/1.1 200 OK~~ok",
        "no body     | HTTP/1.1 204 None~~"
      })
  void whoHasTheEndFindsTheEntryKept(String framing, String answer) throws Exception {
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              with.send(answer.replace("~", "\r\n"));
            }));
    Http2Driver caller = call(proxy);
    for (int i = 1; i <= 50; i++) {
      Http2Driver.Answer got = caller.call(Http2Driver.get("/model/m/"), true).await();

      assertThat(got.reset()).isEqualTo(-1);
      assertThat(got.kept()).as("%s, request %d", framing, i).isEqualTo(i); // at once, not later
    }
  }

  @Test
  void aCallerWhoResetsHasLeft() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    Http2Driver caller =
        call(
            door(
                RawModel.start(with -> {
                  with.readHead();
                  asked.countDown();
                  with.awaitClose();
                  released.countDown();
                })));
    Http2Driver.Call call = caller.call(Http2Driver.get("/model/m/"), true);
    asked.await();
    call.reset();

    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.CLIENT_LEFT);
    assertThat(released.await(10, TimeUnit.SECONDS)).as("the model's connection ends too").isTrue();
  }

  @Test
  void anAnswerThatBreaksOffIsResetAndTheConnectionGoesOn() throws Exception {
    CountDownLatch partArrived = new CountDownLatch(1);
    Http2Driver caller =
        call(
            door(
                RawModel.start(with -> {
                  if (with.readHead().startsWith("GET /whole")) {
                    with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    return;
                  }
                  with.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
                  partArrived.await();
                })));
    Http2Driver.Call broken = caller.call(Http2Driver.get("/model/m/"), true);
    assertThat(caller.call(Http2Driver.get("/model/m/whole"), true).await().body()).isEqualTo("ok");
    partArrived.countDown();

    Http2Driver.Answer answer = broken.await();
    assertThat(answer.reset()).isEqualTo(Http2Error.INTERNAL_ERROR.code());
    assertThat(caller.call(Http2Driver.get("/model/m/whole"), true).await().body()).isEqualTo("ok");
    assertThat(lane.await(3))
        .extracting(KeepingLane.Kept::ending)
        .containsExactlyInAnyOrder(Ending.COMPLETE, Ending.COMPLETE, Ending.MODEL_RESET);
  }

  @Test
  void anAnswerBeforeTheRequestIsWholeReachesTheCaller() throws Exception {
    Http2Driver caller =
        call(
            door(
                RawModel.start(with -> {
                  with.readHead();
                  with.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
                  with.awaitClose();
                })));
    Http2Driver.Answer answer =
        caller.call(Http2Driver.post("/model/m/"), false).data(HELLO, false).await();

    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.body()).isEqualTo("no");
    assertThat(answer.reset()).isEqualTo(-1);
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.COMPLETE);
  }

  @Test
  void whatTheDoorAnswersItself() throws Exception {
    RawModel gone = RawModel.echo();
    Proxy proxy = door(gone);
    gone.close();
    Http2Driver caller = call(proxy);

    Http2Driver.Answer unreachable =
        caller.call(Http2Driver.post("/model/m/"), false).data(HELLO, true).await();
    Http2Driver.Answer unknown = caller.call(Http2Driver.get("/model/none/"), true).await();
    Http2Driver.Answer refused =
        caller.call(Http2Driver.get("/model/m/").authority("a b"), true).await();

    assertThat(unreachable.status()).isEqualTo(502);
    assertThat(unreachable.header("request-id")).isNotEmpty();
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.body()).isEmpty();
    assertThat(unknown.header("request-id")).isNotEmpty();
    assertThat(refused.status()).isEqualTo(400);
    assertThat(malformed.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
  }

  @Test
  void aDrainSaysGoAwayAndLetsEndWhatGoesOn() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              asked.countDown();
              answer.await();
              with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }));
    Http2Driver caller = call(proxy);
    Http2Driver.Call call = caller.call(Http2Driver.get("/model/m/"), true);
    asked.await();
    try (ExecutorService drainer = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> drained = drainer.submit(() -> proxy.drain(Duration.ofSeconds(20)));
      assertThat(caller.awaitGoAway()).isTrue();
      answer.countDown();

      assertThat(call.await().body()).isEqualTo("ok");
      assertThat(drained.get()).isTrue();
    }
    assertThat(caller.awaitClose()).isTrue();
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.COMPLETE);
  }

  @Test
  void aLeavingGatewaySaysGoAwayAndServesOnUntilItDrains() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    Proxy proxy =
        door(
            RawModel.start(with -> {
              if (with.readHead().startsWith("GET /slow")) {
                asked.countDown();
                answer.await();
              }
              with.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
            }));
    Http2Driver early = call(proxy);
    early.call(Http2Driver.get("/model/m/"), true).await();

    proxy.leave(Duration.ZERO);

    assertThat(early.awaitGoAway()).isTrue();
    Http2Driver late = call(proxy);
    Http2Driver.Call slow = late.call(Http2Driver.get("/model/m/slow"), true);
    assertThat(late.awaitGoAway()).isTrue();
    asked.await();
    try (ExecutorService drainer = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> drained = drainer.submit(() -> proxy.drain(Duration.ofSeconds(20)));
      assertThat(early.awaitClose()).isTrue();
      answer.countDown();

      assertThat(slow.await().body()).isEqualTo("ok");
      assertThat(drained.get()).isTrue();
    }
    assertThat(late.awaitClose()).isTrue();
    assertThat(lane.await(2))
        .extracting(KeepingLane.Kept::ending)
        .containsExactly(Ending.COMPLETE, Ending.COMPLETE);
  }

  @Test
  void aConnectionThatIsUnusedEnds() throws Exception {
    Http2Driver caller = call(door(RawModel.echo()));
    caller.call(Http2Driver.get("/model/m/"), true).await();

    time.advance(Duration.ofSeconds(200));

    assertThat(caller.awaitGoAway()).isTrue();
    assertThat(caller.awaitClose()).isTrue();
  }

  @Test
  void aStreamTooManyIsRefusedAndTheOthersGoOn() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              answer.await();
              with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }),
            3);
    Http2Driver caller = call(proxy);
    List<Http2Driver.Call> calls = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      calls.add(caller.call(Http2Driver.get("/model/m/"), true));
    }
    Http2Driver.Answer tooMany =
        caller
            .call(Http2Driver.post("/model/m/"), false)
            .data(HELLO, false)
            .data(HELLO, true)
            .await();
    answer.countDown();

    assertThat(tooMany.reset()).isEqualTo(Http2Error.REFUSED_STREAM.code());
    assertThat(refused.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    for (Http2Driver.Call call : calls) {
      assertThat(call.await().body()).isEqualTo("ok");
    }
    assertThat(caller.call(Http2Driver.get("/model/m/"), true).await().body()).isEqualTo("ok");
    assertThat(lane.await(4)).extracting(KeepingLane.Kept::ending).containsOnly(Ending.COMPLETE);
  }

  @Test
  void aFloodOfResetsEndsTheConnection() throws Exception {
    Http2Driver caller = call(door(RawModel.echo()));
    try {
      for (int i = 0; i < 400; i++) {
        caller.call(Http2Driver.post("/model/m/"), false).reset();
      }
    } catch (Exception e) {
      assertThat(e).as("closed meanwhile").isInstanceOf(ClosedChannelException.class);
    }

    assertThat(caller.awaitClose()).isTrue();
  }
}
