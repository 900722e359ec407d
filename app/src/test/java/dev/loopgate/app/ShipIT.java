package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.ForwardReceiver;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `ship`: what a gateway left that was killed and never comes back.
final class ShipIT {
  @TempDir private Path directory;

  @Test
  void aKilledGatewaysSpoolIsShippedAndProven() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url()).with("--ship.window", "150s");
      try (GatewayProcess gateway = rig.start()) {
        predict(gateway, 30);
        assertThat(ship(rig.data()).output()).contains("spool").doesNotContain("Exception");
        gateway.kill();
      }

      GatewayProcess.Run shipped = ship(rig.data());
      assertThat(shipped.exit()).as(shipped.output()).isZero();
      assertThat(shipped.output()).contains("entries=30, nothing is left");
      assertThat(rig.lines()).hasSize(60);
      GatewayProcess.Run verified = rig.verify();
      assertThat(verified.exit()).as(verified.output()).isZero();
      GatewayProcess.Run again = ship(rig.data().resolve("spool"));
      assertThat(again.exit()).as(again.output()).isZero();
      assertThat(rig.lines()).hasSize(60);
    }
  }

  @Test
  void aSpoolThatLiesElsewhereNowGoesWhereSomebodySays() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url()).with("--ship.window", "150s");
      try (GatewayProcess gateway = rig.start()) {
        predict(gateway, 10);
        gateway.kill();
      }
      Path orphan = directory.resolve("orphan");
      Files.move(rig.data().resolve("spool"), orphan);
      Path files = directory.resolve("collected");

      GatewayProcess.Run shipped = ship(orphan, "--files", files.toString());

      assertThat(shipped.exit()).as(shipped.output()).isZero();
      GatewayProcess.Run verified = run("verify", files.toString());
      assertThat(verified.exit()).as(verified.output()).isZero();
      assertThat(verified.output()).contains("request_response=10");
    }
  }

  @Test
  void everySinkThatTheSpoolHadMustBeNamed() throws Exception {
    try (ScriptedModel model = ScriptedModel.start();
        ForwardReceiver fluentd = ForwardReceiver.start()) {
      String sinks = "[{name: search, url: \"fluentd://127.0.0.1:" + fluentd.port() + "\"}]";
      Rig rig =
          Rig.infrontOf(directory, model.url()).with("--ship.window", "150s", "--sinks", sinks);
      try (GatewayProcess gateway = rig.start()) {
        predict(gateway, 10);
        gateway.kill();
      }

      GatewayProcess.Run unnamed = ship(rig.data());
      assertThat(unnamed.exit()).isEqualTo(2);
      assertThat(unnamed.output()).contains("\"search\"", "fluentd://127.0.0.1:", "--sinks");
      GatewayProcess.Run shipped = ship(rig.data(), "--sinks", sinks);
      assertThat(shipped.exit()).as(shipped.output()).isZero();
      assertThat(fluentd.chunks()).hasSize(3); // two streams and the manifest

      GatewayProcess.Run verified = rig.verify();
      assertThat(verified.exit()).as(verified.output()).isZero();
      assertThat(verified.output()).contains("sink search:").contains("request_response=10");
      GatewayProcess.Run alone = run("verify", rig.data().toString(), "--sink", "search", "--json");
      assertThat(alone.exit()).as(alone.output()).isZero();
      assertThat(alone.output()).contains("\"balanced\"");
      GatewayProcess.Run none = run("verify", rig.data().toString(), "--sink", "nobody");
      assertThat(none.exit()).isEqualTo(2);
      assertThat(none.output()).contains("allowed: files, search");
    }
  }

  @Test
  void whatIsNoSpoolIsSaidInOneLine() throws Exception {
    GatewayProcess.Run none = ship(directory);
    assertThat(none.exit()).isEqualTo(2);
    assertThat(none.output()).startsWith("loopgate: spool: no spool is in").hasLineCount(1);
    GatewayProcess.Run unsaid = run("ship");
    assertThat(unsaid.exit()).isEqualTo(2);
    assertThat(unsaid.output()).contains("--spool DIR").hasLineCount(1);
  }

  private static GatewayProcess.Run ship(Path spool, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("ship", "--spool", spool.toString()));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(new String[0]));
  }

  private static GatewayProcess.Run run(String... arguments)
      throws IOException, InterruptedException {
    return GatewayProcess.run(
        new GatewayProcess.Launch(Command.jar(), List.of("-Xmx256m"), List.of(arguments)));
  }

  private static void predict(GatewayProcess gateway, int times) throws Exception {
    try (Caller caller = gateway.call()) {
      Script script = Script.plain(Payload.NONE, new Payload(Payload.Kind.TEXT, 3, 50));
      for (int i = 0; i < times; i++) {
        caller.send(
            "POST",
            "/model/m/predict?" + script.query(),
            Map.of("request-id", "id-" + i),
            Framing.LENGTH,
            script.request());
        assertThat(caller.receive("POST").status()).isEqualTo(200);
      }
    }
  }
}
