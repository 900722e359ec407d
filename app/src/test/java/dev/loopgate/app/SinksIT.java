package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.FilesReader;
import dev.loopgate.testkit.ForwardReceiver;
import dev.loopgate.testkit.ForwardReceiver.Chunk;
import dev.loopgate.testkit.ForwardReceiver.Event;
import dev.loopgate.testkit.ForwardReceiver.Kind;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The gateway as its user runs it with sinks beside its files: each has its own progress, and what
/// one fails at is nothing to the others.
final class SinksIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;
  private ScriptedModel model;
  private ForwardReceiver fluentd;

  @BeforeEach
  void start() throws IOException {
    model = ScriptedModel.start();
    fluentd = ForwardReceiver.start();
  }

  @AfterEach
  void stop() throws IOException {
    fluentd.close();
    model.close();
  }

  @Test
  void aFluentdHasEveryRecordOfTheFilesAsTheyHaveIt() throws Exception {
    Rig rig = rig(required());
    try (GatewayProcess gateway = rig.start()) {
      predict(gateway, "a", 20);
      assertThat(feedback(gateway, "a-0").status()).isEqualTo(200);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }

    assertThat(fluentd.refused()).isEmpty();
    assertThat(received()).isEqualTo(inFiles(rig));
    assertThat(received()).hasSize(41).allSatisfy((_, times) -> assertThat(times).isOne());
    assertThat(fluentd.chunks()).extracting(Chunk::tag).contains("manifest");
    assertBalanced(rig);
  }

  @Test
  void whatWasNotAcknowledgedComesAgainAndOverAKillToo() throws Exception {
    Rig rig = rig(required());
    fluentd.next(Kind.ACK_LOST, Kind.WRONG_ACK, Kind.ACK_LOST);
    try (GatewayProcess gateway = rig.start()) {
      predict(gateway, "a", 20);
      Rig.await("three tries", () -> fluentd.chunks().size() >= 3);
      fluentd.next(Kind.LATE_ACK);
      predict(gateway, "b", 20);
      int before = fluentd.chunks().size();
      Rig.await("a chunk under way", () -> fluentd.chunks().size() > before);
      gateway.kill();
    }
    fluentd.release();
    try (GatewayProcess gateway = rig.start()) {
      predict(gateway, "c", 20);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }

    assertThat(received().keySet()).isEqualTo(inFiles(rig).keySet());
    assertThat(inFiles(rig)).allSatisfy((_, times) -> assertThat(times).isOne());
    Map<String, List<Event>> byId = new HashMap<>();
    for (Chunk chunk : fluentd.chunks()) { // what is there twice is the same chunk
      assertThat(byId.computeIfAbsent(chunk.id(), _ -> chunk.events())).isEqualTo(chunk.events());
    }
    Map<String, Integer> once = new TreeMap<>();
    byId.values().forEach(events -> events.forEach(event -> count(event, once)));
    assertThat(once).allSatisfy((_, times) -> assertThat(times).isOne());
  }

  @Test
  void oneThatIsDownHoldsBackNothingButItsOwn() throws Exception {
    int port = fluentd.port();
    fluentd.close();
    Rig rig = rig(required());
    try (GatewayProcess gateway = rig.start()) {
      predict(gateway, "a", 10);
      rig.awaitLine("response_body", "a-9");
      Rig.await(
          "what waits",
          () ->
              Rig.metrics(gateway)
                      .getOrDefault("loopgate_sink_unshipped_bytes{sink=\"search\"}", 0.0)
                  > 0);
      Rig.await(
          "the files' own",
          () -> {
            Map<String, Double> now = Rig.metrics(gateway);
            return now.getOrDefault("loopgate_sink_unshipped_bytes{sink=\"files\"}", 1.0) == 0
                && now.getOrDefault("loopgate_sink_unshipped_bytes{sink=\"search\"}", 0.0) > 0;
          });
      assertThat(gateway.output()).contains("search: ");

      fluentd = ForwardReceiver.start(ServerSocketFactory.getDefault(), port);
      Rig.await("what waited", () -> received().size() >= 20);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    assertThat(received()).isEqualTo(inFiles(rig));
  }

  @Test
  void oneThatMayBeBehindIsSkippedAndCountedAndTheFilesHaveAll() throws Exception {
    int port = fluentd.port();
    fluentd.close();
    Rig rig =
        rig("[{name: search, url: \"" + url(port) + "\", required: false, max-lag: 1MiB}]")
            .with("--spool.segment-bytes", "2MiB");
    try (GatewayProcess gateway = rig.start()) {
      Script large = Script.plain(Payload.NONE, new Payload(Payload.Kind.TEXT, 3, 300_000));
      for (int i = 0; i < 12; i++) {
        predict(gateway, "large-" + i, 1, large);
      }
      Rig.await(
          "what is skipped",
          () ->
              Rig.metrics(gateway)
                      .getOrDefault("loopgate_sink_entries_skipped_total{sink=\"search\"}", 0.0)
                  > 0);
      fluentd = ForwardReceiver.start(ServerSocketFactory.getDefault(), port);
      predict(gateway, "last", 1);
      Rig.await(
          "the last one", () -> received().keySet().stream().anyMatch(r -> r.contains("last-0")));
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }

    assertThat(inFiles(rig)).hasSize(26);
    assertThat(inFiles(rig).keySet()).containsAll(received().keySet());
    assertThat(received().size()).isLessThan(26);
    assertThat(manifests())
        .anySatisfy(manifest -> assertThat(manifest.get("skipped")).isNotEmpty());
    assertBalanced(rig);
  }

  @Test
  void filesMayBeInTwoPlacesOrInNone() throws Exception {
    Path second = directory.resolve("second");
    Rig twice = rig("[{name: copy, url: \"" + second.toUri() + "\"}]");
    try (GatewayProcess gateway = twice.start()) {
      predict(gateway, "a", 10);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    assertThat(linesIn(second)).isEqualTo(inFiles(twice)).hasSize(20);
    GatewayProcess.Run copy =
        GatewayProcess.run(
            new GatewayProcess.Launch(
                Command.jar(), List.of(), List.of("verify", second.toString())));
    assertThat(copy.exit()).as(copy.output()).isZero();

    Rig none = Rig.infrontOf(Files.createDirectory(directory.resolve("none")), model.url());
    none = none.with("--files", "none", "--sinks", required());
    try (GatewayProcess gateway = none.start()) {
      predict(gateway, "n", 5);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    assertThat(received()).hasSize(10);
    assertThat(Files.exists(none.files())).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1s", "5s"})
  void aFluentdThatSaysNothingHoldsUpNoStop(String grace) throws Exception {
    fluentd.next(Kind.LATE_ACK);
    Rig rig = rig(required()).with("--grace", grace, "--drain", "0s");
    try (GatewayProcess gateway = rig.start()) {
      predict(gateway, "a", 5);
      Rig.await("a chunk that waits", () -> !fluentd.chunks().isEmpty());
      long began = System.nanoTime();
      assertThat(gateway.stop()).as(gateway.output()).isZero();
      long took = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
      assertThat(took).as(gateway.output()).isLessThan(10); // the ack is waited for 60 s
    }
    fluentd.release();
    try (GatewayProcess gateway = rig(required()).start()) {
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    assertThat(received().keySet()).isEqualTo(inFiles(rig).keySet());
    assertBalanced(rig);
  }

  @Test
  void filesThatComeAfterASinkCountWhatWasBeforeThem() throws Exception {
    Rig none = rig(required()).with("--files", "none");
    try (GatewayProcess gateway = none.start()) {
      predict(gateway, "a", 5);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    Rig rig = rig(required());
    try (GatewayProcess gateway = rig.start()) {
      predict(gateway, "b", 5);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }

    assertThat(received()).hasSize(20);
    assertBalanced(rig);
  }

  @Test
  void anotherPlaceForTheSameSpoolIsRefused() throws Exception {
    Rig rig = rig(required());
    try (GatewayProcess gateway = rig.start()) {
      predict(gateway, "a", 1);
      assertThat(gateway.stop()).isZero();
    }

    Rig moved = rig.with("--files", directory.resolve("elsewhere").toString());
    assertThatThrownBy(moved::start)
        .hasMessageContaining("files: can't be continued: this spool has shipped to data:files")
        .hasMessageContaining("elsewhere");
    assertThatThrownBy(() -> rig("[{name: search, url: \"fluentd://127.0.0.1:1\"}]").start())
        .hasMessageContaining("search: can't be continued");
    try (GatewayProcess gateway = rig.start()) {
      assertThat(gateway.stop()).isZero();
    }
  }

  private static void assertBalanced(Rig rig) throws Exception {
    GatewayProcess.Run verified = rig.verify();
    assertThat(verified.exit()).as(verified.output()).isZero();
    assertThat(verified.output()).contains("sink search:");
  }

  private Rig rig(String sinks) throws IOException {
    return Rig.infrontOf(directory, model.url()).with("--sinks", sinks);
  }

  private String required() {
    return "[{name: search, url: \"" + url(fluentd.port()) + "\"}]";
  }

  private static String url(int port) {
    return "fluentd://127.0.0.1:" + port;
  }

  /// How often each record came, as JSON with its fields in order.
  private Map<String, Integer> received() {
    Map<String, Integer> records = new TreeMap<>();
    for (Chunk chunk : fluentd.chunks()) {
      if (!chunk.tag().equals("manifest")) {
        chunk.events().forEach(event -> count(event, records));
      }
    }
    return records;
  }

  private static void count(Event event, Map<String, Integer> records) {
    try {
      JsonNode record = JSON.readTree(event.json());
      if (record.has("request_id")) {
        records.merge(plain(record), 1, Integer::sum);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, Integer> inFiles(Rig rig) throws IOException {
    return linesIn(rig.files());
  }

  private static Map<String, Integer> linesIn(Path root) throws IOException {
    Map<String, Integer> records = new TreeMap<>();
    for (FileLine line : FilesReader.lines(root)) {
      records.merge(plain(line.record()), 1, Integer::sum);
    }
    return records;
  }

  /// Fields sorted; a number as it reads, whatever it was written as.
  private static String plain(JsonNode node) {
    if (node.isObject()) {
      List<String> fields = new ArrayList<>();
      node.properties()
          .forEach(field -> fields.add(field.getKey() + '=' + plain(field.getValue())));
      fields.sort(null);
      return fields.toString();
    }
    return node.isNumber() ? Double.toString(node.doubleValue()) : node.toString();
  }

  private List<JsonNode> manifests() throws IOException {
    List<JsonNode> manifests = new ArrayList<>();
    for (Chunk chunk : fluentd.chunks()) {
      if (chunk.tag().equals("manifest")) {
        manifests.add(JSON.readTree(chunk.events().getFirst().json()));
      }
    }
    return manifests;
  }

  private static void predict(GatewayProcess gateway, String name, int times) throws Exception {
    predict(
        gateway, name, times, Script.plain(Payload.NONE, new Payload(Payload.Kind.TEXT, 3, 50)));
  }

  private static void predict(GatewayProcess gateway, String name, int times, Script script)
      throws Exception {
    Set<Integer> statuses = new HashSet<>();
    try (Caller caller = gateway.call()) {
      for (int i = 0; i < times; i++) {
        caller.send(
            "POST",
            "/model/m/predict?" + script.query(),
            Map.of("request-id", name + '-' + i),
            Framing.LENGTH,
            script.request());
        statuses.add(caller.receive("POST").status());
      }
    }
    assertThat(statuses).containsExactly(200);
  }

  private static Answer feedback(GatewayProcess gateway, String id) throws Exception {
    try (Caller caller = gateway.call()) {
      String body = "{\"truth\": 9007199254740993}";
      caller.send(
          Rig.head(
                  "POST /api/v1/feedback HTTP/1.1",
                  "host: t",
                  "request-id: " + id,
                  "model-name: scripted",
                  "model-version: 1.0",
                  "content-type: application/json",
                  "content-length: " + body.length())
              + body);
      return caller.receive("POST");
    }
  }
}
