package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.RawModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Secrets planted wherever a rule names them, and no byte of them on disk or in the log: not in
/// the ring of a gateway that was killed, not in its spool, not in the files of the next.
final class RedactionIT {
  private static final String SECRET = "hush-";
  private static final String NEIGHBOUR = "near-";
  private static final String ACCEPTED =
      "loopgate_ledger_accepted_total{kind=\"prediction\",model=\"m\"}";
  private static final int ROUNDS = Integer.getInteger("loopgate.fuzz.rounds", 12);
  private static final String RULES =
      """
      redact:
        headers: [authorization, set-cookie, "x-secret-*"]
        query-parameters: ["*token*", pin]
        body:
          - {pointer: /user/email}
          - {pointer: /inputs/*/data, action: drop}
          - {pointer: /card, action: mask, in: [request, response, feedback]}
      """;
  private static final String OF_MODEL =
      "    redact-body: [{pointer: /*/deep/*, in: [request, response]}]\n";

  /// How a body is made of JSON, and whether it is kept then.
  private enum Form {
    PLAIN(true),
    CHUNKED(true),
    GZIP(true),
    DEFLATE(true),
    LINES(true),
    EVENTS(true),
    MARKED(true),
    LYING(true),
    CUT(false),
    LEFT(false),
    LARGE(false),
    UTF_16_TEXT(false),
    BROTLI(false),
    FORM(false),
    GRPC(false);

    final boolean kept;

    Form(boolean kept) {
      this.kept = kept;
    }
  }

  private record Sent(String id, Form form) {}

  private final long seed = Long.getLong("loopgate.fuzz.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final List<Sent> sent = new ArrayList<>();
  private int planted;

  @Test
  void noByteOfASecretIsOnDiskOrInTheLogAndItsNeighboursAreKept(@TempDir Path directory)
      throws Exception {
    Path ring = Files.createDirectory(directory.resolve("ring"));
    String log;
    try (RawModel model = model()) {
      Rig rig =
          Rig.infrontOf(directory, model.url(), OF_MODEL, RULES)
              .with("--spool.ring-directory", ring.toString(), "--spool.ring-bytes", "16MiB");
      try (GatewayProcess gateway = rig.start()) {
        for (int round = 0; round < ROUNDS; round++) {
          for (Form form : Form.values()) {
            predict(gateway, round, form);
          }
          feedback(gateway, round);
          nonsense(gateway);
        }
        int all = sent.size() + ROUNDS; // one of each round's nonsense has a model, too
        Rig.await(
            "all exchanges to be kept",
            () -> all == Rig.metrics(gateway).getOrDefault(ACCEPTED, 0.0).intValue());
        assertThat(Rig.metrics(gateway))
            .as(seedShown())
            .hasEntrySatisfying(
                "loopgate_bodies_cut_total{reason=\"unparsable\"}",
                count -> assertThat(count).isPositive());
        log = gateway.output();
        gateway.kill(); // what is in the ring stays there, to be looked at
      }
      holdsNoSecret(directory);
      try (GatewayProcess again = rig.start()) {
        log += again.output();
        assertThat(again.stop()).as(again.output()).isZero();
      }
      assertThat(planted).isPositive();
      assertThat(log).as(seedShown()).doesNotContain(SECRET);
      holdsNoSecret(directory);
      recordsHaveWhatStoodBeside(rig);
      GatewayProcess.Run verify = rig.verify();
      assertThat(verify.exit()).as(verify.output()).isZero();
    }
  }

  private void recordsHaveWhatStoodBeside(Rig rig) throws IOException {
    List<FileLine> lines = rig.lines();
    for (FileLine line : lines) {
      for (String field : List.of("request_content", "response_content")) {
        assertThat(new String(line.bytes(field), UTF_8))
            .as("%s, id=%s", seedShown(), line.requestId())
            .doesNotContain(SECRET);
      }
    }
    for (Sent one : sent) {
      for (String stream : List.of("request_response", "response_body")) {
        FileLine line =
            lines.stream()
                .filter(each -> each.stream().equals(stream) && each.requestId().equals(one.id()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(seedShown() + ": no line of " + one));
        String content =
            line.text(stream.equals("response_body") ? "response_content" : "request_content");
        if (one.form().kept) {
          assertThat(content).as("%s, %s", seedShown(), one).contains(NEIGHBOUR + one.id());
          assertThat(content).as("%s, %s", seedShown(), one).contains("*****");
          assertThat(line.record().path("truncated").asBoolean()).as("%s", one).isFalse();
        } else {
          assertThat(content).as("%s, %s", seedShown(), one).isEmpty();
          boolean came = line.record().path("size").asLong() > 0;
          assertThat(line.record().path("truncated").asBoolean() || !came).as("%s", one).isTrue();
        }
      }
    }
    FileLine feedback =
        lines.stream()
            .filter(each -> each.requestId().equals("feedback-0-json"))
            .findFirst()
            .orElseThrow();
    assertThat(feedback.record().path("payload").toString()).contains(NEIGHBOUR).contains("*****");
  }

  private void predict(GatewayProcess gateway, int round, Form form) throws IOException {
    String id = form.name().toLowerCase(Locale.ROOT) + "-" + round;
    sent.add(new Sent(id, form));
    byte[] body = body(id, form);
    String head =
        "POST /model/m/x?a=%s&api%%54oken=%s;pin=%s HTTP/1.1\r\n"
                .formatted(NEIGHBOUR + id, secret(), secret())
            + "host: t\r\nrequest-id: "
            + id
            + "\r\nAuthorization: Bearer "
            + secret()
            + "\r\nX-Secret-"
            + random.nextInt(1_000)
            + ": "
            + secret()
            + "\r\nreferer: http://t/?my_token="
            + secret()
            + "\r\ncontent-type: "
            + (form == Form.LYING ? "image/png" : "application/json")
            + "\r\n"
            + encodingOf(form);
    try (Caller caller = gateway.call()) {
      switch (form) {
        case LEFT -> {
          // And goes: the rest never comes.
          caller.send(head + "content-length: " + (body.length + 10) + "\r\n\r\n" + text(body));
        }
        case CHUNKED -> {
          caller.send(head + "transfer-encoding: chunked\r\n\r\n");
          int at = 0;
          while (at < body.length) {
            int length = Math.min(body.length - at, 1 + random.nextInt(5));
            String piece = text(body).substring(at, at + length);
            caller.send(Integer.toHexString(length) + "\r\n" + piece + "\r\n");
            at += length;
          }
          caller.send("0\r\n\r\n");
          assertThat(caller.receive("POST").status()).isEqualTo(200);
        }
        default -> {
          caller.send(head + "content-length: " + body.length + "\r\n\r\n" + text(body));
          Answer answer = caller.receive("POST");
          assertThat(answer.text()).as("the caller gets all of it").isEqualTo(text(body));
        }
      }
    }
  }

  private static String encodingOf(Form form) {
    return switch (form) {
      case GZIP -> "content-encoding: gzip\r\n";
      case DEFLATE -> "content-encoding: Deflate\r\n";
      case BROTLI -> "content-encoding: br\r\n";
      default -> "";
    };
  }

  private byte[] body(String id, Form form) throws IOException {
    String json = json(id);
    byte[] bytes = json.getBytes(UTF_8);
    return switch (form) {
      case PLAIN, CHUNKED, LEFT, LYING, BROTLI -> bytes;
      case GZIP, DEFLATE -> packed(bytes, form == Form.GZIP);
      case LINES -> (json + "\n" + json(id) + "\n").getBytes(UTF_8);
      case EVENTS ->
          (": " + secret() + "\n\ndata: " + json + "\n\nevent: x\ndata:" + json(id) + "\n\n")
              .getBytes(UTF_8);
      case MARKED -> ("\ufeff" + json).getBytes(UTF_8);
      case CUT -> json.substring(0, json.length() - 1 - random.nextInt(3)).getBytes(UTF_8);
      case LARGE ->
          (json.substring(0, json.length() - 1) + ",\"p\":\"" + "p".repeat(300_000) + "\"}")
              .getBytes(UTF_8);
      case UTF_16_TEXT -> json.getBytes(UTF_16);
      case FORM -> ("card=" + secret() + "&user[email]=" + secret()).getBytes(UTF_8);
      case GRPC -> ("\u0000\u0000\u0000\u0000@" + json).getBytes(UTF_8);
    };
  }

  /// One document with secrets at every place that a rule names, in a random order and spelling.
  private String json(String id) {
    List<String> members = new ArrayList<>();
    members.add(key("near") + ":\"" + NEIGHBOUR + id + "\"");
    members.add(key("card") + ":" + secretValue());
    members.add(key("card") + ":" + secretValue()); // twice: both are the rule's
    members.add(
        key("user")
            + ":{\"n\":1,"
            + key("email")
            + ":"
            + secretValue()
            + ","
            + key("email")
            + ":"
            + secretValue()
            + "}");
    members.add(
        key("inputs")
            + ":[{"
            + key("data")
            + ":"
            + secretValue()
            + ",\"shape\":[1]},{"
            + key("data")
            + ":[1]},7]");
    members.add(key("any") + ":{" + key("deep") + ":{\"x\":" + secretValue() + ",\"y\":0}}");
    Collections.shuffle(members, random);
    return "{" + space() + String.join(space() + "," + space(), members) + space() + "}";
  }

  private String secretValue() {
    return switch (random.nextInt(4)) {
      case 0 -> "\"" + secret() + "\"";
      case 1 -> "[\"" + secret() + "\",{\"k\":\"" + secret() + "\"}]";
      case 2 -> "{\"" + secret() + "\":null}";
      default -> space() + "\"\\\"" + secret() + "\\\\\"" + space();
    };
  }

  private String key(String name) {
    StringBuilder key = new StringBuilder("\"");
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      key.append(random.nextInt(3) == 0 ? String.format("\\u%04x", (int) c) : String.valueOf(c));
    }
    return key.append('"').toString();
  }

  private String secret() {
    planted++;
    return SECRET + Integer.toHexString(random.nextInt());
  }

  private String space() {
    return " \t\t ".substring(random.nextInt(5)); // no line end: that would part events
  }

  private void feedback(GatewayProcess gateway, int round) throws IOException {
    String json = "{\"near\":\"" + NEIGHBOUR + round + "\",\"c\\u0061rd\":" + secretValue() + "}";
    post(gateway, "feedback-" + round + "-json", "application/json", json, 200);
    post(gateway, "feedback-" + round + "-text", "text/plain", json, 200);
    post(gateway, "feedback-" + round + "-none", "text/plain", "card: " + secret(), 200);
    post(
        gateway,
        "feedback-" + round + "-form",
        "application/x-www-form-urlencoded",
        "card=" + secret(),
        200);
    post(gateway, "feedback-" + round + "-cut", "application/json", json.substring(1), 400);
  }

  private void post(GatewayProcess gateway, String id, String type, String body, int status)
      throws IOException {
    try (Caller caller = gateway.call()) {
      caller.send(
          "POST /feedback?token="
              + secret()
              + " HTTP/1.1\r\nhost: t\r\nrequest-id: "
              + id
              + "\r\nmodel-name: m\r\nmodel-version: 1\r\nauthorization: "
              + secret()
              + "\r\ncontent-type: "
              + type
              + "\r\ncontent-length: "
              + body.length()
              + "\r\n\r\n"
              + body);
      Answer answer = caller.receive("POST");
      assertThat(answer.status()).as(id).isEqualTo(status);
      assertThat(answer.text()).as("what is answered is what is kept").doesNotContain(SECRET);
    }
  }

  /// What is refused or unknown is told to nobody.
  private void nonsense(GatewayProcess gateway) throws IOException {
    for (String request :
        List.of(
            "POST /model/m/x HTTP/1.1\r\nhost: t\r\nx-secret-a : " + secret() + "\r\n\r\n",
            "POST /model/" + secret() + "/x?token=" + secret() + " HTTP/1.1\r\nhost: t\r\n\r\n",
            "GET /" + secret() + " HTTP/9.9\r\n\r\n",
            "POST /model/m/x HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n"
                + secret()
                + "\r\n")) {
      try (Caller caller = gateway.call()) {
        caller.send(request);
        assertThat(caller.receive("POST").status()).isBetween(400, 505);
      }
    }
  }

  private static RawModel model() throws IOException {
    return RawModel.start(with -> {
      while (!with.readHead().isEmpty()) {
        byte[] body = with.readBody();
        String encoding = with.header("content-encoding");
        with.send(
            "HTTP/1.1 200 OK\r\nSet-Cookie: hush-cookie\r\nX-Secret-Reply: hush-reply\r\n"
                + (encoding == null ? "" : "Content-Encoding: " + encoding + "\r\n")
                + "Content-Type: text/plain\r\nContent-Length: "
                + body.length
                + "\r\n\r\n");
        with.send(body);
      }
    });
  }

  private void holdsNoSecret(Path directory) throws IOException {
    List<String> spellings =
        List.of(SECRET, text(SECRET.getBytes(UTF_16LE)), text(SECRET.getBytes(UTF_16BE)));
    int files = 0;
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files++;
        String bytes = text(Files.readAllBytes(file));
        for (String spelling : spellings) {
          assertThat(bytes.contains(spelling)).as("%s, file=%s", seedShown(), file).isFalse();
        }
      }
    }
    assertThat(files).isPositive();
  }

  private static byte[] packed(byte[] bytes, boolean gzip) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out =
        gzip ? new GZIPOutputStream(packed) : new DeflaterOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, ISO_8859_1);
  }

  private String seedShown() {
    return "seed=" + seed;
  }
}
