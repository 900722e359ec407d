package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Callers who are slow on purpose, in what they say or in what they take: each has its time-out.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class SlowCallersIT {
  private final KeepingLane lane = new KeepingLane();
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final Semaphore gone = new Semaphore(0);
  private final Semaphore handshakes = new Semaphore(0);
  private final List<AutoCloseable> closing = new ArrayList<>();

  @TempDir Path directory;

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door(RawModel model, @Nullable TlsFiles tls) throws IOException {
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 64, tls),
            RealDoor.model(model, null, null),
            lane,
            time,
            new ProxyEvents() {
              @Override
              public void callerDisconnected() {
                gone.release();
              }

              @Override
              public void handshakeFailed() {
                handshakes.release();
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

  /// Lets time pass until a caller is gone; how many seconds that took, by the door's clock.
  private int secondsUntilGone(RawCaller caller, @Nullable String drip) throws Exception {
    for (int seconds = 0; seconds < 300; seconds += 5) {
      if (gone.tryAcquire(150, TimeUnit.MILLISECONDS)) {
        return seconds;
      }
      if (drip != null) {
        drip(caller, drip);
      }
      time.advance(Duration.ofSeconds(5));
    }
    throw new AssertionError("still there");
  }

  private static void drip(RawCaller caller, String drip) {
    try {
      caller.send(drip);
    } catch (IOException _) {
      // Just closed; the next look sees it.
    }
  }

  /// How a caller begins, and what it adds now and then so as to seem alive.
  enum Slow {
    NOTHING("", null, 75),
    PART_OF_A_HEAD("GET /model/m/ HTTP/1.1\r\nHost: d\r\nx", null, 10),
    A_HEAD_LETTER_BY_LETTER("GET /model/m/ HTTP/1.1\r\nHost: d\r\nx: y", "y", 10),
    PART_OF_A_PREFACE("PRI * HTTP/2.0\r\n", null, 10),
    PART_OF_A_FRAME(latin(Http2Frames.preface()) + "\0\0", null, 75),
    PINGS(
        latin(Http2Frames.preface()),
        latin(Http2Frames.frame(Http2Frames.PING, 0, 0, new byte[8])),
        75),
    AN_HTTP2_HEAD_WITHOUT_END(
        latin(Http2Frames.preface())
            + latin(Http2Frames.frame(Http2Frames.HEADERS, 0, 1, Http2Frames.block("a", "b"))),
        latin(Http2Frames.frame(Http2Frames.CONTINUATION, 0, 1, Http2Frames.block("a", "b"))),
        75);

    final String begin;
    final @Nullable String drip;
    final int seconds;

    Slow(String begin, @Nullable String drip, int seconds) {
      this.begin = begin;
      this.drip = drip;
      this.seconds = seconds;
    }

    private static String latin(byte[] bytes) {
      return new String(bytes, ISO_8859_1);
    }
  }

  @ParameterizedTest
  @EnumSource(Slow.class)
  void whoDoesNotGetToARequestIsClosed(Slow slow) throws Exception {
    RawCaller caller = call(door(RawModel.echo(), null));
    caller.send(slow.begin);

    // Steps of 5 s, and as many more as pass until the sweep has seen it.
    assertThat(secondsUntilGone(caller, slow.drip)).isBetween(slow.seconds, slow.seconds + 15);
  }

  @Test
  void aBodyThatDoesNotComeIsRefusedOverHttp2Too() throws Exception {
    RawCaller caller = call(door(RawModel.echo(), null));
    caller.send(
        Http2Frames.all(Http2Frames.preface(), Http2Frames.request(1, "POST", "/model/m/", false)));

    assertThat(answerWhileTimePasses(caller)).startsWith("408 ");
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.REJECTED);
  }

  @Test
  void anAnswerThatIsNotTakenEndsItsStream() throws Exception {
    RawCaller caller = call(door(RawModel.echo(), null));
    byte[] body = new byte[1000];
    Arrays.fill(body, (byte) 'b');
    caller.send(
        Http2Frames.all(
            Http2Frames.preface(4, 0), // a window of nothing
            Http2Frames.request(1, "POST", "/model/m/", false),
            Http2Frames.frame(Http2Frames.DATA, Http2Frames.END_STREAM, 1, body)));
    lane.await(1); // the answer is whole here, and none of it is taken

    assertThat(answerWhileTimePasses(caller)).isEqualTo("reset 8");
  }

  private String answerWhileTimePasses(RawCaller caller) throws Exception {
    try (ExecutorService reading = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<String> answer =
          reading.submit(() -> new Http2Frames.Reader(caller.input()).answer(1));
      for (int seconds = 0; seconds < 300; seconds += 5) {
        try {
          return answer.get(150, TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
          time.advance(Duration.ofSeconds(5));
        }
      }
      throw new AssertionError("no answer");
    }
  }

  @Test
  void overTlsToo() throws Exception {
    Certificates made = Certificates.make(directory, "door");
    Path key = directory.resolve("door.key");
    Path certificate = directory.resolve("door.pem");
    made.writeKey(key);
    made.writeCertificate(certificate);
    Proxy proxy = door(RawModel.echo(), new TlsFiles(certificate, key, null));
    RawCaller silent = call(proxy);
    RawCaller half = call(proxy);
    half.send("\u0016\u0003\u0001\u0002\u0000\u0001");
    SSLSocket socket =
        (SSLSocket)
            Certificates.caller(List.of(made), null)
                .getSocketFactory()
                .createSocket(proxy.address().getAddress(), proxy.address().getPort());
    RawCaller slow = new RawCaller(socket);
    closing.add(slow);
    slow.send("GET /model/m/ HTTP/1.1\r\nHost: d\r\nx");

    assertThat(secondsUntilGone(slow, null)).isBetween(10, 25);
    assertThat(slow.readThrough("\r\n")).startsWith("HTTP/1.1 408 ");
    assertThat(handshakes.tryAcquire(2, 30, TimeUnit.SECONDS)).as("not finished").isTrue();
    assertThat(silent.readToEnd()).isEmpty();
    half.readToEnd(); // an alert, perhaps, and the end
  }
}
