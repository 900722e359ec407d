package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Several servers over real sockets, two event loops and many callers.
@ExtendWith(LeakFree.class)
final class ReplicasIT {
  private static final int CALLERS = 24;
  private static final int REQUESTS = 10;

  private final KeepingLane lane = new KeepingLane();

  @Test
  void oneDeadAndOneThatHangsCostNobodyItsAnswer() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    AtomicInteger hanging = new AtomicInteger();
    RawModel dead = RawModel.echo();
    dead.close();
    try (RawModel live = RawModel.echo();
        RawModel slow =
            RawModel.start(with -> {
              // It keeps its connections: who closes unasked loses a request now and then.
              while (!with.readHead().isEmpty()) {
                byte[] body = with.readBody();
                hanging.incrementAndGet();
                over.await();
                with.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n");
                with.send(body);
              }
            });
        Proxy proxy = open(Bounds.NONE, dead, live, slow);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> callers = callers(threads, proxy);
      lane.await(CALLERS * REQUESTS / 2); // goes on while some hang
      over.countDown();
      for (Future<?> caller : callers) {
        caller.get();
      }
    }

    List<KeepingLane.Kept> kept = lane.await(CALLERS * REQUESTS);
    assertThat(kept).extracting(KeepingLane.Kept::ending).containsOnly(Ending.COMPLETE);
    assertThat(kept)
        .extracting(each -> each.prediction().target().replica())
        .doesNotContain(URI.create(dead.url()).getAuthority());
    assertThat(hanging.get()).as("the one that hangs has few").isLessThan(CALLERS * REQUESTS / 2);
  }

  @Test
  void aCapIsKeptOverAllLoopsAndWhoWaitsIsServed() throws Exception {
    AtomicInteger open = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (RawModel model =
            RawModel.start(with -> {
              most.accumulateAndGet(open.incrementAndGet(), Math::max);
              while (!with.readHead().isEmpty()) {
                byte[] body = with.readBody();
                with.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n");
                with.send(body);
              }
              open.decrementAndGet();
            });
        Proxy proxy =
            open(
                new Bounds(
                    Duration.ofSeconds(30),
                    null,
                    null,
                    null,
                    3,
                    Bounds.UNBOUNDED,
                    Bounds.UNBOUNDED),
                model);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<?> caller : callers(threads, proxy)) {
        caller.get();
      }
    }

    assertThat(lane.await(CALLERS * REQUESTS))
        .extracting(KeepingLane.Kept::ending)
        .containsOnly(Ending.COMPLETE);
    // A connection that the gateway closed may be seen here after the next one began.
    assertThat(most.get()).isBetween(1, 6);
  }

  private static List<Future<?>> callers(ExecutorService threads, Proxy proxy) {
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      String body = "a" + (10 + i);
      all.add(
          threads.submit(() -> {
            try (RawCaller caller = new RawCaller(proxy.address())) {
              for (int n = 0; n < REQUESTS; n++) {
                caller.send(
                    "POST /model/m/ HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\n\r\n" + body);
                caller.readThrough("\r\n\r\n" + body);
              }
            }
            return null;
          }));
    }
    return all;
  }

  private Proxy open(Bounds bounds, RawModel... servers) throws IOException {
    List<Replica> replicas = new ArrayList<>();
    for (RawModel server : servers) {
      replicas.add(new Replica(URI.create(server.url())));
    }
    return RealDoor.open(
        RealDoor.config(2, 64, null),
        new Model(
            "m",
            new Upstream(replicas),
            Predictor.NONE,
            "/model/m",
            null,
            null,
            new Kept(true, 1 << 20, 1.0),
            bounds),
        lane,
        ManualTime.at("2026-11-24T10:00:00Z"),
        ProxyEvents.SILENT,
        Transport.best());
  }
}
