package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.loopgate.fleet.ModelReader;
import dev.loopgate.fleet.ModelReader.ModelCard;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.UnreadableModelException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpModelReaderIT {
  private static final String INFO = "GET /api/model/info";
  private static final String INDEX = "POST /v2/repository/index";

  private final Map<String, byte[]> answers = new ConcurrentHashMap<>();
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private final ModelReader reader = new HttpModelReader(Duration.ofSeconds(20));
  private final HttpServer server =
      HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);

  HttpModelReaderIT() throws IOException {}

  @BeforeEach
  void serve() {
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void theInfoOfAnOdahuServerIsTheDocument() throws Exception {
    String info = "{\"swagger\":\"2.0\", \"info\":{\"title\":\"wine \u00e9\",\"version\":\"1\"}}";
    answers.put(INFO, info.getBytes(UTF_8));

    assertThat(read(Predictor.ODAHU_ML_SERVER)).isEqualTo(new ModelCard("wine \u00e9", "1", info));
    assertThat(asked).containsExactly(INFO);
  }

  @Test
  void aModelMayHaveNoName() throws Exception {
    for (String info :
        new String[] {"{}", "{\"info\":{\"title\":\" \",\"version\":\"\"}}", "{\"info\":7}"}) {
      answers.put(INFO, info.getBytes(UTF_8));
      assertThat(read(Predictor.ODAHU_ML_SERVER)).isEqualTo(new ModelCard("", "", info));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TRITON", "OPEN_INFERENCE"})
  void anOpenInferenceServerHasNameAndVersion(Predictor predictor) throws Exception {
    answers.put(INDEX, "[{\"name\":\"densenet\",\"version\":\"3\"}]".getBytes(UTF_8));
    assertThat(read(predictor)).isEqualTo(new ModelCard("densenet", "3", null));
    answers.remove(INDEX);
    answers.put("GET /v2/models/wine", "{\"name\":\"w\",\"versions\":[\"2\"]}".getBytes(UTF_8));
    assertThat(read(predictor)).isEqualTo(new ModelCard("w", "2", null));
  }

  @Test
  void nothingIsAskedOfAnyOtherServer() throws Exception {
    assertThat(read(Predictor.NONE)).isEqualTo(new ModelCard("", "", null));
    assertThat(asked).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html>",
        "{\"info\":",
        "{\"info\":{}} and more",
        "{\"info\":{\"title\":\"a\\u0000\"}}",
        "{\"info\":{\"title\":\"a\\ud800\"}}",
        "{\"info\":{\"title\":\"a\",\"version\":\"\\n\"}}",
        "{\"info\":{\"title\":\"\u00e9\"}}" // not as UTF-8
      })
  void refusesWhatCanNotBeRead(String info) {
    answers.put(INFO, info.getBytes(ISO_8859_1));
    assertThatThrownBy(() -> read(Predictor.ODAHU_ML_SERVER))
        .isInstanceOf(UnreadableModelException.class);
  }

  @Test
  void refusesWhatIsTooLong() throws Exception {
    byte[] longest = " ".repeat(ModelReader.DOCUMENT_BYTES_MAX).getBytes(UTF_8);
    longest[0] = '{';
    longest[longest.length - 1] = '}';
    answers.put(INFO, longest);
    assertThat(read(Predictor.ODAHU_ML_SERVER).document()).hasSize(ModelReader.DOCUMENT_BYTES_MAX);
    answers.put(INFO, (new String(longest, UTF_8) + " ").getBytes(UTF_8));
    assertThatThrownBy(() -> read(Predictor.ODAHU_ML_SERVER))
        .isInstanceOf(UnreadableModelException.class);
  }

  @Test
  void saysHowAServerDoesNotAnswer() {
    assertThatThrownBy(() -> read(Predictor.ODAHU_ML_SERVER))
        .isInstanceOf(UnreadableModelException.class)
        .hasMessage("/api/model/info: status=404");
    server.stop(0);
    assertThatThrownBy(() -> read(Predictor.ODAHU_ML_SERVER))
        .isInstanceOf(UnreadableModelException.class);
  }

  private ModelCard read(Predictor predictor) throws Exception {
    URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    return reader.read("wine", new Replica(url), predictor);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String question = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
      asked.add(question);
      byte[] answer = answers.get(question);
      if (answer == null) {
        exchange.sendResponseHeaders(404, -1);
      } else {
        exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
        exchange.getResponseBody().write(answer);
      }
    }
  }
}
