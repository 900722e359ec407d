package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FilesReader;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.LoadJournal;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// P1 at the completing byte: a caller that has everything kills the gateway that instant, and
/// finds its entry after the restart.
final class CompletingByteIT {
  private static final int KILLS = Integer.getInteger("loopgate.completing-byte.kills", 5);
  private static final int EXCHANGES_BEFORE = 3;

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource(Framing.class)
  void whoHasTheLastByteFindsTheEntry(Framing framing) throws Exception {
    LoadJournal journal = new LoadJournal();
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url()).with("--spool.segment-bytes", "8MiB");
      for (int kill = 0; kill < KILLS; kill++) {
        try (GatewayProcess gateway = rig.start()) {
          for (int i = 0; i <= EXCHANGES_BEFORE; i++) {
            try (Caller caller = gateway.call()) {
              exchange(caller, framing, "k" + kill + "-" + i, journal);
              if (i == EXCHANGES_BEFORE) {
                gateway.kill(); // at once: no other work between the last byte and this
              }
            }
          }
        }
      }
      try (GatewayProcess gateway = rig.start()) {
        assertThat(gateway.stop()).isZero();
      }

      FilesReader reader = rig.check(journal);

      assertThat(journal.answeredCount()).isEqualTo(KILLS * (EXCHANGES_BEFORE + 1));
      assertThat(journal.violations()).isEmpty();
      assertThat(reader.problems()).isEmpty();
    }
  }

  private static void exchange(Caller caller, Framing framing, String id, LoadJournal journal)
      throws IOException {
    // Large enough that the answer takes several reads, small enough that none waits for the
    // caller.
    Script script =
        Script.plain(
                new Payload(Payload.Kind.TEXT, id.hashCode(), 500),
                new Payload(Payload.Kind.TEXT, id.hashCode() + 1, 50_000))
            .framed(framing)
            .answering(framing == Framing.NONE ? 204 : 200);
    journal.asking(id, new LoadJournal.Asked(true, script));
    journal.answered(id); // holds only if the next two lines return; else the test fails anyway
    caller.send(
        "POST",
        "/model/m/predict?" + script.query(),
        Map.of("request-id", id),
        Framing.LENGTH,
        script.request());
    caller.receive("POST");
  }
}
