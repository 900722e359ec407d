package dev.loopgate.proxy;

import static dev.loopgate.proxy.EmbeddedDoor.http;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
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
    Upstream upstream =
        new Upstream(
            List.of(new Replica(URI.create("http://127.0.0.1:" + port))),
            protocol,
            false,
            ServerTrust.DEFAULT);
    Model model =
        new Model(
            "m",
            upstream,
            Predictor.NONE,
            "/model/m",
            "wine",
            "1",
            new Kept(true, 4 << 20, 1.0),
            Bounds.NONE);
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
