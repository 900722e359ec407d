package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.spool.Spool;
import dev.loopgate.testkit.MachineTime;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows 2 and 3 of the fault matrix: real processes that are gone at a named point of the commit
/// protocol, and again while they come back. `-Dloopgate.kill.rounds=N` for more rounds than 5 of
/// any points.
final class ShipperKillIT {
  @TempDir Path directory;

  private final Set<String> accepted = new HashSet<>();

  static LongStream seeds() {
    long first = Long.getLong("loopgate.kill.seed", 1);
    return LongStream.range(first, first + Long.getLong("loopgate.kill.rounds", 5));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "before snapshot",
        "after snapshot",
        "before stage",
        "mid stage",
        "after stage",
        "before plan",
        "mid plan",
        "after plan",
        "before put",
        "after put",
        "between puts",
        "before commit",
        "mid commit",
        "after commit",
        "before unstage",
        "after unstage",
        "before recycle",
        "after recycle",
        "before manifest plan",
        "after manifest plan",
        "after manifest put",
        "after manifest end"
      })
  void shipsEachOnceWhereverItDies(String where) throws Exception {
    assertThat(die("a", where, false)).as(where).isEqualTo(ShipperKillChild.DEAD);
    die(
        "b",
        "step " + (2 + Math.floorMod(where.hashCode(), 7)),
        false); // and within what it does about it
    check(where, false);
  }

  /// Three deaths in a row, each any number of steps after a start.
  @ParameterizedTest
  @MethodSource("seeds")
  void shipsEachOnceHoweverOftenItDies(long seed) throws Exception {
    Random random = new Random(seed);
    boolean refusesLinks = random.nextInt(3) == 0;
    for (String life : List.of("a", "b", "c")) {
      int bound = random.nextBoolean() ? 12 : 150; // in what a start does, or anywhere
      die(life, "step " + random.nextInt(bound), refusesLinks);
    }
    check("seed=" + seed + ", refuses links=" + refusesLinks, refusesLinks);
  }

  private RealSpool real() {
    return new RealSpool(directory, new MachineTime(), new RecordedEvents());
  }

  /// One process' life; its exit code.
  private int die(String prefix, String where, boolean refusesLinks) throws Exception {
    Path journal = directory.resolve("journal-" + prefix);
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ShipperKillChild.class.getName(),
                directory.toString(),
                prefix,
                where,
                Boolean.toString(refusesLinks))
            .redirectOutput(journal.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(child.waitFor(60, TimeUnit.SECONDS)).as(where).isTrue();
    assertThat(child.exitValue()).as(where).isIn(0, ShipperKillChild.DEAD);
    accepted.addAll(Files.readAllLines(journal, StandardCharsets.US_ASCII));
    return child.exitValue();
  }

  /// After a last life that nothing ends.
  private void check(String as, boolean refusesLinks) throws IOException {
    ByteArrayOutputStream journal = new ByteArrayOutputStream();
    ShipperKillChild.live(
        real(), "z", new PrintStream(journal, true, StandardCharsets.US_ASCII), "", refusesLinks);
    accepted.addAll(journal.toString(StandardCharsets.US_ASCII).lines().toList());

    Map<String, List<String>> found = ShipperSim.found(real().objects());
    assertThat(found.get("response_body")).as(as).isEqualTo(found.get("request_response"));
    TreeSet<String> all = new TreeSet<>();
    found
        .getOrDefault("request_response", List.of())
        .forEach(id -> assertThat(all.add("p" + id)).as("%s: twice: %s", as, id).isTrue());
    found
        .getOrDefault("feedback", List.of())
        .forEach(id -> assertThat(all.add("f" + id)).as("%s: twice: %s", as, id).isTrue());
    assertThat(all).as(as).isEqualTo(new TreeSet<>(accepted));
    Path commits = directory.resolve("spool").resolve("commit");
    assertThat(commits.toFile().list()).as("%s: one commit log", as).hasSize(1);
    Verification.Report report =
        Verification.of(
            directory, Spool.idIn(directory.resolve("spool")), directory, Verification.How.PLAIN);
    assertThat(report.verdict())
        .as("%s: %s", as, report.lines())
        .isEqualTo(Verification.Verdict.BALANCED);
  }
}
