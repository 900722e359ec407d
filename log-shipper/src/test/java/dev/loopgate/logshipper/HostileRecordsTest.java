package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Row 17 of the fault matrix: whatever callers send and name, each line is one JSON object that
/// says the same bytes, in a file whose path leaves no partition.
final class HostileRecordsTest {
  private static final String[] PIECES = {
    "\u2028", "\u2029", "\u0085", "\n", "\r\n", "\u0000", "\"", "\\", "/", "../", "%2e", "\ufeff",
    "\ud83d\ude00", "\u202e", "</script>", "{", "}", "year=1/", "_", ".", " ", "\t", "\u007f", "a"
  };
  private static final String KEY =
      "(request_response|response_body|feedback)/[^/]{1,128}/[^/]{1,128}"
          + "/year=2026/month=11/day=24/2026112410_[0-9]+\\.json";

  private static final String LARGE = "\u2028\n\"\\".repeat((8 << 20) / 6); // 8 MiB

  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  private static String text(Random random, int piecesMax) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(piecesMax + 1); i > 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  private static String name(Random random) {
    String name = text(random, 60);
    return name.isEmpty() ? "\u0000" : name;
  }

  private static byte[] body(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> new byte[0];
      case 1 -> text(random, 300).getBytes(StandardCharsets.UTF_8);
      case 2 -> { // an end or a middle that is no text
        byte[] bytes = (text(random, 100) + "\u00e9\u20ac").getBytes(StandardCharsets.UTF_8);
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        yield bytes;
      }
      case 3 -> {
        byte[] bytes = new byte[random.nextInt(3_000)];
        random.nextBytes(bytes);
        yield bytes;
      }
      default -> "\u2028\n".repeat(random.nextInt(2_000)).getBytes(StandardCharsets.UTF_8);
    };
  }

  private static String id(Random random, int number) {
    StringBuilder id = new StringBuilder("\"").append(number);
    for (int i = random.nextInt(200); i > 0; i--) {
      id.append((char) (0x21 + random.nextInt(0x5e)));
    }
    return id.toString();
  }

  private static Prediction prediction(
      String id, ModelIdentity model, byte[] request, byte[] response, Random random, long millis) {
    return new Prediction(
        new RequestId(id),
        random.nextBoolean(),
        text(random, 5),
        text(random, 5),
        new Target(text(random, 5), text(random, 5), text(random, 5), model),
        new RequestHead(
            text(random, 3),
            text(random, 30),
            text(random, 5),
            "http",
            text(random, 30),
            text(random, 5),
            java.util.List.of(new Header(text(random, 5), text(random, 40)))),
        Body.of(request),
        new ResponseHead(200, java.util.List.of(new Header(text(random, 5), text(random, 40)))),
        Body.of(response),
        Ending.COMPLETE,
        new Timing(millis, millis, 1, 1, Timing.NONE),
        new GrpcStatus(3, text(random, 20)));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void eachLineSaysTheSameBytes(long seed) throws IOException {
    Random random = new Random(seed);
    ShipperSim sim = new ShipperSim(seed);
    Map<String, byte[]> requests = new HashMap<>();
    Map<String, byte[]> responses = new HashMap<>();
    Map<String, String> payloads = new HashMap<>();
    Map<String, ModelIdentity> models = new HashMap<>();
    long millis = sim.time.epochMillis();
    for (int i = 0; i < 60; i++) {
      String id = id(random, i);
      ModelIdentity model = new ModelIdentity(name(random), name(random));
      models.put(id, model);
      if (random.nextInt(4) == 0) {
        String value = new String(Json.bytes(text(random, 50)), StandardCharsets.UTF_8);
        String payload = "{\"json\":" + value + "}";
        payloads.put(id, payload);
        sim.log.append(new Feedback(new RequestId(id), model, millis, payload, text(random, 9)));
      } else {
        byte[] request = seed % 10 == 0 && i < 2 ? new byte[8 << 20] : body(random);
        byte[] response =
            seed % 10 == 0 && i < 2 ? LARGE.getBytes(StandardCharsets.UTF_8) : body(random);
        requests.put(id, request);
        responses.put(id, response);
        sim.log.append(prediction(id, model, request, response, random, millis));
      }
    }

    sim.start();
    sim.workUntilDone();

    Map<String, String> found = new HashMap<>();
    for (Map.Entry<String, byte[]> object : sim.objects().entrySet()) {
      if (object.getKey().startsWith(Manifest.DIRECTORY)) {
        continue;
      }
      assertThat(object.getKey()).as("seed=%d", seed).matches(KEY);
      String stream = object.getKey().substring(0, object.getKey().indexOf('/'));
      String text = new String(object.getValue(), StandardCharsets.UTF_8);
      assertThat(text).endsWith("\n");
      for (String line : text.substring(0, text.length() - 1).split("\n", -1)) {
        JsonNode record = Json.trees().readTree(line);
        String id = record.path("request_id").textValue();
        String as = "seed=" + seed + ", id=" + id;
        assertThat(found.put(stream + id, line)).as(as).isNull();
        assertThat(
                new ModelIdentity(
                    record.path("model_name").textValue(),
                    record.path("model_version").textValue()))
            .as(as)
            .isEqualTo(models.get(id));
        switch (stream) {
          case "request_response" ->
              assertThat(bytes(record, "request_content")).as(as).isEqualTo(requests.get(id));
          case "response_body" ->
              assertThat(bytes(record, "response_content")).as(as).isEqualTo(responses.get(id));
          default ->
              assertThat(record.path("payload"))
                  .as(as)
                  .isEqualTo(Json.trees().readTree(payloads.get(id)));
        }
      }
    }
    assertThat(found).as("seed=%d", seed).hasSize(2 * requests.size() + payloads.size());
    sim.assertManifestsHold("seed=" + seed);
  }

  private static byte[] bytes(JsonNode record, String field) {
    String text = record.path(field).textValue();
    return record.path("encoding").asText().equals("base64")
        ? Base64.getDecoder().decode(text)
        : text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void tenThousandPartitionsOfOneWindowAreWrittenOneAfterTheOther() throws IOException {
    ShipperSim sim = new ShipperSim(1);
    for (int i = 0; i < 10_001; i++) {
      sim.log.append(FakeLog.feedback("id-" + i, "m/" + i, "1", sim.time.epochMillis()));
    }
    sim.start();
    sim.workUntilDone();

    assertThat(sim.events.windows).hasValue(1);
    assertThat(sim.events.published).hasSize(10_001); // the last one is of `(other)`
    assertThat(sim.events.overflowed).isOne();
    assertThat(sim.tree.openMax()).as("a staged file, and the commit log").isLessThanOrEqualTo(2);
    sim.assertEachOnce("each is found");
    sim.assertManifestsHold("and counted");
  }
}
