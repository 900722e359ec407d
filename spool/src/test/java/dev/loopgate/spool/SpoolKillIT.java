package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.testkit.MachineTime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Kills real processes amid their appends: no fake shows what the kernel keeps.
/// `-Dloopgate.kill.rounds=N` for more rounds than 10.
final class SpoolKillIT {
  @TempDir Path root;
  private final Path rings = ringDirectory();
  private final List<Path> madeRings = new ArrayList<>();

  static LongStream seeds() {
    long first = Long.getLong("loopgate.kill.seed", 1);
    return LongStream.range(first, first + Long.getLong("loopgate.kill.rounds", 10));
  }

  @AfterEach
  void removeRings() throws IOException {
    for (Path ring : madeRings) {
      Files.deleteIfExists(ring);
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void keepsAllThatWasAcceptedWheneverItIsKilled(long seed) throws Exception {
    Set<String> accepted = new HashSet<>();
    // Twice on one spool, so that a second life begins on what the first one left.
    for (int life = 0; life < 2; life++) {
      accepted.addAll(liveAndDie(seed * 2 + life, "never"));
    }
    check(accepted, "seed=" + seed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"openClaim", "midCopy", "midParts", "beforeWrite", "afterForce"})
  void keepsAllThatWasAcceptedWhereverItDies(String where) throws Exception {
    check(liveAndDie(1000, where), "where=" + where);
  }

  private Set<String> liveAndDie(long seed, String where) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path journal = root.resolve("journal-" + seed);
    Process child =
        new ProcessBuilder(
                java.toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                KillChild.class.getName(),
                root.resolve("spool").toString(),
                rings.toString(),
                Long.toString(seed),
                where)
            .redirectOutput(journal.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (where.equals("never")) {
      while (Files.size(journal) < 1000 && child.isAlive()) {
        child.waitFor(5, TimeUnit.MILLISECONDS);
      }
      child.waitFor(50 + new Random(seed).nextInt(600), TimeUnit.MILLISECONDS);
      child.destroyForcibly();
    }
    assertThat(child.waitFor(60, TimeUnit.SECONDS)).as("seed=%d, where=%s", seed, where).isTrue();
    return journalled(journal);
  }

  private static Set<String> journalled(Path journal) throws IOException {
    String text = Files.readString(journal, StandardCharsets.US_ASCII);
    String whole = text.substring(0, text.lastIndexOf('\n') + 1); // the last line may be cut
    Set<String> lines = new HashSet<>(whole.lines().toList());
    assertThat(lines.remove("ready")).isTrue();
    assertThat(lines).isNotEmpty();
    return lines;
  }

  private void check(Set<String> accepted, String as) throws IOException {
    SpoolFixture.Heard heard = new SpoolFixture.Heard();
    try (Spool spool =
        Spool.open(
            KillChild.config(root.resolve("spool"), rings),
            new MachineTime(),
            heard,
            new FileDisk(),
            RingHost.LINUX,
            new Random(7))) {
      madeRings.add(spool.ringFile().path());
      List<String> found = SpoolFixture.entries(spool);
      Set<String> ids = new HashSet<>();
      long predictions = 0;
      for (String entry : found) {
        String id = SpoolFixture.idOf(entry);
        assertThat(ids.add(id)).as("%s: twice: %s", as, id).isTrue();
        predictions += id.startsWith("p") ? 1 : 0;
      }
      assertThat(accepted).as(as).isSubsetOf(ids);
      LedgerCounts counts = SpoolFixture.noted(spool, EntryKind.PREDICTION);
      assertThat(counts.accepted()).as("%s: %s", as, heard.recovered).isEqualTo(predictions);
      assertThat(counts.open()).as("%s: %s", as, counts).isZero();
      assertThat(counts.dropped().get(DropReason.GATEWAY_KILLED.number()))
          .as(as)
          .isLessThanOrEqualTo(2L * KillChild.LANES);
      LedgerCounts feedback = SpoolFixture.noted(spool, EntryKind.FEEDBACK);
      assertThat(feedback.accepted()).as(as).isEqualTo(found.size() - predictions);
      assertThat(feedback.open()).as(as).isZero();
      assertThat(SpoolFixture.gaps(spool)).as(as).isEmpty();
    }
  }

  private static Path ringDirectory() {
    Path shm = Path.of("/dev/shm");
    return Files.isWritable(shm) ? shm : Path.of("/tmp");
  }
}
