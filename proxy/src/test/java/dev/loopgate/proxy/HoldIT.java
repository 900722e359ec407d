package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Redaction;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Gateways.Answering;
import dev.loopgate.fleet.Hosted;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.MachineTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A model that sleeps and wakes under callers who never stop asking: over real sockets.
final class HoldIT {
  private static final int CALLERS = 100;
  private static final int CYCLES = 25;

  private final Map<String, Integer> delivered = new ConcurrentHashMap<>(); // by Request-Id
  private final LinkedBlockingQueue<String> woken = new LinkedBlockingQueue<>();
  private final KeepingLane lane = new KeepingLane();
  private final Hosted hosted =
      new Hosted("m", new Hosted.Terms(Duration.ofSeconds(60), 10, 0), woken::add);
  private final Hosted awake = new Hosted("awake", hosted.terms(), _ -> {});
  private Proxy proxy;
  private ExecutorService threads;

  @BeforeEach
  void open() throws IOException {
    threads = Executors.newVirtualThreadPerTaskExecutor();
    Fleet fleet = Fleet.of(List.of());
    fleet.declare(
        List.of(
            new Fleet.Declaring(model("m"), hosted, "m-1a2b3"),
            new Fleet.Declaring(model("awake"), awake, "awake-1a2b3")),
        List.of());
    proxy =
        Proxy.listen(
            RealDoor.config(2, 1_000, null),
            fleet,
            Redaction.DEFAULT,
            RealDoor.lanes(lane),
            new MachineTime(),
            ProxyEvents.SILENT,
            List.of(),
            Transport.best());
  }

  @AfterEach
  void close() {
    proxy.close();
    threads.close();
  }

  private static Model model(String id) {
    return new Model(
        id,
        Upstream.HOSTED,
        Predictor.NONE,
        "/model/" + id,
        null,
        null,
        new Kept(true, 1 << 16, 1.0));
  }

  /// A server that says which version it is, and counts what it was asked.
  private HttpServer server(String version) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 512);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String id = exchange.getRequestHeaders().getFirst("request-id");
            byte[] body = exchange.getRequestBody().readAllBytes();
            delivered.merge(id, 1, Integer::sum);
            byte[] answer =
                (version + " " + new String(body, StandardCharsets.UTF_8))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
          }
        });
    server.start();
    return server;
  }

  private static Answering answering(HttpServer server, String version) {
    Replica at = new Replica(URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
    return new Answering(at, "r" + version, "wine", version);
  }

  private record Said(String id, int status, String body, String version) {}

  private List<Said> call(int caller, CountDownLatch over) throws IOException {
    List<Said> said = new ArrayList<>();
    try (Caller connection = Caller.connect(proxy.address())) {
      for (int i = 0; over.getCount() > 0; i++) {
        String id = caller + "-" + i;
        String body = "body of " + id;
        connection.send(
            "POST /model/m/predict HTTP/1.1\r\nhost: d\r\nrequest-id: "
                + id
                + "\r\ncontent-length: "
                + body.length()
                + "\r\n\r\n"
                + body);
        Answer answer = connection.receive("POST");
        said.add(new Said(id, answer.status(), answer.utf8(), answer.header("model-version")));
      }
    }
    return said;
  }

  @Test
  void overManyColdCyclesNothingIsLostAndNothingIsDeliveredTwice() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    List<Future<List<Said>>> callers = new ArrayList<>();
    for (int caller = 0; caller < CALLERS; caller++) {
      int number = caller;
      callers.add(threads.submit(() -> call(number, over)));
    }
    for (int cycle = 0; cycle <= CYCLES; cycle++) {
      assertThat(woken.poll(30, TimeUnit.SECONDS)).isEqualTo("m");
      String version = "v" + cycle;
      HttpServer server = server(version);
      Answering answering = answering(server, version);
      hosted.answer(List.of(answering), null, hosted.terms());
      int before = delivered.size();
      await(() -> delivered.size() >= before + 2 * CALLERS);
      if (cycle == CYCLES) {
        over.countDown(); // with a server there: who asks the last time is answered, too
        for (Future<List<Said>> caller : callers) {
          caller.get(60, TimeUnit.SECONDS);
        }
      }
      hosted.answer(List.of(), null, hosted.terms());
      await(() -> hosted.isQuiet(answering.at()));
      server.stop(0);
      woken.clear();
    }

    int count = 0;
    Map<String, KeepingLane.Kept> kept = new ConcurrentHashMap<>();
    lane.kept().forEach(each -> kept.put(each.prediction().requestId().value(), each));
    for (Future<List<Said>> caller : callers) {
      for (Said said : caller.get()) {
        count++;
        assertThat(said.status()).as(said.id()).isEqualTo(200);
        assertThat(said.body()).isEqualTo(said.version() + " body of " + said.id());
        assertThat(delivered.get(said.id())).as(said.id()).isOne();
        assertThat(kept).containsKey(said.id());
        KeepingLane.Kept record = Objects.requireNonNull(kept.get(said.id()));
        assertThat(record.ending()).isEqualTo(Ending.COMPLETE);
        assertThat(record.prediction().target().model().version()).isEqualTo(said.version());
      }
    }
    assertThat(delivered).hasSize(count);
    assertThat(kept).hasSize(count);
    assertThat(count).isGreaterThan(CALLERS * CYCLES);
    await(() -> hosted.demand().inFlight() + hosted.demand().held() == 0);
  }

  @Test
  void ofStreamsThatEndWhileTheyWaitTheRecordsHaveWhatCame() throws Exception {
    byte[] hello = "hello".getBytes(StandardCharsets.US_ASCII);
    try (Http2Driver caller = new Http2Driver(proxy.address(), lane)) {
      caller.call(Http2Driver.post("/model/m/reset"), false).data(hello, true).reset();
      lane.await(1);
      caller.call(Http2Driver.post("/model/m/closed"), false).data(hello, false);
      assertThat(caller.call(Http2Driver.get("/nowhere"), true).await().status()).isEqualTo(404);
      assertThat(hosted.demand().held()).isOne(); // what was sent before that has come
    }

    List<KeepingLane.Kept> kept = lane.await(2);
    assertThat(kept).extracting(KeepingLane.Kept::ending).containsOnly(Ending.CLIENT_LEFT);
    assertThat(kept).extracting(KeepingLane.Kept::requestText).containsOnly("hello");
    assertThat(kept).extracting(each -> each.requestBody().size()).containsOnly(5L);
    assertThat(kept)
        .extracting(each -> each.requestBody().truncated())
        .containsExactly(false, true);
    assertThat(delivered).isEmpty();
    await(() -> hosted.demand().held() == 0);
  }

  // Nobody's pieces stop the connection that they share.
  @Test
  void streamsThatWaitWithLargeBodiesStopNoOther() throws Exception {
    byte[] large = "w".repeat(100 << 10).getBytes(StandardCharsets.US_ASCII);
    HttpServer server = server("v1");
    awake.answer(List.of(answering(server, "v1")), null, awake.terms());
    try (Http2Driver caller = new Http2Driver(proxy.address(), lane)) {
      List<Http2Driver.Call> waiting = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        waiting.add(caller.call(Http2Driver.post("/model/m/"), false).data(large, true));
      }
      Http2Driver.Call other =
          caller.call(Http2Driver.post("/model/awake/"), false).data(large, true);
      assertThat(other.await().body()).hasSize("v1 ".length() + large.length);
      assertThat(waiting).noneMatch(Http2Driver.Call::isAnswered);

      hosted.answer(List.of(answering(server, "v1")), null, hosted.terms());
      for (Http2Driver.Call each : waiting) {
        assertThat(each.await().body()).hasSize("v1 ".length() + large.length);
      }
    }
    assertThat(lane.await(CALLERS + 1))
        .extracting(each -> each.requestBody().size())
        .containsOnly((long) large.length);
    server.stop(0);
  }

  private interface Condition {
    boolean holds();
  }

  private static void await(Condition condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    CountDownLatch never = new CountDownLatch(1);
    while (!condition.holds()) {
      assertThat(System.nanoTime() - deadline).as("still waited for").isNegative();
      assertThat(never.await(1, TimeUnit.MILLISECONDS)).isFalse();
    }
  }
}
