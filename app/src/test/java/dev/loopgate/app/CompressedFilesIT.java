package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a gateway wrote with each setting of `files.compression`, read by a stranger.
final class CompressedFilesIT {
  private static final Payload ASK = new Payload(Payload.Kind.TEXT, 21, 2_000);
  private static final Payload REPLY = new Payload(Payload.Kind.BINARY, 22, 20_000);

  @TempDir private Path directory;

  @Test
  void eachSettingAfterTheOtherInOneDataDirectoryLeavesEachLineOnce() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url());
      Set<String> ids = new HashSet<>();
      for (String compression : List.of("zstd", "none", "gzip")) {
        Rig compressing = rig.with("--files.compression", compression);
        try (GatewayProcess gateway = compressing.start()) {
          for (int i = 0; i < 20; i++) {
            ids.add(compression + i);
            predict(gateway, compression + i);
          }
          gateway.kill(); // the next one publishes what is left, by its own setting
        }
      }
      try (GatewayProcess last = rig.start()) {
        assertThat(last.stop()).as(last.output()).isZero();
      }

      List<FileLine> lines = rig.lines();
      assertThat(lines).hasSize(2 * ids.size());
      for (FileLine line : lines) {
        assertThat(ids).contains(line.requestId());
        if (line.stream().equals("response_body")) {
          assertThat(line.bytes("response_content")).isEqualTo(REPLY.bytes());
        }
      }
      assertThat(rig.verify().output()).contains("balanced");
      assertThat(rig.verify().exit()).isZero();
    }
  }

  @Test
  void namesSayWhatIsInThem() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      for (String end : List.of("zstd .json.zst", "gzip .json.gz", "none .json")) {
        String[] words = end.split(" ", 2);
        Path own = Files.createDirectories(directory.resolve(words[0]));
        Rig rig = Rig.infrontOf(own, model.url()).with("--files.compression", words[0]);
        try (GatewayProcess gateway = rig.start()) {
          predict(gateway, "a");
          assertThat(gateway.stop()).as(gateway.output()).isZero();
        }

        assertThat(rig.lines())
            .hasSize(2)
            .allSatisfy(line -> assertThat(line.path()).endsWith("_0" + words[1]));
        assertThat(rig.linesOf("request_response", "a").getFirst().text("request_content"))
            .isEqualTo(ASK.text());
        assertThat(rig.verify().exit()).isZero();
      }
    }
  }

  private static void predict(GatewayProcess gateway, String id) throws Exception {
    Script script = Script.plain(ASK, REPLY);
    try (Caller caller = gateway.call()) {
      caller.send(
          "POST", "/model/m/x?" + script.query(), Map.of("request-id", id), Framing.LENGTH, ASK);
      assertThat(caller.receive("POST").status()).isEqualTo(200);
    }
  }
}
