package dev.loopgate.proxy;

import static dev.loopgate.proxy.EmbeddedDoor.http;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import io.netty.handler.codec.http2.Http2Error;
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
import org.junit.jupiter.params.provider.CsvSource;

/// What stands behind bodies goes on, whatever both sides speak.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class TrailersIT {
  private static final byte[] HELLO = {'h', 'e', 'l', 'l', 'o'};

  private final KeepingLane lane = new KeepingLane();
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final List<AutoCloseable> closing = new ArrayList<>();
  private final BlockingQueue<String> sums = new LinkedBlockingQueue<>(); // that models were told

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"http1, http1", "http1, h2c", "h2c, http1", "h2c, h2c"})
  void goOnInBothDirections(String callers, String models) throws Exception {
    int port = models.equals("h2c") ? http2Model() : http1Model();
    Proxy door = door(port, models.equals("h2c") ? Protocol.H2C : Protocol.HTTP1);

    if (callers.equals("h2c")) {
      Http2Driver caller = new Http2Driver(door.address(), lane);
      closing.add(caller);
      Http2Driver.Call call =
          caller.call(Http2Driver.post("/model/m/a").add("te", "trailers"), false);
      Http2Driver.Answer answer = call.data(HELLO, false).trailers("x-sum", "5").await();
      assertThat(answer.body()).isEqualTo("answer");
      assertThat(answer.header("x-sum")).isEqualTo("7");
      assertThat(answer.kept()).as("before the trailers").isEqualTo(1);
    } else {
      RawCaller caller = new RawCaller(door.address());
      closing.add(caller);
      caller.send(
          http(
              "POST /model/m/a HTTP/1.1~Host: d~TE: trailers~Connection: te~"
                  + "Transfer-Encoding: chunked~~5~hello~0~X-Sum: 5~~"));
      assertThat(caller.readThrough("0\r\nx-sum: 7\r\n\r\n")).contains("6\r\nanswer\r\n");
    }

    assertThat(sums.poll(20, TimeUnit.SECONDS)).isEqualTo("5");
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(kept.requestText() + kept.responseText()).isEqualTo("helloanswer");
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
  }

  /// The model has said all and ended the stream, and the caller has not taken it yet: its trailers
  /// are for nobody, and nobody else's trouble.
  @Test
  void behindTheEndOfTheirStreamHarmNobody() throws Exception {
    String large = "x".repeat(100_000); // more than a caller's window
    BlockingQueue<String> paths = new LinkedBlockingQueue<>();
    Http2Model model =
        Http2Model.startAtOnce(request -> {
          boolean first = request.path().equals("/first");
          paths.add(request.path());
          request.head(false).data(first ? large : "answer", false).trailers("x-sum", "7");
          if (first) {
            request.later(() -> request.reset(Http2Error.NO_ERROR));
          }
        });
    closing.add(model);
    Proxy door = door(model.port(), Protocol.H2C);
    Http2Driver caller = new Http2Driver(door.address(), lane);
    closing.add(caller);
    RawCaller other = new RawCaller(door.address());
    closing.add(other);
    Http2Driver.Call slow = caller.call(Http2Driver.post("/model/m/first"), false);
    slow.reading(false);
    asked(other); // so what came before it on the model's connection has come too

    slow.data(HELLO, false).trailers("x-sum", "5");
    Http2Driver.Call behind = caller.call(Http2Driver.get("/model/m/behind"), true);
    for (String path = paths.take(); !path.equals("/behind"); path = paths.take()) {
      // When that one is asked for, the trailers before it have been read.
    }
    slow.reading(true);
    assertThat(behind.await().body()).isEqualTo("answer");

    assertThat(slow.await().body()).isEqualTo(large);
    assertThat(model.connections()).isEqualTo(1);
    assertThat(lane.await(3)).extracting(KeepingLane.Kept::ending).containsOnly(Ending.COMPLETE);
  }

  private static void asked(RawCaller caller) throws Exception {
    caller.send("GET /model/m/ HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(caller.readThrough("0\r\n\r\n")).contains("6\r\nanswer\r\n");
  }

  private int http2Model() throws InterruptedException {
    Http2Model model =
        Http2Model.start(request -> {
          sums.add(request.trailer("x-sum"));
          request.head(false).data("answer", false).trailers("x-sum", "7");
        });
    closing.add(model);
    return model.port();
  }

  private int http1Model() throws Exception {
    RawModel model =
        RawModel.start(with -> {
          with.readHead();
          with.readBody();
          sums.add(String.join(",", with.trailers()).replace("x-sum: ", ""));
          with.send(http("HTTP/1.1 200 OK~Transfer-Encoding: chunked~~6~answer~0~X-Sum: 7~~"));
          with.awaitClose();
        });
    closing.add(model);
    return URI.create(model.url()).getPort();
  }

  private Proxy door(int port, Protocol protocol) throws Exception {
    Model model = RealDoor.model("http://127.0.0.1:" + port, protocol, false, 4 << 20, Bounds.NONE);
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
}
