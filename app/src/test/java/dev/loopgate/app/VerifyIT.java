package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `verify` as programs and impatient people use it.
final class VerifyIT {
  private static final Payload ASK = new Payload(Payload.Kind.TEXT, 31, 300);

  @TempDir private Path directory;

  @Test
  void oneDocumentOnStdoutAndNothingBesideIt() throws Exception {
    Path data = dataOfARun();

    Command json = Command.loopgate(Map.of(), "verify", "--json", "--deep", data.toString());
    Command root = Command.loopgate(Map.of(), "verify", "--json", data.resolve("files").toString());
    Command lines = Command.loopgate(Map.of(), "verify", "--deep", data.toString());

    assertThat(json.exit()).as(json.err() + json.out()).isZero();
    assertThat(json.err() + lines.err() + root.err()).isEmpty();
    assertThat(json.out()).hasLineCount(1);
    JsonNode document = new ObjectMapper().readTree(json.out());
    assertThat(document.path("verdict").asText()).isEqualTo("balanced");
    JsonNode row = document.path("hours").path(0).path("models").path(0);
    assertThat(row.path("stream").asText()).isEqualTo("request_response");
    assertThat(row.path("records").asInt()).isPositive();
    assertThat(new ObjectMapper().readTree(root.out()).path("verdict").asText())
        .isEqualTo("balanced");
    assertThat(lines.out()).contains(" CLOSED files=", "balanced: hours=");

    Files.delete(anyFile(data));
    Command bad = Command.loopgate(Map.of(), "verify", "--json", data.toString());
    assertThat(bad.exit()).isOne();
    assertThat(new ObjectMapper().readTree(bad.out()).path("findings").path(0).asText())
        .startsWith("file is missing: key=request_response/");
  }

  @Test
  void anInterruptEndsItWith130AndNoWord() throws Exception {
    Path hour = directory.resolve("_manifest/year=2026/month=11/day=24");
    Path pipe = Files.createDirectories(hour).resolve("2026112410.0123456789ab.json");
    Command made =
        Command.run(List.of("mkfifo", pipe.toString()), directory, Map.of("PATH", path()));
    assertThat(made.exit()).as(made.err()).isZero();
    List<String> command =
        new ArrayList<>(
            List.of("env", "--default-signal=INT")); // where a script's child ignores it
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-Xmx128m", "-jar", Command.jar().toString(), "verify", directory.toString()));
    Path said = directory.resolve("said.txt");
    Process verify =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try (RandomAccessFile held = new RandomAccessFile(pipe.toFile(), "rw")) { // never at its end
      Rig.await("verify at the pipe", () -> hasOpen(verify, pipe));
      Command.run(
          List.of("kill", "-INT", Long.toString(verify.pid())), directory, Map.of("PATH", path()));
      assertThat(verify.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(held.getFD().valid()).isTrue();
    } finally {
      verify.destroyForcibly();
    }

    assertThat(Files.readString(said)).isEmpty();
    assertThat(verify.exitValue()).isEqualTo(130);
  }

  private static boolean hasOpen(Process process, Path file) throws Exception {
    try (var handles = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      for (Path handle : handles.toList()) {
        if (Files.isSymbolicLink(handle) && Files.readSymbolicLink(handle).equals(file)) {
          return true;
        }
      }
      return false;
    }
  }

  private static String path() {
    return "/usr/local/bin:/usr/bin:/bin";
  }

  private Path dataOfARun() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url());
      try (GatewayProcess gateway = rig.start()) {
        Script script = Script.plain(ASK, ASK);
        for (int i = 0; i < 5; i++) {
          try (Caller caller = gateway.call()) {
            caller.send(
                "POST",
                "/model/m/x?" + script.query(),
                Map.of("request-id", "v" + i),
                Framing.LENGTH,
                ASK);
            assertThat(caller.receive("POST").status()).isEqualTo(200);
          }
        }
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      return rig.data();
    }
  }

  private static Path anyFile(Path data) throws Exception {
    try (var files = Files.walk(data.resolve("files/request_response"))) {
      return files.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
  }
}
