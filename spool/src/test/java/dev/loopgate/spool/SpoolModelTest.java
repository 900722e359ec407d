package dev.loopgate.spool;

import static dev.loopgate.capture.EntryKind.FEEDBACK;
import static dev.loopgate.capture.EntryKind.PREDICTION;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Ring, writer and log together on the strict fault disk: kills, after which the ring is still
/// there, power cuts inside any I/O step, after which it is gone, and failing forces; also amid
/// recovery.
final class SpoolModelTest {
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  @TempDir Path root;

  /// What a caller may rely on.
  private final List<String> accepted = new ArrayList<>(); // since the last look, in order

  private final Set<String> answered = new HashSet<>(); // feedback told DURABLE
  private final Set<String> surviving = new HashSet<>(); // accepted, and no power was cut since
  private long begun;
  private boolean powerCut;
  private int number;
  private int offered;

  static LongStream seeds() {
    long rounds = Long.getLong("loopgate.model.rounds", 60);
    LongStream found = LongStream.of(907, 930); // a snapshot older than the group before it
    return LongStream.concat(found, LongStream.range(0, rounds));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void keepsWhatItPromisedThroughKillsAndPowerCuts(long seed) throws IOException {
    Random random = new Random(seed);
    FaultyDisk disk = new FaultyDisk(random);
    Path rings = Files.createDirectories(root.resolve("shm"));
    SpoolFixture fixture = new SpoolFixture(disk, Path.of("/spool"), rings, 64 << 10);
    fixture.random = random;
    for (int life = 0; life < 6; life++) {
      live(fixture, disk, random, seed);
    }
    Spool last = fixture.open();
    Set<String> found = new HashSet<>();
    for (String entry : SpoolFixture.entries(last)) {
      assertThat(found.add(SpoolFixture.idOf(entry)))
          .as("seed=%d: twice: %s", seed, entry)
          .isTrue();
    }
    assertThat(found).as("seed=%d", seed).containsAll(answered).containsAll(surviving);
    assertThat(accepted).as("seed=%d: invented", seed).containsAll(found);
    // The ring is small; but a spool that refuses nearly all would promise too little to be tested.
    assertThat(accepted.size()).as("seed=%d", seed).isGreaterThanOrEqualTo(offered / 3);
    LedgerCounts predictions = SpoolFixture.noted(last, PREDICTION);
    LedgerCounts feedback = SpoolFixture.noted(last, FEEDBACK);
    assertThat(predictions.accepted() + feedback.accepted())
        .as("seed=%d", seed)
        .isEqualTo(found.size());
    if (!powerCut) {
      assertThat(predictions.begun() + feedback.begun()).as("seed=%d", seed).isEqualTo(begun);
      assertThat(predictions.open() + feedback.open()).as("seed=%d", seed).isZero();
      assertThat(SpoolFixture.gaps(last)).as("seed=%d", seed).isEmpty();
    }
    last.die();
  }

  private void live(SpoolFixture fixture, FaultyDisk disk, Random random, long seed)
      throws IOException {
    boolean cutsPower = random.nextInt(3) == 0;
    boolean dies = !cutsPower && random.nextInt(2) == 0;
    if (cutsPower) {
      disk.cutPowerIn(1 + random.nextInt(80));
    } else if (dies) {
      disk.dieIn(1 + random.nextInt(80)); // also within the recovery, the ring is still there
    }
    Spool spool = null;
    try {
      spool = fixture.open();
      if (random.nextInt(4) == 0) {
        disk.failForceIn(1 + random.nextInt(10));
      }
      work(spool, fixture, random);
    } catch (SpoolException e) {
      assertThat(cutsPower || dies).as("seed=%d: refused to open: %s", seed, e).isTrue();
    }
    disk.keepPower();
    if (cutsPower) {
      powerCut = true;
      surviving.clear(); // at most what was not forced; answered feedback is another set
      if (spool != null) {
        Files.deleteIfExists(spool.ringFile().path());
      }
      deleteAll(fixture.config.ringDirectory());
      disk.restart();
    } else {
      disk.kill();
    }
    if (spool != null) {
      spool.ringFile().close();
    }
  }

  private void work(Spool spool, SpoolFixture fixture, Random random) {
    SpoolLane lane = spool.openLane();
    int slot = spool.slotOf("d" + random.nextInt(2));
    for (int step = random.nextInt(60); step > 0; step--) {
      String id = "e" + number++;
      long now = fixture.time.epochMillis();
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> predict(lane, slot, id, now, random);
        case 3 -> {
          begun++;
          Appended appended =
              lane.appendForced(
                  Entries.feedback(id, now),
                  slot,
                  outcome -> {
                    if (outcome == ForceListener.Outcome.DURABLE) {
                      answered.add(id);
                    }
                  });
          remember(appended, id);
        }
        case 4 -> {
          begun++;
          lane.begun(PREDICTION, slot, now); // will never end
        }
        case 5 -> fixture.time.advance(Duration.ofNanos(random.nextLong(30 * MINUTE)));
        default -> {
          spool.doWork();
          fixture.time.advance(Duration.ofMillis(10));
          spool.doWork();
        }
      }
    }
  }

  private void predict(SpoolLane lane, int slot, String id, long now, Random random) {
    begun++;
    lane.begun(PREDICTION, slot, now);
    int length = random.nextInt(random.nextInt(4) == 0 ? 25_000 : 2_000);
    remember(lane.append(Entries.prediction(id, now, 10, length), slot), id);
  }

  private void remember(Appended appended, String id) {
    offered++;
    if (appended == Appended.ACCEPTED || appended == Appended.ACCEPTED_WITHOUT_BODIES) {
      accepted.add(id);
      surviving.add(id);
    }
  }

  private static void deleteAll(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }
}
