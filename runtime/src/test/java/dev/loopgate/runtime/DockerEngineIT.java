package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is asked of an Engine, and what its answers may be.
class DockerEngineIT {
  private static final ImageReference WINE = ImageReference.parse("wine:1").orElseThrow();
  private static final String OK = "HTTP/1.1 200 OK\r\n";

  private final Path socket;
  private final FakeEngine fake;
  private final DockerEngine engine;

  DockerEngineIT(@TempDir Path folder) throws IOException {
    socket = folder.resolve("docker.sock");
    fake = new FakeEngine(socket);
    engine = DockerEngine.of(fake.environment());
  }

  @AfterEach
  void close() throws IOException {
    fake.close();
  }

  @ParameterizedTest
  @CsvSource({"12, 40, 1.40", "12, 41, 1.41", "44, 52, 1.47", "24, 47, 1.47"})
  void asksInAVersionThatBothKnow(int min, int max, String version) throws Exception {
    fake.minorMin = min;
    fake.minorMax = max;
    assertThat(engine.hasImage(WINE)).isFalse();
    assertThat(fake.asked)
        .containsExactly("GET /_ping", "GET /v" + version + "/images/wine:1/json");
  }

  @Test
  void refusesAnEngineThatIsTooOldAndFollowsOneThatIsRenewed() throws Exception {
    fake.minorMax = 39;
    assertThatThrownBy(() -> engine.hasImage(WINE))
        .hasMessage(
            "Docker at " + socket + " is too old or none: API version=1.39, allowed=1.40 or newer");
    fake.minorMax = 41;
    engine.ping();
    fake.minorMin = 44;
    fake.minorMax = 52;
    assertThatThrownBy(() -> engine.hasImage(WINE)).hasMessageContaining("is too old");
    assertThat(engine.hasImage(WINE)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SSH-2.0\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        OK + "\r\n{}",
        OK + "Content-Length: -1\r\n\r\n{}",
        OK + "Content-Length: 9999999999999999\r\n\r\n{}",
        OK + "Content-Length: 3\r\n\r\n{}",
        OK + "Transfer-Encoding: gzip\r\n\r\n{}",
        OK + "Transfer-Encoding: chunked\r\n\r\nx\r\n{}",
        OK + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}",
        OK + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}",
        OK + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
        OK + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        OK + "Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\n{}",
        OK + "Content-Length: 8\r\n\r\nno json!"
      })
  void whatNoEngineSaysIsNoAnswer(String answer) throws Exception {
    engine.ping();
    fake.raw = answer.getBytes(ISO_8859_1);
    assertThatThrownBy(() -> engine.hasImage(WINE))
        .isInstanceOfSatisfying(
            EngineException.class, failure -> assertThat(failure.status()).isZero());
  }

  @Test
  void headsAndBodiesAreBounded() throws Exception {
    engine.ping();
    fake.raw = (OK + "a: b\r\n".repeat(5000)).getBytes(ISO_8859_1);
    assertThatThrownBy(() -> engine.hasImage(WINE)).hasMessageEndingWith("a head that is too long");
    fake.raw = (OK + "a".repeat(50_000)).getBytes(ISO_8859_1);
    assertThatThrownBy(() -> engine.hasImage(WINE)).hasMessageEndingWith("a head that is too long");
    String large = " ".repeat((4 << 20) + 1);
    fake.raw = (OK + "Content-Length: " + large.length() + "\r\n\r\n" + large).getBytes(UTF_8);
    assertThatThrownBy(() -> engine.hasImage(WINE))
        .hasMessageEndingWith("an answer of more than 4194304 bytes");
    fake.raw = (OK + "Content-Length: 4\r\n\r\n[{}]").getBytes(UTF_8);
    assertThatCode(() -> engine.hasImage(WINE)).doesNotThrowAnyException();
  }

  @Test
  void chunksMayBeCutAnywhereAndHaveExtensionsAndTrailers() throws Exception {
    engine.ping();
    String chunked = "1;a=b\r\n{\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n";
    String answer = "HTTP/1.1 100 Continue\r\n\r\n" + OK + "Transfer-Encoding: chunked\r\n\r\n";
    fake.raw = (answer + chunked).getBytes(UTF_8);
    assertThat(engine.hasImage(WINE)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"status\":\"a\"}~{\"errorDetail\":{\"message\":\"denied\"},\"error\":\"x\"} | denied",
        "{\"error\":\"denied, too\"} | denied, too",
        "no json | its progress is no JSON",
      })
  void anErrorInTheProgressIsNoSuccess(String progress, String message) throws Exception {
    engine.ping();
    String body = progress.replace("~", "\r\n") + "\r\n";
    fake.raw = (OK + "Content-Length: " + body.length() + "\r\n\r\n" + body).getBytes(UTF_8);
    assertThatThrownBy(() -> engine.pull(WINE, null, _ -> {})).hasMessage(message);
  }

  @Test
  void aPullThatIsCutOrEndlessIsNoSuccess() throws Exception {
    engine.ping();
    String cut = "Transfer-Encoding: chunked\r\n\r\n4\r\n{}\r\n\r\n";
    fake.raw = (OK + cut).getBytes(UTF_8);
    assertThatThrownBy(() -> engine.pull(WINE, null, _ -> {})).hasMessageEndingWith("cut off");
    String line = " ".repeat(70_000);
    fake.raw = (OK + "Content-Length: " + line.length() + "\r\n\r\n" + line).getBytes(UTF_8);
    assertThatThrownBy(() -> engine.pull(WINE, null, _ -> {}))
        .hasMessage("its progress has a line of more than 65536 bytes");
  }

  @Test
  void aPullEndsWhenNobodyWantsItAnyMore() throws Exception {
    engine.ping();
    fake.frozen = new CountDownLatch(1);
    AtomicReference<Runnable> end = new AtomicReference<>();
    Thread.ofVirtual()
        .start(() -> {
          while (fake.count("POST") == 0) {
            Thread.onSpinWait();
          }
          end.get().run();
        });
    assertThatThrownBy(() -> engine.pull(WINE, null, end::set)).hasMessageEndingWith("given up");
  }

  @Test
  void aCallThatIsNotAnsweredInTimeEnds() throws Exception {
    fake.frozen = new CountDownLatch(1);
    long begin = System.nanoTime();
    assertThatThrownBy(engine::ping)
        .hasMessage("Docker can't be reached at " + socket + ": no answer in time");
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isBetween(DockerEngine.PING, Duration.ofSeconds(30));
  }

  @Test
  void aListHoldsNobodyElses() throws Exception {
    engine.ping();
    String list =
        "[{\"Id\":\"aaaaaaaaaaaa\",\"State\":\"running\",\"Labels\":{\"l\":\"v\"}},"
            + "{\"Id\":\"bbbbbbbbbbbb\",\"State\":\"running\",\"Labels\":{\"l\":\"w\"}},"
            + "{\"Id\":\"../etc\",\"State\":\"running\",\"Labels\":{\"l\":\"v\"}},"
            + "{\"Id\":\"cccccccccccc\",\"State\":\"exited\",\"Labels\":{\"l\":\"v\"}}]";
    fake.raw = (OK + "Content-Length: " + list.length() + "\r\n\r\n" + list).getBytes(UTF_8);
    assertThat(engine.labelled("l", "v"))
        .containsExactly(
            new DockerEngine.Listed("aaaaaaaaaaaa", true),
            new DockerEngine.Listed("cccccccccccc", false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp://127.0.0.1:2375",
        "unix://relative",
        "unix://",
        "/run/docker.sock",
        "unix:///a\0"
      })
  void speaksOverAUnixSocketAlone(String host) {
    DockerEngine other = DockerEngine.of(Map.of("DOCKER_HOST", host));
    assertThatThrownBy(other::ping)
        .hasMessageStartingWith("DOCKER_HOST: value=")
        .hasMessageEndingWith(", allowed=unix:///<path of a socket>");
  }

  @Test
  void saysWhichSocketIsNotThere() throws Exception {
    fake.shut();
    assertThatThrownBy(engine::ping)
        .hasMessage("Docker can't be reached at " + socket + ": No such file or directory");
  }
}
