package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Whose name and version answers and records carry (contract section 2).
@ExtendWith(LeakFree.class)
final class ModelNameTest {
  @Test
  void whatIsConfiguredStandsOverWhatTheModelSays() {
    EmbeddedDoor door = door("income", "1.1");

    is(exchange(door, "Model-Name: other\r\nMODEL-VERSION: 9\r\n"), "income", "1.1");
    is(exchange(door, ""), "income", "1.1");
  }

  @Test
  void whatIsNotConfiguredTheLastAnswerSays() {
    EmbeddedDoor door = door(null, null);

    is(exchange(door, ""), "wine", "unknown");
    is(exchange(door, "Model-Name: income\r\n"), "income", "unknown");
    is(exchange(door, "Model-Version: 5\r\n"), "income", "5");
    is(exchange(door, ""), "income", "5");
    is(exchange(door, "Model-Name:\r\nModel-Version: \r\n"), "income", "5");
    is(exchange(door, "Model-Name: b\r\nModel-Name: c\r\nModel-Version: 6\r\n"), "b", "6");
  }

  @Test
  void halfOfItMayBeConfigured() {
    EmbeddedDoor door = door("income", null);

    is(exchange(door, "Model-Name: other\r\nModel-Version: 2\r\n"), "income", "2");
  }

  @Test
  void nobodyElseSaysWhatItIsCalled() {
    EmbeddedDoor door = door(null, null);

    is(exchange(door, "X-Model-Name: x\r\nmodelname: y\r\n"), "wine", "unknown");
    is(exchange(door, "Model-Name: a\tb\r\nModel-Version: caf\u00e9\r\n"), "wine", "unknown");
    is(exchange(door, "Model-Name: " + "n".repeat(257) + "\r\n"), "wine", "unknown");
  }

  @Test
  void aReplyOfOurOwnCarriesThemToo() {
    EmbeddedDoor door = door(null, null);
    is(exchange(door, "Model-Name: income\r\nModel-Version: 3\r\n"), "income", "3");
    door.refusesConnections = true;
    door.pooledIsStale = true;
    ask(door);

    assertThat(door.received())
        .contains("HTTP/1.1 502 ")
        .endsWith("}")
        .containsPattern("502 [^{]*model-name: income\r\nmodel-version: 3\r\n");
    is(door, "income", "3");
  }

  @Test
  void onAServerOfSeveralThePathDecides() {
    EmbeddedDoor door = door(Predictor.OPEN_INFERENCE, null, null);

    is(inference(door, "beer", 404), "wine", "unknown");
    is(inference(door, "beer", 200), "beer", "unknown");
    is(inference(door, "beer/versions/2", 500), "beer", "unknown");
    is(inference(door, "beer/versions/2", 200), "beer", "2");
    is(inference(door, "beer/versions/2", 500), "beer", "2");
    is(inference(door, "wine/versions/9", 404), "wine", "unknown");
    is(inference(door, "..%2Fghost", 400), "wine", "unknown");
  }

  private static EmbeddedDoor inference(EmbeddedDoor door, String model, int status) {
    String path = "/model/wine/v2/models/" + model + "/infer";
    door.send(EmbeddedDoor.http("POST " + path + " HTTP/1.1~Host: d~Content-Length: 0~~"));
    door.answer(0, "HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n");
    return door;
  }

  private static EmbeddedDoor exchange(EmbeddedDoor door, String headers) {
    ask(door);
    door.answer(0, "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: 0\r\n\r\n");
    return door;
  }

  /// The caller says something else each time, and is not listened to.
  private static void ask(EmbeddedDoor door) {
    String theirs = "Model-Name: theirs~Model-Version: 0~X-Model-Name: theirs~";
    door.send(
        EmbeddedDoor.http("POST /model/wine/x HTTP/1.1~Host: d~" + theirs + "Content-Length: 0~~"));
  }

  /// The last answer and the last record name the model so, and once.
  private static void is(EmbeddedDoor door, String name, String version) {
    String received = door.received();
    String last = received.substring(received.lastIndexOf("HTTP/1.1 "));
    assertThat(last.lines().filter(line -> line.startsWith("model-")))
        .containsExactly("model-name: " + name, "model-version: " + version);
    KeepingLane.Kept kept = door.lane.kept().getLast();
    assertThat(kept.prediction().model()).isEqualTo(new ModelIdentity(name, version));
    assertThat(kept.prediction().response().headers())
        .contains(new Header("model-name", name), new Header("model-version", version));
  }

  private static EmbeddedDoor door(@Nullable String name, @Nullable String version) {
    return door(Predictor.NONE, name, version);
  }

  private static EmbeddedDoor door(
      Predictor predictor, @Nullable String name, @Nullable String version) {
    return new EmbeddedDoor(
        List.of(
            Model.of(
                "wine",
                URI.create("http://10.0.0.1:5000"),
                predictor,
                "/model/wine",
                name,
                version,
                1 << 20)),
        List.of(),
        1 << 20);
  }
}
