package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.testkit.FilesReader;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.LoadJournal;
import dev.loopgate.testkit.ScriptedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Kill -9 under load, again and again on one data directory; then oracle 1 to 9 of what is found.
/// `-Dloopgate.kill.rounds=50` for more rounds, `-Dloopgate.kill.seed=N` for the load of a failed
/// run.
final class KillIT {
  private static final int ROUNDS = Integer.getInteger("loopgate.kill.rounds", 10);
  private static final int LIFE_MILLIS_MAX = 1_500;

  private final long seed = Long.getLong("loopgate.kill.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final LoadJournal journal = new LoadJournal();

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path directory; // with what each life said, for whoever looks into a failure

  @Test
  void nothingAnsweredIsLostDoubledOrInvented() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url()).with("--spool.segment-bytes", "8MiB");
      for (int round = 0; round < ROUNDS; round++) {
        killOnce(rig, round);
      }
      int exit = lastLife(rig);

      FilesReader reader = rig.check(journal);
      System.out.printf(
          "KillIT: seed=%d, rounds=%d, asked=%d, answered=%d, found=%d, truncated bodies=%d%n",
          seed,
          ROUNDS,
          journal.askedCount(),
          journal.answeredCount(),
          journal.entriesFound(),
          journal.truncatedFound());
      assertThat(exit).as("exit of the clean stop, seed=%d", seed).isZero();
      assertThat(journal.violations()).as("oracle, seed=%d", seed).isEmpty();
      assertThat(reader.problems()).as("names and hours, seed=%d", seed).isEmpty();
      assertThat(reader.holes()).as("n, seed=%d", seed).isEmpty();
      assertThat(journal.answeredCount()).as("the load was one").isGreaterThan(ROUNDS * 20);
      GatewayProcess.Run verify = rig.verify();
      assertThat(verify.exit()).as("verify, seed=%d: %s", seed, verify.output()).isZero();
      ledgerBalances(reader);
    }
  }

  private void killOnce(Rig rig, int round) throws Exception {
    try (GatewayProcess gateway = rig.start()) {
      Load load = Load.start(journal, gateway, round, random);
      Duration life = Duration.ofMillis(1 + random.nextInt(LIFE_MILLIS_MAX));
      LockSupport.parkNanos(life.toNanos()); // the moment of death, not a wait for something
      boolean lived = gateway.isAlive();
      gateway.kill();
      load.join();
      Files.writeString(directory.resolve("life-" + round), gateway.output());
      assertThat(lived).as("died by itself: %s", gateway.output()).isTrue();
      assertThat(load.unexpected()).as("round=%d, seed=%d", round, seed).isEmpty();
    }
  }

  /// Oracle 8: what is answered after the last fault is in a file soon, while the gateway runs.
  private int lastLife(Rig rig) throws Exception {
    try (GatewayProcess gateway = rig.start()) {
      Load load = Load.start(journal, gateway, ROUNDS, random);
      LoadJournal fresh = new LoadJournal();
      LockSupport.parkNanos(Duration.ofMillis(300).toNanos()); // some load
      load.stop();
      Load last = Load.start(fresh, gateway, ROUNDS + 1, new Random(seed));
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      last.stop();
      journal.takeAll(fresh);
      rig.awaitIds(fresh.answeredIds());
      assertThat(load.unexpected()).as("seed=%d", seed).isEmpty();
      return gateway.stop();
    }
  }

  private void ledgerBalances(FilesReader reader) {
    long begun = 0;
    long accepted = 0;
    long sampledOut = 0;
    long dropped = 0;
    long killed = 0;
    for (FilesReader.Manifest manifest : reader.manifests()) {
      for (JsonNode row : manifest.content().path("ledger")) {
        begun += row.path("begun").asLong();
        accepted += row.path("accepted").asLong();
        sampledOut += row.path("sampled_out").asLong();
        killed += row.path("dropped").path("gateway_killed").asLong();
        for (JsonNode reason : row.path("dropped")) {
          dropped += reason.asLong();
        }
      }
    }
    System.out.printf(
        "KillIT: ledger begun=%d, accepted=%d, sampled_out=%d, dropped=%d, of these killed=%d%n",
        begun, accepted, sampledOut, dropped, killed);
    assertThat(begun).as("ledger, seed=%d", seed).isEqualTo(accepted + sampledOut + dropped);
    assertThat(accepted).as("ledger and files, seed=%d", seed).isEqualTo(journal.entriesFound());
    assertThat(dropped).as("dropped but by the kill, seed=%d", seed).isEqualTo(killed);
    assertThat(begun).as("begun, seed=%d", seed).isLessThanOrEqualTo(journal.askedCount());
  }
}
