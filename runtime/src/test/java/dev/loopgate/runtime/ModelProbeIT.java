package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelProbeIT {
  private static final ModelProbe.Pace PACE =
      new ModelProbe.Pace(Duration.ofMillis(10), Duration.ofSeconds(30), Duration.ofMillis(20));
  private static final String INFO = "GET /base/api/model/info";
  private static final String HEALTHCHECK = "GET /base/healthcheck";
  private static final String READY = "GET /base/v2/health/ready";
  private static final String INDEX = "POST /base/v2/repository/index";

  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private final CountDownLatch released = new CountDownLatch(1);
  private final RecordedEvents events = new RecordedEvents();
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server = listen();

  ModelProbeIT() throws IOException {}

  private static HttpServer listen() throws IOException {
    return HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
  }

  @BeforeEach
  void serve() {
    server.setExecutor(workers);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    released.countDown();
    server.stop(0);
    workers.shutdownNow();
  }

  @Test
  void learnsNameAndVersionOfAnOdahuServerOnceItIsReady() throws Exception {
    Deployment wine = deployment(Predictor.ODAHU_ML_SERVER, null);
    try (ModelProbe probe = ModelProbe.start(wine, PACE, events)) {
      assertThat(events.next("probe wine"))
          .isEqualTo("probe wine not ready: /base/healthcheck: status=404");
      assertThat(wine.isReady()).isFalse();
      assertThat(wine.name() + " " + wine.version()).isEqualTo("wine unknown");

      answers.put(
          INFO, "{\"swagger\":\"2.0\",\"info\":{\"title\":\"wine-quality\",\"version\":\"1.0\"}}");
      answers.put(HEALTHCHECK, "");

      events.next("ready wine");
      assertThat(wine.isReady()).isTrue();
      assertThat(events.next("identified")).isEqualTo("identified wine wine-quality 1.0");
      assertThat(wine.name() + " " + wine.version()).isEqualTo("wine-quality 1.0");
      awaitEnd(probe);
    }
    assertThat(asked.stream().filter(INFO::equals)).hasSize(1);
  }

  @Test
  void asksOnceEvenWhereAnAnswerHasSaidItsName() throws Exception {
    answers.put(HEALTHCHECK, "");
    answers.put(INFO, "{\"info\":{\"title\":\"wine-quality\",\"version\":\"1.0\"}}");
    Deployment wine = deployment(Predictor.ODAHU_ML_SERVER, null);
    wine.learn("said", "0");
    try (ModelProbe probe = ModelProbe.start(wine, PACE, events)) {
      assertThat(events.next("identified")).isEqualTo("identified wine wine-quality 1.0");
      awaitEnd(probe);
    }
    wine.learn("said", "2");
    assertThat(wine.name() + " " + wine.version()).isEqualTo("wine-quality 1.0");
  }

  @ParameterizedTest
  @EnumSource(names = {"TRITON", "OPEN_INFERENCE"})
  void learnsFromTheIndexOfAnOpenInferenceServer(Predictor predictor) throws Exception {
    answers.put(READY, "");
    answers.put(INDEX, "[]");
    Deployment wine = deployment(predictor, null);
    try (ModelProbe probe = ModelProbe.start(wine, PACE, events)) {
      assertThat(events.next("probe")).isEqualTo("probe wine ready, but names no model yet");

      answers.put(
          INDEX,
          "[{\"name\":\"densenet\",\"version\":\"3\",\"state\":\"READY\"},{\"name\":\"b\"}]");

      assertThat(events.next("identified")).isEqualTo("identified wine densenet 3");
      awaitEnd(probe);
    }
  }

  @Test
  void learnsFromTheModelWhereThereIsNoIndex() throws Exception {
    answers.put(READY, "{}");
    answers.put(
        "GET /base/v2/models/my model", "{\"name\":\"my model\",\"versions\":[\"1\",\"2\"]}");
    Deployment wine = deployment(Predictor.OPEN_INFERENCE, "my model");
    try (ModelProbe probe = ModelProbe.start(wine, PACE, events)) {
      assertThat(events.next("identified")).isEqualTo("identified wine my model 2");
      awaitEnd(probe);
    }
  }

  @Test
  void asksAnyOtherServerForNothingButAnOpenPort() throws Exception {
    Deployment wine = deployment(Predictor.NONE, null);
    try (ModelProbe probe = ModelProbe.start(wine, PACE, events)) {
      events.next("ready wine");
      awaitEnd(probe);
    }
    assertThat(wine.isReady()).isTrue();
    assertThat(asked).isEmpty();
  }

  @Test
  void staysWithinItsBoundsWhateverTheServerAnswers() throws Exception {
    answers.put(HEALTHCHECK, "");
    answers.put(INFO, "{\"info\":{\"title\":\"a\\u0000b\",\"version\":\"1\"}}");
    Deployment wine = deployment(Predictor.ODAHU_ML_SERVER, null);
    try (ModelProbe probe = ModelProbe.start(wine, PACE, events)) {
      assertThat(events.next("probe"))
          .isEqualTo(
              "probe wine ready, but does not say its name: name of the model: length=3, allowed=at"
                  + " most 256 characters, none a control character");
      answers.put(INFO, "{\"info\":{\"title\":\"" + "a".repeat(257) + "\"}}");
      assertThat(events.next("probe")).contains("length=257");
      answers.put(INFO, "<html>");
      assertThat(events.next("probe")).endsWith("/base/api/model/info: the answer is not JSON");
      answers.put(INFO, "{\"info\":1}");
      assertThat(events.next("probe wine ready, but names")).endsWith("no model yet");
      answers.put(INFO, " ".repeat((int) ModelQuestions.ANSWER_BYTES_MAX + 1));
      assertThat(events.next("probe wine ready, but does")).contains("/base/api/model/info: ");
      assertThat(wine.isIdentified()).isFalse();
      assertThat(probe.isOver()).isFalse();
    }
  }

  @Test
  void waitsForAWholeAnswerNoLongerThanTheTimeout() throws Exception {
    answers.put(HEALTHCHECK, "");
    answers.put(INFO, "hang");
    Duration period = Duration.ofMillis(10);
    ModelProbe.Pace hasty = new ModelProbe.Pace(period, Duration.ofSeconds(2), period);
    Deployment wine = deployment(Predictor.ODAHU_ML_SERVER, null);
    try (ModelProbe probe = ModelProbe.start(wine, hasty, events)) {
      assertThat(events.next("probe wine ready, but"))
          .endsWith("/base/api/model/info: no whole answer within PT2S");
      assertThat(probe.isOver()).isFalse();
    }
  }

  @Test
  void endsAtOnceWhenItIsClosed() throws Exception {
    Duration hour = Duration.ofHours(1);
    Deployment wine = deployment(Predictor.TRITON, null);
    ModelProbe probe =
        ModelProbe.start(wine, new ModelProbe.Pace(hour, Duration.ofSeconds(5), hour), events);
    events.next("probe wine not ready");

    probe.close();

    assertThat(probe.isOver()).isTrue();
  }

  @Test
  void authoritiesThatCanNotBeReadAreAProblemThatMayPass(@TempDir Path directory) throws Exception {
    Path ca = directory.resolve("ca.pem");
    URI url = URI.create("https://127.0.0.1:" + server.getAddress().getPort());
    Upstream upstream =
        new Upstream(
            List.of(new Replica(url)),
            Protocol.AUTO,
            false,
            new ServerTrust(ca.toString(), null, null, null));
    Model model =
        new Model(
            "wine", upstream, Predictor.NONE, "/model/wine", null, null, new Kept(true, 1024, 1.0));
    Deployment wine = Fleet.of(List.of(model)).deployment("wine").orElseThrow();
    try (ModelProbe probe = ModelProbe.start(wine, PACE, events)) {
      assertThat(events.next("probe wine"))
          .isEqualTo("probe wine not ready: the authorities in " + ca + " can't be used");
      assertThat(wine.isReady()).isFalse();

      Files.writeString(ca, "");
      events.next("ready wine");
      awaitEnd(probe);
    }
  }

  private Deployment deployment(Predictor predictor, @Nullable String name) {
    URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/base/");
    Model model = Model.of("wine", url, predictor, "/model/wine", name, null, 1024);
    return Fleet.of(List.of(model)).deployment("wine").orElseThrow();
  }

  private static void awaitEnd(ModelProbe probe) {
    while (!probe.isOver()) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String question = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
      asked.add(question);
      String answer = answers.get(question);
      if (answer == null) {
        exchange.sendResponseHeaders(404, -1);
      } else if (answer.equals("hang")) {
        exchange.sendResponseHeaders(200, 100);
        exchange.getResponseBody().write('{');
        exchange.getResponseBody().flush();
        released.await();
      } else {
        byte[] bytes = answer.getBytes(UTF_8);
        exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
