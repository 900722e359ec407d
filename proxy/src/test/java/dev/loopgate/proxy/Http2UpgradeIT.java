package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Callers who begin with HTTP/1.1 and ask for HTTP/2 (RFC 7540, section 3.2).
@ExtendWith(LeakFree.class)
@Timeout(60)
final class Http2UpgradeIT {
  private static final String SWITCHED =
      "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n";

  private final KeepingLane lane = new KeepingLane();
  private final BlockingQueue<String> heads = new LinkedBlockingQueue<>();
  private final List<AutoCloseable> closing = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door(RawModel model) throws IOException {
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 64, null),
            RealDoor.model(model, "wine", "1"),
            lane,
            ManualTime.at("2026-11-24T10:00:00Z"),
            ProxyEvents.SILENT,
            Transport.best());
    closing.add(model);
    closing.add(proxy);
    return proxy;
  }

  private Proxy answering(String body) throws IOException {
    return door(
        RawModel.start(with -> {
          for (String head = with.readHead(); !head.isEmpty(); head = with.readHead()) {
            heads.add(head);
            with.readBody();
            with.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
          }
        }));
  }

  private RawCaller call(Proxy proxy) throws IOException {
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    return caller;
  }

  private static String settings(int... idsAndValues) {
    return coded(Http2Frames.settingsPayload(idsAndValues));
  }

  private static String coded(byte[] payload) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(payload);
  }

  private static String asking(String settings) {
    return EmbeddedDoor.http(
        "GET /model/m/x?a=b HTTP/1.1~Host: d~Request-Id: mine~Connection: Upgrade, HTTP2-Settings~"
            + "Upgrade: h2c~HTTP2-Settings: "
            + settings
            + "~~");
  }

  @Test
  void theRequestThatAsksIsTheFirstStream() throws Exception {
    RawCaller caller = call(answering("ok"));

    caller.send(asking(settings(3, 100)));
    assertThat(caller.readExactly(SWITCHED.length())).isEqualTo(SWITCHED);
    caller.send(Http2Frames.preface());
    Http2Frames.Reader reader = new Http2Frames.Reader(caller.input());
    assertThat(reader.next()).extracting(Http2Frames.Frame::type).isEqualTo(Http2Frames.SETTINGS);
    assertThat(reader.answer(1)).isEqualTo("200 ok");
    assertThat(lane.kept()).as("kept before the end was seen").hasSize(1);
    caller.send(Http2Frames.request(3, "POST", "/model/m/y", false));
    caller.send(Http2Frames.data(3, true, "hello"));
    assertThat(reader.answer(3)).isEqualTo("200 ok");

    KeepingLane.Kept first = lane.await(2).getFirst();
    assertThat(first.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(first.prediction().requestId().value()).isEqualTo("mine");
    assertThat(first.prediction().request().path()).isEqualTo("/x?a=b");
    assertThat(first.responseText()).isEqualTo("ok");
    assertThat(first.prediction().request().headers())
        .noneMatch(header -> header.name().contains("upgrade") || header.name().contains("http2"));
    assertThat(heads.remove())
        .startsWith("GET /x?a=b HTTP/1.1\r\n")
        .doesNotContainIgnoringCase("upgrade")
        .doesNotContainIgnoringCase("http2-settings");
    assertThat(lane.kept().getLast().requestText()).isEqualTo("hello");
  }

  @Test
  void theCallersSettingsHoldForTheFirstAnswer() throws Exception {
    RawCaller caller = call(answering("0123456789"));

    caller.send(asking(settings(4, 3)));
    caller.readExactly(SWITCHED.length());
    caller.send(Http2Frames.preface(4, 3));
    Http2Frames.Reader reader = new Http2Frames.Reader(caller.input());
    Http2Frames.Frame piece = reader.next(Http2Frames.DATA);
    assertThat(new String(piece.payload(), ISO_8859_1)).isEqualTo("012");
    assertThat(piece.isLast()).isFalse();
    caller.send(Http2Frames.windowUpdate(1, 100));

    assertThat(reader.answer(1)).isEqualTo("3456789");
    assertThat(lane.await(1).getFirst().responseText()).isEqualTo("0123456789");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /model/m/ HTTP/1.1~Host: d~Upgrade: h2c~HTTP2-Settings: AAMAAABk~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade~Upgrade: h2c~HTTP2-Settings: AAMAAABk~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: HTTP2-Settings~Upgrade: h2c~HTTP2-Settings: AAMAAABk~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2c~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~HTTP2-Settings: AAMAAABk~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2~HTTP2-Settings: AAMAAABk~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2c~"
            + "HTTP2-Settings: AAMAAABk~HTTP2-Settings: AAMAAABk~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2c~HTTP2-Settings: AAMAAAB!~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2c~HTTP2-Settings: AAMAAA~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2c~HTTP2-Settings: AAIAAAAC~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2c~HTTP2-Settings: AASAAAAA~",
        "GET /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2c~HTTP2-Settings: AAUAAAAB~",
        "POST /model/m/ HTTP/1.1~Host: d~Connection: Upgrade, HTTP2-Settings~Upgrade: h2c~HTTP2-Settings: AAMAAABk~"
            + "Content-Length: 0~Transfer-Encoding: ~"
      })
  void whatIsNotWellFormedIsAnsweredInHttp11OrRefused(String request) throws Exception {
    RawCaller caller = call(answering("ok"));

    caller.send(EmbeddedDoor.http(request + "~"));

    assertThat(caller.readThrough("\r\n")).matches("HTTP/1.1 (200|400) .*\r\n");
  }

  @Test
  void aRequestWithABodyIsAnsweredInHttp11() throws Exception {
    RawCaller caller = call(door(RawModel.echo()));

    caller.send(
        asking(settings(3, 100))
            .replace("GET", "POST")
            .replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello"));

    assertThat(caller.readThrough("\r\n\r\nhello")).startsWith("HTTP/1.1 200 ");
    assertThat(lane.await(1).getFirst().requestText()).isEqualTo("hello");
  }

  @Test
  void onlyTheFirstRequestOfAConnectionCanAsk() throws Exception {
    RawCaller caller = call(answering("ok"));

    caller.send("GET /model/m/ HTTP/1.1\r\nHost: d\r\n\r\n" + asking(settings(3, 100)));

    assertThat(caller.readThrough("ok")).startsWith("HTTP/1.1 200 ");
    assertThat(caller.readThrough("ok")).startsWith("HTTP/1.1 200 ");
    lane.await(2);
  }

  @Test
  void whatDoesNotGoOnAsHttp2EndsTheConnectionAndTheExchange() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    RawCaller caller =
        call(
            door(
                RawModel.start(with -> {
                  with.readHead();
                  asked.countDown();
                  with.awaitClose();
                })));

    caller.send(asking(settings(3, 100)));
    caller.readExactly(SWITCHED.length());
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    caller.send("GET /model/m/second HTTP/1.1\r\nHost: d\r\n\r\n");

    assertThat(new Http2Frames.Reader(caller.input()).answer(1)).startsWith("go away 1");
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.CLIENT_LEFT);
  }

  @Test
  void theFirstStreamCanNotBeUsedAgain() throws Exception {
    RawCaller caller = call(answering("ok"));

    caller.send(asking(settings(3, 100)));
    caller.readExactly(SWITCHED.length());
    caller.send(Http2Frames.preface());
    Http2Frames.Reader reader = new Http2Frames.Reader(caller.input());
    assertThat(reader.answer(1)).isEqualTo("200 ok");
    caller.send(Http2Frames.request(1, "GET", "/model/m/again", true));

    assertThat(reader.answer(1)).startsWith("go away");
    assertThat(lane.await(1)).hasSize(1);
  }

  @Test
  void aResetOfTheFirstStreamIsACallerWhoLeft() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    RawCaller caller =
        call(
            door(
                RawModel.start(with -> {
                  with.readHead();
                  asked.countDown();
                  with.awaitClose();
                })));

    caller.send(asking(settings(3, 100)));
    caller.readExactly(SWITCHED.length());
    caller.send(Http2Frames.preface());
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    caller.send(Http2Frames.frame(Http2Frames.RESET, 0, 1, new byte[] {0, 0, 0, 8}));

    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.CLIENT_LEFT);
  }

  @Test
  void whatTheDoorAnswersItselfIsAStreamToo() throws Exception {
    RawCaller caller = call(answering("ok"));

    caller.send(asking(settings(3, 100)).replace("/model/m/", "/model/none/"));
    caller.readExactly(SWITCHED.length());
    caller.send(Http2Frames.preface());

    assertThat(new Http2Frames.Reader(caller.input()).answer(1)).isEqualTo("404");
  }
}
