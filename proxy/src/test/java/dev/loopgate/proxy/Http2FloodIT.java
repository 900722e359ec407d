package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import io.netty.handler.codec.http2.Http2Error;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Callers over HTTP/2 who want the door to work for nothing: each connection ends, is counted, and
/// the others go on.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class Http2FloodIT {
  private static final byte[] OPEN = Http2Frames.request(1, "POST", "/model/m/", false);

  private final KeepingLane lane = new KeepingLane();
  private final Semaphore malformed = new Semaphore(0);
  private final List<AutoCloseable> closing = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door() throws IOException {
    RawModel model = RawModel.echo();
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 64, null),
            RealDoor.model(model, null, null),
            lane,
            ManualTime.at("2026-11-24T10:00:00Z"),
            new ProxyEvents() {
              @Override
              public void malformed(int status) {
                malformed.release();
              }
            },
            Transport.best());
    closing.add(model);
    closing.add(proxy);
    return proxy;
  }

  private RawCaller call(Proxy proxy) throws IOException {
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    return caller;
  }

  private void goesOnWorking(Proxy proxy) throws Exception {
    RawCaller caller = call(proxy);
    caller.send(Http2Frames.all(Http2Frames.preface(), OPEN, Http2Frames.data(1, true, "hello")));
    assertThat(new Http2Frames.Reader(caller.input()).answer(1)).isEqualTo("200 hello");
  }

  // gRPC's own client does so when a call is cancelled that still waited for its stream.
  @Test
  void whatComesBehindTheCallersOwnResetIsThatStreamsFault() throws Exception {
    RawCaller caller = call(door());
    byte[] cancel = Http2Frames.frame(Http2Frames.RESET, 0, 1, new byte[] {0, 0, 0, 8});
    caller.send(
        Http2Frames.all(
            Http2Frames.preface(),
            OPEN,
            Http2Frames.request(3, "POST", "/model/m/", false),
            cancel,
            Http2Frames.data(1, false, "late"),
            Http2Frames.data(3, true, "hello")));

    assertThat(new Http2Frames.Reader(caller.input()).answer(3)).isEqualTo("200 hello");
    assertThat(lane.await(2))
        .extracting(KeepingLane.Kept::ending)
        .containsExactly(Ending.CLIENT_LEFT, Ending.COMPLETE);
  }

  enum Flood {
    PINGS(Http2Frames.frame(Http2Frames.PING, 0, 0, new byte[8]), 1100),
    SETTINGS(Http2Frames.settings(), 1100),
    WINDOW_UPDATES(Http2Frames.windowUpdate(0, 1), 1100),
    WINDOW_UPDATES_OF_A_STREAM(Http2Frames.windowUpdate(1, 1), 1100),
    PRIORITIES(Http2Frames.frame(Http2Frames.PRIORITY, 0, 1, new byte[] {0, 0, 0, 3, 0}), 1100),
    UNKNOWN(Http2Frames.frame(0xfa, 0, 0, new byte[100]), 1100),
    EMPTY_DATA(Http2Frames.data(1, false, ""), 100),
    EMPTY_CONTINUATIONS(
        Http2Frames.all(
            Http2Frames.frame(Http2Frames.HEADERS, 0, 3, Http2Frames.block("a", "b")),
            Http2Frames.repeated(
                Http2Frames.frame(Http2Frames.CONTINUATION, 0, 3, new byte[0]), 100)),
        1),
    LONG_CONTINUATIONS(
        Http2Frames.all(
            Http2Frames.frame(Http2Frames.HEADERS, 0, 3, Http2Frames.block("a", "b")),
            Http2Frames.repeated(
                Http2Frames.frame(
                    Http2Frames.CONTINUATION, 0, 3, Http2Frames.block("a", "b".repeat(8000))),
                100)),
        1);

    final String frame; // a character a byte
    final int times;

    Flood(byte[] frame, int times) {
      this.frame = new String(frame, ISO_8859_1);
      this.times = times;
    }
  }

  @ParameterizedTest
  @EnumSource(Flood.class)
  void aFloodEndsItsConnectionAndNoOther(Flood flood) throws Exception {
    Proxy proxy = door();
    RawCaller caller = call(proxy);
    byte[] frames = Http2Frames.repeated(flood.frame.getBytes(ISO_8859_1), flood.times);

    send(caller, Http2Frames.all(Http2Frames.preface(), OPEN, frames));

    assertThat(new Http2Frames.Reader(caller.input()).answer(1))
        .isIn(
            "go away " + Http2Error.ENHANCE_YOUR_CALM.code(),
            "go away " + Http2Error.PROTOCOL_ERROR.code(),
            "closed");
    assertThat(malformed.tryAcquire(20, TimeUnit.SECONDS)).as("counted").isTrue();
    lane.await(1); // what was open has its ending
    goesOnWorking(proxy);
  }

  @Test
  void asManyIdleFramesAsWorkNeedsAreNoFlood() throws Exception {
    RawCaller caller = call(door());
    Http2Frames.Reader reader = new Http2Frames.Reader(caller.input());
    byte[] pings =
        Http2Frames.repeated(Http2Frames.frame(Http2Frames.PING, 0, 0, new byte[8]), 400);
    caller.send(Http2Frames.preface());
    for (int i = 0; i < 8; i++) {
      int stream = 1 + 2 * i;
      caller.send(pings);
      caller.send(Http2Frames.request(stream, "POST", "/model/m/", false));
      caller.send(pings);
      caller.send(Http2Frames.data(stream, true, "hello"));
      assertThat(reader.answer(stream)).isEqualTo("200 hello");
    }
    lane.await(8);
  }

  @Test
  void aHeadThatGrowsWhenItIsReadIsRefused() throws Exception {
    Proxy proxy = door();
    RawCaller caller = call(proxy);
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(
        Http2Frames.block(
            ":method", "GET", ":path", "/model/m/", ":scheme", "http", ":authority", "d"));
    block.write(0x40); // a literal that is indexed from now on
    Http2Frames.string(block, "bomb");
    Http2Frames.string(block, "b".repeat(4000));
    for (int i = 0; i < 10_000; i++) {
      block.write(0x80 | 62); // the same once more
    }

    caller.send(
        Http2Frames.all(
            Http2Frames.preface(),
            Http2Frames.frame(
                Http2Frames.HEADERS,
                Http2Frames.END_HEADERS | Http2Frames.END_STREAM,
                1,
                block.toByteArray())));

    assertThat(new Http2Frames.Reader(caller.input()).answer(1))
        .satisfiesAnyOf(
            answer -> assertThat(answer).startsWith("431"),
            answer -> assertThat(answer).startsWith("go away"));
    assertThat(malformed.tryAcquire(20, TimeUnit.SECONDS)).as("counted").isTrue();
    goesOnWorking(proxy);
  }

  @Test
  void aCallersTableOfHeadersStaysSmallWhateverItAllows() throws Exception {
    RawCaller caller = call(door());

    caller.send(
        Http2Frames.all(Http2Frames.preface(1, -1), OPEN, Http2Frames.data(1, true, "hello")));
    Http2Frames.Frame head = new Http2Frames.Reader(caller.input()).next(Http2Frames.HEADERS);

    // With the status, and not with a change of the table's size (RFC 7541, section 6.3).
    assertThat(HexFormat.of().formatHex(head.payload())).startsWith("88");
    lane.await(1);
  }

  @Test
  void oneThatMakesTheDoorResetStreamsIsEnded() throws Exception {
    Proxy proxy = door();
    RawCaller caller = call(proxy);
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    for (int stream = 1; stream < 1200; stream += 2) {
      frames.writeBytes(Http2Frames.request(stream, "POST", "/nobody", false));
      frames.writeBytes(
          Http2Frames.frame(Http2Frames.WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).array()));
    }

    send(caller, Http2Frames.all(Http2Frames.preface(), frames.toByteArray()));

    Http2Frames.Reader reader = new Http2Frames.Reader(caller.input());
    assertThat(reader.answer(9999)).startsWith("go away");
    assertThat(reader.answer(9999)).isEqualTo("closed"); // and its slots are given back
    goesOnWorking(proxy);
  }

  private static void send(RawCaller caller, byte[] bytes) throws IOException {
    try {
      caller.send(bytes);
    } catch (SocketException _) {
      // Ended before all was written, as it should.
    }
  }
}
