package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `--ship off`: the spool keeps all, nothing is published until a start with `on`.
final class ShipOffIT {
  private static final Payload ASK = new Payload(Payload.Kind.TEXT, 21, 300);
  private static final Script PLAIN = Script.plain(ASK, ASK);

  @TempDir private Path directory;

  @Test
  void keepsAllInTheSpoolUntilShippingIsOnAgain() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url());
      try (GatewayProcess gateway = rig.with("--ship", "off").start()) {
        try (Caller caller = gateway.call()) {
          caller.send(
              "POST",
              "/model/m/x?" + PLAIN.query(),
              Map.of("request-id", "kept"),
              Framing.LENGTH,
              ASK);
          assertThat(caller.receive("POST").status()).isEqualTo(200);
        }
        Rig.await(
            "the entry in the log",
            () -> Rig.metrics(gateway).getOrDefault("loopgate_ledger_pending", 0.0) == 1.0);
        assertThat(gateway.stop()).as(gateway.output()).isZero();
        assertThat(gateway.output()).contains("ship=off: nothing is published");
      }
      assertThat(rig.lines()).isEmpty();

      try (GatewayProcess gateway = rig.start()) {
        rig.awaitLine("request_response", "kept");
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
    }
  }
}
