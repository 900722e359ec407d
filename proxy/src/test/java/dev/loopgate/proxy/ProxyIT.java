package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Redaction;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakFree.class)
@Timeout(60)
final class ProxyIT {
  private static final int CONNECTIONS_MAX = 256;
  private static final String GET = "GET /model/m/ HTTP/1.1\r\nHost: d\r\n\r\n";

  /// `-Dloopgate.transport=IO_URING` for all of this over another one.
  private static final Transport TRANSPORT =
      Transport.valueOf(System.getProperty("loopgate.transport", Transport.best().name()));

  private final KeepingLane lane = new KeepingLane();
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final Semaphore refused = new Semaphore(0);
  private final AtomicInteger cuts = new AtomicInteger();
  private final List<AutoCloseable> closing = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door(RawModel model, Transport transport, ModelLimits limits, long captureBytesMax)
      throws IOException {
    ProxyEvents events =
        new ProxyEvents() {
          @Override
          public void bodyCut(CutReason reason) {
            cuts.incrementAndGet();
          }

          @Override
          public void callerRefused() {
            refused.release();
          }
        };
    Proxy proxy =
        RealDoor.open(
            new ProxyConfig(
                RealDoor.anyAddress(),
                2,
                CONNECTIONS_MAX,
                16 << 10,
                captureBytesMax,
                ProxyConfig.LOCAL_BYTES_MAX,
                CallerLimits.DEFAULT,
                limits,
                Edge.DEFAULT,
                null),
            RealDoor.model(model, null, null),
            lane,
            time,
            events,
            transport);
    closing.add(model);
    closing.add(proxy);
    return proxy;
  }

  private RawCaller call(Proxy proxy) throws IOException {
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    return caller;
  }

  private Proxy door(RawModel model) throws IOException {
    return door(model, TRANSPORT, ModelLimits.DEFAULT, 64 << 20);
  }

  @Test
  void aConnectionTooManyIsClosedAtOnceAndCountedAndTheOthersGoOn() throws Exception {
    Proxy proxy = door(RawModel.echo());
    RawCaller first = served(proxy);
    for (int i = 1; i < CONNECTIONS_MAX; i++) {
      served(proxy); // so it is counted before the next one comes, by whichever loop
    }

    RawCaller tooMany = call(proxy);

    assertThat(tooMany.readToEnd()).as("not a byte, then the end").isEmpty();
    assertThat(refused.tryAcquire(1, TimeUnit.MINUTES)).isTrue();
    assertThat(refused.availablePermits()).isZero();
    first.send(GET);
    assertThat(first.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 200 ");
  }

  private RawCaller served(Proxy proxy) throws IOException {
    RawCaller caller = call(proxy);
    caller.send(GET);
    assertThat(caller.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    return caller;
  }

  @Test
  void usesTheNativeTransportOnLinux() throws IOException {
    Proxy proxy = door(RawModel.echo(), Transport.best(), ModelLimits.DEFAULT, 1 << 20);

    assertThat(proxy.transport())
        .isEqualTo(System.getProperty("os.name").equals("Linux") ? "epoll" : "nio");
  }

  private static Stream<Transport> transports() {
    return Stream.of(Transport.values()).filter(Transport::isAvailable);
  }

  @ParameterizedTest
  @MethodSource("transports")
  void relaysOverOneModelConnectionAndSeesItsEndBeforeUse(Transport transport) throws Exception {
    Semaphore closed = new Semaphore(0);
    RawModel model =
        RawModel.start(with -> {
          for (int i = 0; i < 2; i++) {
            with.readHead();
            with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
          }
          with.close(); // although it said keep-alive
          closed.release();
        });
    Proxy proxy = door(model, transport, ModelLimits.DEFAULT, 1 << 20);
    RawCaller caller = call(proxy);

    for (int i = 0; i < 20; i++) {
      caller.send(GET);
      assertThat(caller.readThrough("\r\n\r\nok"))
          .as("request %d", i)
          .startsWith("HTTP/1.1 200 OK");
      if (i % 2 == 1) {
        closed.acquire(); // without it the request could be on its way when the end comes: 502
      }
    }

    assertThat(model.connections()).isEqualTo(10);
    assertThat(lane.await(20)).extracting(KeepingLane.Kept::ending).containsOnly(Ending.COMPLETE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "length      | HTTP/1.1 200 OK~Content-Length: 2~~ok                | ~~ok",
        "chunked     | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~2~ok~0~~ | 0~~",
        "until close | HTTP/1.1 200 OK~~ok                                  | 0~~",
        "no body     | HTTP/1.1 204 None~~                                  | ~~"
      })
  void whoHasTheLastByteFindsTheEntryKept(String framing, String answer, String end)
      throws Exception {
    Proxy proxy =
        door(
            RawModel.start(with -> {
              // Who closes a connection without a word may meet the next request: that one is 502.
              while (!with.readHead().isEmpty()) {
                with.send(answer.replace("~", "\r\n"));
                if (framing.equals("until close")) {
                  return;
                }
              }
            }));
    for (int i = 1; i <= 50; i++) {
      RawCaller caller = call(proxy);
      caller.send(GET);
      caller.readThrough(end.replace("~", "\r\n"));

      assertThat(lane.kept()).as("%s, request %d", framing, i).hasSize(i); // at once, not later
    }
  }

  @Test
  void aResetBeforeTheAnswerIs502() throws Exception {
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              with.reset();
            }));
    RawCaller caller = call(proxy);
    caller.send(GET);

    assertThat(caller.readThrough("HTTP\"}")).startsWith("HTTP/1.1 502 ");
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void anOpenBodyThatEndsWithAResetIsCut() throws Exception {
    CountDownLatch partArrived = new CountDownLatch(1);
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              with.send("HTTP/1.1 200 OK\r\n\r\npart");
              partArrived.await();
              with.reset();
            }));
    RawCaller caller = call(proxy);
    caller.send(GET);
    caller.readThrough("part\r\n");
    partArrived.countDown();

    assertThat(caller.readToEnd()).isEmpty(); // no last chunk
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void aCallerOnHttp10IsResetWhenTheAnswerIsNotWhole() throws Exception {
    CountDownLatch partArrived = new CountDownLatch(1);
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              with.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
              partArrived.await();
            }));
    RawCaller caller = call(proxy);
    caller.send("GET /model/m/ HTTP/1.0\r\n\r\n");
    caller.readThrough("part");
    partArrived.countDown();

    assertThatThrownBy(caller::readToEnd)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("reset");
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void aModelThatIsNotThereIs502() throws Exception {
    RawModel gone = RawModel.echo();
    gone.close();
    RawCaller caller = call(door(gone));
    caller.send("POST /model/m/ HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\n\r\nhello");

    assertThat(caller.readThrough("reached\"}")).startsWith("HTTP/1.1 502 ");
    assertThat(lane.await(1).getFirst().requestText()).isEqualTo("hello");
    assertThat(lane.kept().getFirst().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
  }

  @Test
  void aCallerThatLeavesWhileTheModelWorksIsSeen() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              asked.countDown();
              with.awaitClose();
              released.countDown();
            }));
    RawCaller caller = call(proxy);
    caller.send(GET);
    asked.await();
    caller.reset();

    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.CLIENT_LEFT);
    assertThat(released.await(10, TimeUnit.SECONDS)).as("the model's connection ends too").isTrue();
  }

  @Test
  void anAnswerBeforeTheRequestIsWholeReachesTheCaller() throws Exception {
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              with.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
              with.awaitClose();
            }));
    RawCaller caller = call(proxy);
    caller.send("POST /model/m/ HTTP/1.1\r\nHost: d\r\nContent-Length: 100000\r\n\r\n");
    caller.send("x".repeat(50_000));

    assertThat(caller.readToEnd())
        .startsWith("HTTP/1.1 413 ")
        .contains("connection: close")
        .endsWith("no");
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.COMPLETE);
    assertThat(lane.kept().getFirst().requestBody().truncated()).isTrue();
  }

  @Test
  void drainsWhatGoesOnAndStopsWhatDoesNotEnd() throws Exception {
    CountDownLatch two = new CountDownLatch(2);
    CountDownLatch answer = new CountDownLatch(1);
    AtomicInteger order = new AtomicInteger();
    Proxy proxy =
        door(
            RawModel.start(with -> {
              with.readHead();
              boolean first = order.getAndIncrement() == 0;
              two.countDown();
              if (first) {
                answer.await();
                with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
              }
              with.awaitClose();
            }));
    RawCaller idle = call(proxy);
    RawCaller one = call(proxy);
    RawCaller other = call(proxy);
    one.send(GET);
    other.send(GET);
    two.await();
    try (ExecutorService drainer = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> drained = drainer.submit(() -> proxy.drain(Duration.ofSeconds(1)));
      assertThat(idle.readToEnd()).isEmpty();
      answer.countDown();
      String[] answers = {one.readToEnd(), other.readToEnd()};

      assertThat(answers)
          .anySatisfy(a -> assertThat(a).contains("200 OK").endsWith("ok"))
          .anySatisfy(a -> assertThat(a).startsWith("HTTP/1.1 503 ").contains("The gateway stops"));
      assertThat(drained.get()).isFalse();
    }
    assertThat(lane.await(2))
        .extracting(KeepingLane.Kept::ending)
        .containsExactlyInAnyOrder(Ending.COMPLETE, Ending.GATEWAY_STOPPED);
    assertThatThrownBy(() -> new RawCaller(proxy.address())).isInstanceOf(IOException.class);
  }

  @Test
  void moreConnectionsThanSlotsWaitForEachOther() throws Exception {
    ModelLimits two =
        new ModelLimits(
            Duration.ofSeconds(30),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofSeconds(1),
            2);
    RawModel model = RawModel.echo();
    Proxy proxy = door(model, TRANSPORT, two, 1 << 20);

    inParallel(
        32,
        i -> {
          try (RawCaller caller = new RawCaller(proxy.address())) {
            for (int n = 0; n < 5; n++) {
              caller.send(
                  "POST /model/m/ HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\n\r\na" + (10 + i));
              caller.readThrough("\r\n\r\na" + (10 + i));
            }
          }
        });

    assertThat(lane.await(160)).extracting(KeepingLane.Kept::ending).containsOnly(Ending.COMPLETE);
  }

  @Test
  void manyLargeBodiesStayWithinTheBudgetAndNoEntryIsDropped() throws Exception {
    int bodies = 64;
    int length = 2 << 20;
    long budget = 8 << 20;
    CountDownLatch allSent = new CountDownLatch(bodies);
    RawModel model =
        RawModel.start(with -> {
          with.readHead();
          with.transferBody(OutputStream.nullOutputStream());
          allSent.countDown();
          allSent.await(); // so that all bodies are held at once
          with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
    Proxy proxy = door(model, TRANSPORT, ModelLimits.DEFAULT, budget);

    byte[] body = new byte[length];
    inParallel(
        bodies,
        i -> {
          try (RawCaller caller = new RawCaller(proxy.address())) {
            caller.send(
                "POST /model/m/ HTTP/1.1\r\nHost: d\r\nContent-Length: " + length + "\r\n\r\n");
            caller.send(body, length);
            caller.readThrough("\r\n\r\nok");
          }
        });

    List<KeepingLane.Kept> kept = lane.await(bodies);
    assertThat(kept)
        .hasSize(bodies)
        .extracting(KeepingLane.Kept::ending)
        .containsOnly(Ending.COMPLETE);
    long held = kept.stream().mapToLong(each -> each.requestText().length()).sum();
    assertThat(held).isBetween(1L, budget);
    assertThat(kept).allSatisfy(each -> assertThat(each.requestBody().size()).isEqualTo(length));
    long truncated = kept.stream().filter(each -> each.requestBody().truncated()).count();
    assertThat(truncated).isGreaterThan(50);
    assertThat(cuts.get()).isGreaterThanOrEqualTo((int) truncated);
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whoComesBeforeTheDoorIsOpenWaitsInFrontOfIt(Transport transport) throws Exception {
    RawModel model = RawModel.echo();
    closing.add(model);
    Fleet fleet = Fleet.of(List.of());
    Proxy proxy =
        Proxy.bind(
            RealDoor.config(2, CONNECTIONS_MAX, null),
            fleet,
            Redaction.DEFAULT,
            RealDoor.lanes(lane),
            time,
            new ProxyEvents() {},
            List.of(),
            transport,
            null);
    closing.add(proxy);
    InetSocketAddress second = proxy.openDoor(RealDoor.anyAddress());
    InetSocketAddress service = proxy.openServiceDoor(RealDoor.anyAddress(), List.of());
    try (RawCaller early = new RawCaller(proxy.address());
        RawCaller earlyThere = new RawCaller(second);
        RawCaller other = new RawCaller(service)) {
      early.send(GET);
      earlyThere.send(GET);
      other.send(GET);
      assertThat(other.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 404 ");
      fleet.replace(List.of(RealDoor.model(model, null, null)), List.of());

      proxy.accept();

      assertThat(early.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 200 ");
      assertThat(earlyThere.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void namesAnAddressThatIsTaken() throws Exception {
    Proxy proxy = door(RawModel.echo());
    InetSocketAddress taken = proxy.address();

    assertThatThrownBy(() -> proxy.openServiceDoor(taken, List.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("listen: address=127.0.0.1:" + taken.getPort());
    InetSocketAddress second =
        proxy.openServiceDoor(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), List.of());
    try (RawCaller caller = new RawCaller(second)) {
      caller.send(GET);
      assertThat(caller.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 404 ");
    }
  }

  private interface Step {
    void run(int index) throws Exception;
  }

  private static void inParallel(int count, Step step) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int index = i;
        all.add(
            threads.submit(() -> {
              step.run(index);
              return null;
            }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
  }
}
