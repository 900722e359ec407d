package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.EntryKind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each entry is in files exactly once, whatever dies, fails or answers late (rows 2, 3 and 6 of
/// the fault matrix, in simulation).
final class LogShipperModelTest {
  static LongStream seeds() {
    return LongStream.range(0, 60);
  }

  private static ShipperSim sim(long seed, boolean local) {
    ShipperSim sim = new ShipperSim(seed);
    sim.local = local;
    sim.compressesAnew = true;
    sim.config = sim.config.withBytesMax(3_000, 900); // several windows, files that split
    fill(sim, new Random(seed), 60);
    return sim;
  }

  private static void fill(ShipperSim sim, Random random, int entries) {
    for (int i = 0; i < entries; i++) {
      String id = "id-" + sim.log.entries().size();
      long millis = sim.time.epochMillis() - random.nextInt(90) * 60_000L;
      String model = "model-" + random.nextInt(3);
      if (random.nextInt(3) == 0) {
        sim.log.append(FakeLog.feedback(id, model, "1", millis));
      } else {
        sim.log.append(FakeLog.prediction(id, model, "1", millis));
      }
      if (random.nextInt(20) == 0) {
        sim.log.lose(1 + random.nextInt(3));
      }
    }
  }

  /// Runs until all is shipped; dies at `killAt` steps, and now and then again while coming back.
  private static void runDyingAt(ShipperSim sim, int killAt, boolean power) {
    int deaths = 0;
    sim.tree.killAt(killAt);
    while (true) {
      try {
        sim.start();
        sim.workUntilDone();
        return;
      } catch (FaultyTree.Killed _) {
        deaths++;
        if (power) {
          sim.tree.cutPower();
        } else {
          sim.tree.restart();
        }
        if (deaths < 4) {
          sim.tree.killAt(sim.tree.steps() + 1 + sim.random.nextInt(25));
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static void assertAllHolds(ShipperSim sim, String as) throws IOException {
    sim.assertEachOnce(as);
    sim.assertManifestsHold(as);
    assertThat(sim.events.parked).as(as).isEmpty();
    Path staging = sim.local ? ShipperSim.FILES.resolve(".staging") : Path.of("/staging");
    assertThat(sim.tree.files(staging)).as(as).isEmpty();
    assertThat(sim.tree.files(ShipperSim.SPOOL.resolve("commit"))).as(as).hasSizeLessThan(2);
    assertThat(sim.log.released()).as(as).isEqualTo(sim.log.durableEnd());
  }

  @Test
  void shipsEachOnceWhereverItIsKilled() throws IOException {
    for (boolean local : new boolean[] {true, false}) {
      ShipperSim whole = sim(1, local);
      runDyingAt(whole, Integer.MAX_VALUE, false);
      assertAllHolds(whole, "whole");
      for (int step = 0; step < whole.tree.steps(); step += stride(step)) {
        for (boolean power : new boolean[] {true, false}) {
          ShipperSim sim = sim(1, local);
          runDyingAt(sim, step, power);
          assertAllHolds(sim, "local=" + local + ", power=" + power + ", step=" + step);
        }
      }
    }
  }

  /// Each step of the first window and of the start; then each third: windows repeat themselves.
  private static int stride(int step) {
    return step < 250 ? 1 : 3;
  }

  @Test
  void shipsEachOnceWhereLinksAreRefused() throws IOException {
    for (int step = 0; step < 400; step += 2) {
      ShipperSim sim = sim(2, true);
      sim.tree.refuseLinks();
      runDyingAt(sim, step, false);
      sim.assertEachOnce("step=" + step);
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void shipsEachOnceToAStoreThatAnswersLateOrNever(long seed) throws IOException {
    ShipperSim sim = sim(seed, false);
    sim.faultsPercent = 40;

    runDyingAt(sim, sim.random.nextInt(300), sim.random.nextBoolean());

    assertAllHolds(sim, "seed=" + seed);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void keepsAllWhileTheDiskIsFullAndGoesOnAfterwards(long seed) throws IOException {
    ShipperSim sim = sim(seed, seed % 2 == 0);
    String[] kinds = {"write", "force", "create", "forceDirectory", "link", "delete", "open"};
    String kind = kinds[sim.random.nextInt(kinds.length)];
    int from = 20 + sim.random.nextInt(200);
    sim.tree.fail(kind, from, from + sim.random.nextInt(40));

    sim.start();
    sim.workUntilDone();

    assertAllHolds(sim, "seed=" + seed + ", kind=" + kind);
  }

  /// Row 7 of the fault matrix: a second force of the same file would say that all is well.
  @Test
  void whatAFailedForceLeftIsNotTrustedByAPowerCutBehindIt() throws IOException {
    for (boolean local : new boolean[] {true, false}) {
      ShipperSim whole = sim(3, local);
      runDyingAt(whole, Integer.MAX_VALUE, false);
      for (int step = 0; step < whole.tree.steps(); step += 2) {
        String as = "local=" + local + ", step=" + step;
        ShipperSim sim = sim(3, local);
        sim.tree.fail("force", step, step + 2);
        sim.tree.killAt(step + 2 + step % 13);
        try {
          sim.start();
          sim.workUntilDone();
        } catch (FaultyTree.Killed _) {
          sim.tree.cutPower();
        }
        sim.tree.killAt(Integer.MAX_VALUE);
        sim.start();
        sim.workUntilDone();
        assertAllHolds(sim, as);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void goesOnUnderTrafficThroughHoursAndClockSteps(long seed) throws IOException {
    ShipperSim sim = new ShipperSim(seed);
    sim.local = seed % 2 == 0;
    sim.compressesAnew = true;
    Random random = new Random(seed);
    sim.start();
    for (int i = 0; i < 60; i++) {
      fill(sim, random, random.nextInt(5));
      if (random.nextInt(3) == 0) { // what is begun ends in an hour of its own, or never
        long millis = sim.time.epochMillis() - random.nextInt(90) * 60_000L;
        boolean begins = random.nextBoolean();
        sim.log.note(FakeLog.ledger(millis, EntryKind.PREDICTION, begins ? 2 : 0, begins ? 0 : 1));
      }
      sim.time.advance(Duration.ofSeconds(random.nextInt(1200)));
      switch (random.nextInt(12)) {
        case 0 -> sim.jump(Duration.ofHours(1));
        case 1 -> sim.jump(Duration.ofHours(-2));
        case 2 -> sim.jump(Duration.ofDays(1));
        case 3 -> {
          sim.tree.cutPower();
          sim.start();
        }
        default -> {}
      }
      sim.work();
    }
    sim.time.advance(Duration.ofDays(3));

    sim.workUntilDone();

    assertAllHolds(sim, "seed=" + seed);
  }

  /// Row 16 of the fault matrix: entries and shipper on one clock that steps, across the ends of
  /// years and of Februaries.
  @ParameterizedTest
  @MethodSource("seeds")
  void goesOnWhileTheClockStepsAcrossTheEndsOfYearsAndFebruaries(long seed) throws IOException {
    String[] evenings = {
      "2026-12-31T21:10:00Z", "2027-02-28T22:30:00Z", "2028-02-28T23:00:00Z", "2099-12-31T23:50:00Z"
    };
    ShipperSim sim = new ShipperSim(seed);
    sim.time.setWall(Instant.parse(evenings[(int) (seed % evenings.length)]));
    sim.local = seed % 2 == 0;
    Random random = new Random(seed);
    sim.start();
    Duration[] steps = {
      Duration.ofHours(1),
      Duration.ofHours(-2),
      Duration.ofDays(1),
      Duration.ofDays(-1),
      Duration.ofSeconds(-1), // a leap second, told twice
      Duration.ofSeconds(1)
    };
    for (int i = 0; i < 40; i++) {
      fill(sim, random, 1 + random.nextInt(5));
      sim.work(); // a window opens, and the clock steps while it is open
      if (random.nextInt(3) == 0) {
        sim.jump(steps[random.nextInt(steps.length)]);
        fill(sim, random, 1);
        sim.work();
      }
      sim.time.advance(sim.config.window());
      sim.work();
      sim.assertEachOnce("no stall: seed=" + seed + ", round=" + i);
      sim.time.advance(Duration.ofSeconds(random.nextInt(1200)));
    }
    sim.time.advance(Duration.ofDays(3));

    sim.workUntilDone();

    assertAllHolds(sim, "seed=" + seed);
  }

  /// Row 10 of the fault matrix: traffic goes on; what waits is log, never plans or staged files.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void catchesUpAfterAStoreThatWasDownForADay(boolean restarts) throws IOException {
    ShipperSim sim = new ShipperSim(1);
    sim.config = sim.config.withBytesMax(1_500, 900);
    Random random = new Random(1);
    sim.start();
    fill(sim, random, 20);
    sim.workUntilDone();
    sim.faultsPercent = 100; // answers are lost, some after the object is there
    sim.memory().faults(100);
    int stagedMax = 0;
    int commitsMax = 0;
    for (int minute = 0; minute < 24 * 60; minute += 5) {
      fill(sim, random, 3);
      sim.time.advance(Duration.ofMinutes(5));
      sim.work();
      if (restarts && minute % 300 == 0) {
        sim.tree.restart();
        sim.start();
      }
      stagedMax = Math.max(stagedMax, sim.tree.files(Path.of("/staging")).size());
      for (Path log : sim.tree.files(ShipperSim.SPOOL.resolve("commit"))) {
        commitsMax = Math.max(commitsMax, sim.tree.bytes(log).length);
      }
    }
    long waited = sim.log.durableEnd().segment() - sim.log.released().segment();
    assertThat(waited).as("the backlog is the log").isGreaterThan(50);
    assertThat(stagedMax).as("files of one window").isLessThan(100);
    assertThat(commitsMax).as("one plan").isLessThan(64 << 10);
    assertThat(sim.events.retries).as("with breaks").isLessThan(24 * 60 * 2);
    int before = sim.events.windows.get();
    sim.memory().faults(0);
    sim.faultsPercent = 0;
    long up = sim.time.epochMillis();

    sim.workUntilDone();

    assertThat(sim.time.epochMillis() - up).isLessThan(Duration.ofMinutes(10).toMillis());
    assertThat(sim.events.windows.get() - before).as("windows, each bounded").isGreaterThan(50);
    sim.time.advance(Duration.ofHours(3));
    sim.workUntilDone();
    assertAllHolds(sim, "restarts=" + restarts);
    assertThat(sim.manifests()).hasSizeGreaterThanOrEqualTo(24);
  }
}
