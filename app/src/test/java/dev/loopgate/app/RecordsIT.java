package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.FilesReader;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What the contract adds to the original: each way an exchange can end and each kind of body, in
/// the record that tells of it.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RecordsIT {
  private static final Payload ASK = new Payload(Payload.Kind.TEXT, 11, 300);
  private static final Payload REPLY = new Payload(Payload.Kind.TEXT, 12, 20_000);
  private static final Script PLAIN = Script.plain(ASK, REPLY);

  private ScriptedRun run;
  private Rig rig;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    int closedPort;
    try (ServerSocket socket = new ServerSocket(0)) {
      closedPort = socket.getLocalPort();
    }
    run =
        ScriptedRun.start(
            directory,
            "  - {id: gone, url: \"http://127.0.0.1:%d\"}\n".formatted(closedPort),
            "--proxy.first-byte-timeout",
            "1s");
    rig = run.rig();
  }

  @AfterAll
  void stop() throws Exception {
    if (run != null) {
      run.close();
    }
  }

  @Test
  void eachModelFramingAndCallerFramingIsOneWholeRecord() throws Exception {
    for (Framing asked : List.of(Framing.LENGTH, Framing.CHUNKED)) {
      for (Framing answered : List.of(Framing.LENGTH, Framing.CHUNKED, Framing.UNTIL_CLOSE)) {
        String id = "framing-" + asked + "-" + answered;
        predict(id, "POST", asked, PLAIN.framed(answered));

        FileLine request = rig.awaitLine("request_response", id);
        assertThat(request.text("request_content")).as(id).isEqualTo(ASK.text());
        assertThat(request.text("ending")).as(id).isEqualTo("complete");
        assertThat(request.record().path("size").asLong()).isEqualTo(ASK.length());
        assertThat(request.record().path("response_size").asLong()).isEqualTo(REPLY.length());
        assertThat(request.record().path("truncated").asBoolean()).as(id).isFalse();
        assertThat(rig.awaitLine("response_body", id).text("response_content"))
            .as(id)
            .isEqualTo(REPLY.text());
      }
    }
  }

  @Test
  void headAndStatusesWithoutABodyAreComplete() throws Exception {
    predict("head", "HEAD", Framing.NONE, Script.plain(Payload.NONE, REPLY));
    predict("s204", "POST", Framing.LENGTH, PLAIN.framed(Framing.NONE).answering(204));
    predict("s304", "POST", Framing.LENGTH, PLAIN.framed(Framing.NONE).answering(304));

    for (String id : List.of("head", "s204", "s304")) {
      assertThat(rig.awaitLine("request_response", id).text("ending")).as(id).isEqualTo("complete");
      assertThat(rig.awaitLine("response_body", id).text("response_content")).as(id).isEmpty();
    }
  }

  @Test
  void anErrorOfTheModelIsAnAnswerLikeAnyOther() throws Exception {
    assertThat(predict("s500", "POST", Framing.LENGTH, PLAIN.answering(500)).status())
        .isEqualTo(500);

    FileLine line = rig.awaitLine("request_response", "s500");
    assertThat(line.text("response_status")).isEqualTo("500");
    assertThat(line.text("ending")).isEqualTo("complete");
  }

  @Test
  void aModelThatResetsOrIsNotThereOrSilentIsALocalReplyWithTheId() throws Exception {
    Answer reset =
        predict("reset", "POST", Framing.LENGTH, PLAIN.behaving(Script.Behaviour.RESET_AT_ONCE));
    Answer silent =
        predict("silent", "POST", Framing.LENGTH, PLAIN.behaving(Script.Behaviour.SILENT));
    Answer gone;
    try (Caller caller = run.gateway().call()) {
      caller.send("POST", "/model/gone/x", Map.of("request-id", "gone"), Framing.LENGTH, ASK);
      gone = caller.receive("POST");
    }

    ended("reset", reset, 502, "model_reset");
    ended("silent", silent, 504, "timed_out");
    ended("gone", gone, 502, "model_unreachable");
  }

  private void ended(String id, Answer answer, int status, String ending) throws Exception {
    assertThat(answer.status()).as(id).isEqualTo(status);
    assertThat(answer.header("request-id")).isEqualTo(id);
    assertThat(answer.text()).as(id).startsWith("{\"error\":");
    FileLine line = rig.awaitLine("request_response", id);
    assertThat(line.text("ending")).as(id).isEqualTo(ending);
    assertThat(line.text("response_status")).as(id).isEqualTo(Integer.toString(status));
    assertThat(line.text("request_content")).as(id).isEqualTo(ASK.text());
  }

  @Test
  void aModelThatBreaksOffInItsBodyLeavesWhatCame() throws Exception {
    Script script = PLAIN.behaving(Script.Behaviour.RESET_IN_BODY);
    try (Caller caller = run.gateway().call()) {
      send(caller, "broken", "POST", Framing.LENGTH, script);
      assertThatThrownBy(() -> caller.receive("POST")).isInstanceOf(IOException.class);
    }

    assertThat(rig.awaitLine("request_response", "broken").text("ending")).isEqualTo("model_reset");
    FileLine body = rig.awaitLine("response_body", "broken");
    assertThat(body.record().path("truncated").asBoolean()).isTrue();
    assertThat(REPLY.text()).startsWith(body.text("response_content"));
  }

  @Test
  void aCallerThatLeavesIsRecordedAsSuch() throws Exception {
    Payload large = new Payload(Payload.Kind.TEXT, 13, 64 << 20);
    try (Caller caller = run.gateway().call()) {
      send(caller, "left", "POST", Framing.LENGTH, Script.plain(ASK, large));
      assertThatThrownBy(() ->
              caller.receive(
                  "POST",
                  (_, _, _) -> {
                    caller.reset();
                    throw new IOException("left");
                  }))
          .hasMessage("left");
    }

    FileLine line = rig.awaitLine("request_response", "left");
    assertThat(line.text("ending")).isEqualTo("client_left");
    assertThat(rig.awaitLine("response_body", "left").record().path("truncated").asBoolean())
        .isTrue();
  }

  @Test
  void aBodyBeyondTheLimitPassesAndIsKeptInPart() throws Exception {
    Payload large = new Payload(Payload.Kind.TEXT, 14, 5 << 20);

    Answer answer = predict("large", "POST", Framing.CHUNKED, Script.plain(large, large));

    assertThat(answer.length()).isEqualTo(large.length());
    assertThat(answer.header("x-request-intact")).isEqualTo("true");
    FileLine line = rig.awaitLine("request_response", "large");
    assertThat(line.record().path("truncated").asBoolean()).isTrue();
    assertThat(line.record().path("size").asLong()).isEqualTo(large.length());
    assertThat(line.bytes("request_content")).hasSize(4 << 20);
    assertThat(rig.awaitLine("response_body", "large").bytes("response_content")).hasSize(4 << 20);
  }

  @Test
  void bytesThatAreNoTextAreBase64() throws Exception {
    Payload binary = new Payload(Payload.Kind.BINARY, 15, 1000);

    predict("binary", "POST", Framing.LENGTH, Script.plain(binary, binary));

    FileLine line = rig.awaitLine("request_response", "binary");
    assertThat(line.text("encoding")).isEqualTo("base64");
    assertThat(line.bytes("request_content")).isEqualTo(binary.bytes());
  }

  @Test
  void aGzippedBodyIsKeptDecodedAndSaysHowItCame() throws Exception {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write("{\"a\":1}".getBytes(StandardCharsets.UTF_8));
    }
    try (Caller caller = run.gateway().call()) {
      caller.send(
          "POST /model/m/x HTTP/1.1\r\nhost: t\r\nrequest-id: gzip\r\ncontent-encoding: gzip\r\n"
              + "content-length: %d\r\n\r\n".formatted(zipped.size())
              + zipped.toString(StandardCharsets.ISO_8859_1));
      caller.receive("POST");
    }

    FileLine line = rig.awaitLine("request_response", "gzip");
    assertThat(line.text("request_content")).isEqualTo("{\"a\":1}");
    assertThat(line.text("content_encoding")).isEqualTo("gzip");
    assertThat(line.record().path("size").asInt()).isEqualTo(zipped.size());
  }

  @Test
  void anEarlyAnswerAndAnExpectationPass() throws Exception {
    Payload body = new Payload(Payload.Kind.TEXT, 16, 200_000);
    Answer early =
        predict(
            "early",
            "POST",
            Framing.LENGTH,
            Script.plain(body, REPLY).behaving(Script.Behaviour.EARLY));
    Answer continued;
    try (Caller caller = run.gateway().call()) {
      caller.send(
          "POST /model/m/x?%s HTTP/1.1\r\nhost: t\r\nrequest-id: expect\r\n"
                  .formatted(PLAIN.query())
              + "expect: 100-continue\r\ncontent-length: %d\r\n\r\n".formatted(ASK.length()));
      assertThat(caller.interim()).isEqualTo(100);
      caller.send(ASK.text());
      continued = caller.receive("POST");
    }

    assertThat(early.header("x-request-intact")).isEqualTo("early");
    assertThat(rig.awaitLine("request_response", "early").text("ending")).isEqualTo("complete");
    assertThat(continued.header("x-request-intact")).isEqualTo("true");
    assertThat(rig.awaitLine("request_response", "expect").text("request_content"))
        .isEqualTo(ASK.text());
  }

  @Test
  void secretsAreNowhereOnDisk() throws Exception {
    try (Caller caller = run.gateway().call()) {
      caller.send(
          Rig.head(
              "POST /model/m/x?api_key=hush-1&a=b HTTP/1.1",
              "host: t",
              "request-id: secret",
              "cookie: s=hush-2",
              "authorization: hush-3",
              "x-api-key: hush-4",
              "referer: http://t/?token=hush-5",
              "content-length: 0"));
      assertThat(caller.receive("POST").status()).isEqualTo(200);
    }

    FileLine line = rig.awaitLine("request_response", "secret");
    assertThat(line.text("request_uri")).contains("a=b").doesNotContain("hush");
    try (Stream<Path> files = Files.walk(rig.data())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(bytes.contains("hush-")).as(file.toString()).isFalse();
      }
    }
  }

  @Test
  void anUnknownModelIsAnEmpty404AndNoEntry() throws Exception {
    try (Caller caller = run.gateway().call()) {
      caller.send("POST", "/model/who/x", Map.of("request-id", "who"), Framing.LENGTH, ASK);
      Answer answer = caller.receive("POST");
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.length()).isZero();
      assertThat(answer.header("request-id")).isEqualTo("who");
    }
    predict("after-who", "POST", Framing.LENGTH, PLAIN);
    rig.awaitLine("request_response", "after-who");
    assertThat(rig.linesOf("request_response", "who")).isEmpty();
  }

  @Test
  void twoGatewaysShareOneFilesRootWithoutOverwriting(@TempDir Path second) throws Exception {
    Files.createDirectories(second.resolve("data"));
    Files.createSymbolicLink(second.resolve("data/files"), rig.files().toAbsolutePath());
    Rig other = Rig.infrontOf(second, run.model().url());
    Set<String> ids = new HashSet<>();
    try (GatewayProcess beside = other.start()) {
      for (int i = 0; i < 20; i++) {
        ids.add("a" + i);
        ids.add("b" + i);
        predict("a" + i, "POST", Framing.LENGTH, PLAIN);
        predict(beside, "b" + i, "POST", Framing.LENGTH, PLAIN);
      }
      rig.awaitIds(ids);
      assertThat(beside.stop()).as(beside.output()).isZero();
    }

    Set<String> twice = new HashSet<>();
    FilesReader reader =
        FilesReader.read(
            rig.files(),
            line -> {
              if (line.stream().equals("request_response") && !ids.remove(line.requestId())) {
                twice.add(line.requestId());
              }
            });
    assertThat(ids).as("missing").isEmpty();
    assertThat(twice.stream().filter(id -> id.matches("[ab]\\d+"))).isEmpty();
    assertThat(reader.problems()).isEmpty();
  }

  private Answer predict(String id, String method, Framing framing, Script script)
      throws IOException {
    return predict(run.gateway(), id, method, framing, script);
  }

  private static Answer predict(
      GatewayProcess at, String id, String method, Framing framing, Script script)
      throws IOException {
    try (Caller caller = at.call()) {
      send(caller, id, method, framing, script);
      return caller.receive(method);
    }
  }

  private static void send(Caller caller, String id, String method, Framing framing, Script script)
      throws IOException {
    caller.send(
        method,
        "/model/m/x?" + script.query(),
        Map.of("request-id", id),
        framing,
        framing == Framing.NONE ? Payload.NONE : script.request());
  }
}
