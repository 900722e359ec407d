package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.LoadJournal;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `inspect` and `verify` as their user runs them, on what a gateway left that was killed, and
/// beside one that is at work.
final class LookThroughIT {
  private static final int PREDICTIONS = 7;
  private static final Pattern COUNT = Pattern.compile("in_(?:log|ring)\\{([^}]*)\\}");

  @TempDir private Path directory;

  @Test
  void afterAKillAllThatWasAnsweredIsCounted() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url()).with("--ship.window", "150s");
      try (GatewayProcess gateway = rig.start()) {
        predictThenKill(gateway, rig);
      }

      GatewayProcess.Run inspect = run("inspect", rig.data());
      assertThat(inspect.exit()).as(inspect.output()).isZero();
      assertThat(inspect.output())
          .contains("spool: id=", "log: segments=1", "ring: ", "plan: none");
      assertThat(inspect.output()).doesNotContain("! ");
      GatewayProcess.Run verify = rig.verify();
      assertThat(verify.exit()).as(verify.output()).isZero();
      assertThat(verify.output()).contains(" OPEN files=0", "balanced: hours=");
      assertThat(awaited(verify.output())).isEqualTo(PREDICTIONS);

      damage(rig);
      GatewayProcess.Run damaged = rig.verify();
      assertThat(damaged.exit()).as(damaged.output()).isOne();
      assertThat(damaged.output()).contains("! ", "not balanced: findings=");
    }
  }

  @Test
  void besideAGatewayAtWorkItBalances() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig =
          Rig.infrontOf(directory, model.url())
              .with("--ship.window", "1s", "--spool.segment-bytes", "2MiB");
      try (GatewayProcess gateway = rig.start()) {
        for (int i = 0; i < 12; i++) {
          // A look reads all that was published: without an end to the load it never caught up.
          Load load = Load.start(new LoadJournal(), gateway, i, new Random(i), 60);
          GatewayProcess.Run verify = rig.verify();
          assertThat(verify.exit()).as(verify.output()).isZero();
          assertThat(run("inspect", rig.data()).exit()).isZero();
          load.join();
          assertThat(load.unexpected()).isEmpty();
        }
        assertThat(gateway.stop()).isZero();
      }
      assertThat(rig.verify().exit()).isZero();
    }
  }

  private static void predictThenKill(GatewayProcess gateway, Rig rig) throws Exception {
    try (Caller caller = gateway.call()) {
      Script script = Script.plain(Payload.NONE, new Payload(Payload.Kind.TEXT, 3, 50));
      for (int i = 0; i < PREDICTIONS; i++) {
        caller.send(
            "POST",
            "/model/m/predict?" + script.query(),
            Map.of("request-id", "answered-" + i),
            Framing.LENGTH,
            script.request());
        Answer answer = caller.receive("POST");
        assertThat(answer.status()).isEqualTo(200);
        if (i == 0) { // else all may be in the ring alone, and there is nothing to damage
          Rig.await("answered-0 in the log", () -> isInLog(rig, "answered-0"));
        }
      }
      gateway.kill();
    }
  }

  private static long awaited(String output) {
    long sum = 0;
    Matcher places = COUNT.matcher(output);
    while (places.find()) {
      sum += Long.parseLong(places.group(1).replace("prediction=", ""));
    }
    return sum;
  }

  private static boolean isInLog(Rig rig, String text) throws IOException {
    for (Path segment : segments(rig)) {
      if (Files.readString(segment, StandardCharsets.ISO_8859_1).contains(text)) {
        return true;
      }
    }
    return false;
  }

  private static List<Path> segments(Rig rig) throws IOException {
    try (Stream<Path> segments = Files.list(rig.data().resolve("spool").resolve("wal"))) {
      return segments.toList();
    }
  }

  /// Takes away the first prediction.
  private static void damage(Rig rig) throws IOException {
    for (Path segment : segments(rig)) {
      byte[] bytes = Files.readAllBytes(segment);
      int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("answered-0");
      if (at >= 0) {
        bytes[at] ^= 1;
        Files.write(segment, bytes);
        return;
      }
    }
    throw new AssertionError("not in the log: answered-0");
  }

  private static GatewayProcess.Run run(String verb, Path data) throws Exception {
    return GatewayProcess.run(
        new GatewayProcess.Launch(Command.jar(), List.of(), List.of(verb, data.toString())));
  }
}
