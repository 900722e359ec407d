package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.EntryKind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A sink that may be behind no further than it was told: what it gives up is counted, and holds
/// back no log.
final class SkipTest {
  private static final int LAG = 64 * 40; // 20 entries and their notes

  static LongStream seeds() {
    return LongStream.range(0, 60);
  }

  private static ShipperSim sim(long seed, long lag) {
    ShipperSim sim = new ShipperSim(seed);
    sim.config =
        sim.config.withBytesMax(3_000, 900).withSink(new ShipperConfig.Sink("search", lag));
    return sim;
  }

  private static void append(ShipperSim sim, int entries) {
    for (int i = 0; i < entries; i++) {
      String id = "id-" + sim.log.entries().size();
      sim.log.append(FakeLog.feedback(id, "m", "1", sim.time.epochMillis()));
    }
  }

  private static long skipped(ShipperSim sim) throws IOException {
    long count = 0;
    for (Manifest manifest : sim.manifests().values()) {
      count += SeqSet.of(manifest.skipped()).count();
    }
    return count;
  }

  private static void assertEachFoundOrSkipped(ShipperSim sim, String as) throws IOException {
    sim.assertManifestsHold(as);
    Map<String, List<String>> found = ShipperSim.found(sim.objects());
    List<String> ids = new ArrayList<>(found.getOrDefault("feedback", List.of()));
    ids.addAll(found.getOrDefault("request_response", List.of()));
    assertThat(new HashSet<>(ids)).as(as).hasSameSizeAs(ids);
    assertThat(ids.size() + skipped(sim)).as(as).isEqualTo(sim.log.entries().size());
  }

  @Test
  void aStoreThatIsDownHoldsBackNoMoreThanTheLag() throws IOException {
    ShipperSim sim = sim(1, LAG);
    sim.refuses = true;
    sim.start();
    append(sim, 10);
    sim.time.advance(Duration.ofSeconds(150));
    sim.work(); // a window is planned, and parked
    assertThat(sim.events.parked).hasSize(1);

    for (int i = 0; i < 20; i++) {
      append(sim, 10);
      sim.work();
      assertThat(sim.log.bytesAfter(sim.log.released())).isLessThanOrEqualTo(LAG + 64 * 60L);
    }
    assertThat(sim.events.skipped).isBetween(150L, 200L);
    assertThat(sim.shipper().status().skippedEntries()).isEqualTo(sim.events.skipped);

    sim.memory().refuse(false);
    sim.refuses = false;
    sim.workUntilDone();
    assertEachFoundOrSkipped(sim, "after");
    assertThat(skipped(sim)).isEqualTo(sim.events.skipped);
    assertThat(ShipperSim.found(sim.objects()).get("feedback")).contains("id-0", "id-209");
  }

  @Test
  void aRequiredSinkIsNeverSkipped() throws IOException {
    ShipperSim sim = sim(1, 0);
    sim.refuses = true;
    sim.start();
    append(sim, 500);
    sim.time.advance(Duration.ofSeconds(150));
    sim.work();

    assertThat(sim.events.skipped).isZero();
    assertThat(sim.log.released().segment()).isZero();
    sim.refuses = false;
    sim.memory().refuse(false);
    sim.workUntilDone();
    sim.assertEachOnce("required");
  }

  @Test
  void aSinkThatComesLateCountsWhatWasBeforeIt() throws IOException {
    ShipperSim files = new ShipperSim(1);
    append(files, 7);
    files.log.recycleAll();
    files.config = files.config.withSink(new ShipperConfig.Sink("search", 0));
    append(files, 3);
    files.start();
    files.workUntilDone();

    assertThat(skipped(files)).isEqualTo(7);
    assertThat(ShipperSim.found(files.objects()).get("feedback"))
        .containsExactly("id-7", "id-8", "id-9");
    files.assertManifestsHold("late");
  }

  @Test
  void aSinkMayComeAfterSoManySegmentsAsNoWindowSpans() throws IOException {
    ShipperSim sim = new ShipperSim(1);
    append(sim, 40_000); // 16 records a segment, an entry and its note each: 5,000 segments
    sim.log.recycleAll();
    sim.config = sim.config.withSink(new ShipperConfig.Sink("search", 0));
    append(sim, 30);
    sim.start();
    sim.workUntilDone();

    assertThat(ShipperSim.found(sim.objects()).get("feedback")).hasSize(30);
    assertThat(skipped(sim)).isEqualTo(40_000);
    assertThat(sim.events.quarantined).isZero();
  }

  @Test
  void whatASinkHasTakenIsNotSkippedAfterItsHoursWereLetGo() throws IOException {
    ShipperSim sim = sim(1, 0);
    append(sim, 6);
    sim.start();
    sim.workUntilDone();
    sim.time.advance(Duration.ofHours(12));
    sim.start(); // a start lets hours go that are long past
    sim.workUntilDone();
    sim.start();
    append(sim, 3);
    sim.workUntilDone();

    assertThat(skipped(sim)).isZero();
    assertEachFoundOrSkipped(sim, "let go");
  }

  @Test
  void aFirstWindowOfNotesAloneLeavesThePastToTheNext() throws IOException {
    ShipperSim sim = sim(1, 0);
    append(sim, 5);
    sim.log.recycleAll();
    sim.log.note(FakeLog.ledger(sim.time.epochMillis(), EntryKind.PREDICTION, 1, 0));
    sim.start();
    sim.time.advance(Duration.ofSeconds(150));
    sim.workUntilDone();
    append(sim, 2);
    sim.time.advance(Duration.ofSeconds(150));
    sim.workUntilDone();

    assertThat(skipped(sim)).isEqualTo(5);
    assertEachFoundOrSkipped(sim, "notes");
  }

  @Test
  void aSinkThatWasGoneForAWhileCountsWhatPassedMeanwhile() throws IOException {
    ShipperSim sim = sim(1, 0);
    append(sim, 4);
    sim.start();
    sim.workUntilDone();
    append(sim, 5);
    sim.log.recycleAll();
    append(sim, 2);
    sim.start();
    sim.workUntilDone();

    assertThat(skipped(sim)).isEqualTo(5);
    assertEachFoundOrSkipped(sim, "gone");
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void eachIsFoundOnceOrSkippedOnceWhateverDies(long seed) throws IOException {
    ShipperSim sim = sim(seed, LAG);
    sim.faultsPercent = 60;
    int rounds = 40;
    boolean started = false;
    for (int round = 0; round < rounds; round++) {
      append(sim, sim.random.nextInt(12));
      sim.time.advance(Duration.ofSeconds(sim.random.nextInt(900)));
      if (sim.random.nextInt(5) == 0) {
        sim.tree.killAt(sim.tree.steps() + 1 + sim.random.nextInt(30));
      }
      try {
        if (!started) {
          sim.start();
          started = true;
        }
        sim.work();
      } catch (FaultyTree.Killed _) {
        started = false;
        if (sim.random.nextBoolean()) {
          sim.tree.cutPower();
        } else {
          sim.tree.restart();
        }
      }
    }
    sim.tree.killAt(Integer.MAX_VALUE);
    sim.faultsPercent = 0;
    sim.start();
    sim.workUntilDone();

    assertEachFoundOrSkipped(sim, "seed=" + seed);
    assertThat(sim.log.released()).as("seed=" + seed).isEqualTo(sim.log.durableEnd());
  }
}
