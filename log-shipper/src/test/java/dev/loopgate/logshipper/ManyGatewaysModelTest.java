package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Twenty gateways write one partition of one bucket, whose answers get lost and whose uploads land
/// late, and die now and then (row 13 of the fault matrix, in simulation).
final class ManyGatewaysModelTest {
  private static final int GATEWAYS = 20;
  private static final int WINDOWS = 8;

  static LongStream seeds() {
    return LongStream.range(0, 12);
  }

  /// One gateway's shipper, and whether it runs.
  private static final class Gateway {
    private final ShipperSim sim;
    private boolean running;

    Gateway(ShipperSim sim) {
      this.sim = sim;
      sim.faultsPercent = 20;
    }

    void step(Random random) throws IOException {
      if (random.nextInt(40) == 0) {
        sim.tree.killAt(sim.tree.steps() + 1 + random.nextInt(20));
      }
      try {
        if (!running) {
          sim.start();
          running = true;
        }
        sim.shipper().doWork();
      } catch (FaultyTree.Killed _) {
        running = false;
        if (random.nextBoolean()) {
          sim.tree.cutPower();
        } else {
          sim.tree.restart();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void eachLineStandsOnceAndNoFileIsAnothers(long seed) throws IOException {
    Random random = new Random(seed);
    MemoryStore.Bucket bucket = new MemoryStore.Bucket();
    List<Gateway> all = new ArrayList<>();
    for (int i = 0; i < GATEWAYS; i++) {
      String id = "%012x".formatted(i).repeat(3).substring(0, 32);
      all.add(new Gateway(new ShipperSim(seed * GATEWAYS + i, bucket, id)));
    }
    for (int window = 0; window < WINDOWS; window++) {
      for (Gateway one : all) {
        one.sim.log.append(
            FakeLog.feedback(
                one.sim.spoolId + "-w" + window, "wine", "1", one.sim.time.epochMillis()));
        one.sim.time.advance(Duration.ofSeconds(150));
      }
      for (int turn = 0; turn < 30; turn++) { // side by side, in an order of its own each time
        all.get(random.nextInt(GATEWAYS)).step(random);
        for (Gateway one : all) {
          one.step(random);
        }
        if (random.nextInt(10) == 0) {
          bucket.landLate();
        }
      }
    }
    for (Gateway one : all) {
      one.sim.tree.killAt(Integer.MAX_VALUE);
      one.sim.faultsPercent = 0;
      one.sim.start();
      one.sim.workUntilDone();
    }
    bucket.landLate();

    assertThat(ShipperSim.found(bucket.objects()).get("feedback"))
        .as("seed=" + seed)
        .hasSize(GATEWAYS * WINDOWS)
        .doesNotHaveDuplicates();
    assertThat(
            Verification.of(new Look(bucket), "bucket", Verification.How.PLAIN).lines().getLast())
        .as("seed=" + seed)
        .startsWith("balanced");
  }

  /// The bucket as it is, to be read.
  private record Look(MemoryStore.Bucket bucket) implements ObjectStore {
    @Override
    public Path staging() {
      return Path.of("/");
    }

    @Override
    public Publication publish(ObjectKey key, StagedFile file) {
      throw new AssertionError("looks alone: " + key);
    }

    @Override
    public List<ObjectKey> list(String prefix) {
      return bucket.objects().keySet().stream()
          .filter(key -> key.startsWith(prefix))
          .map(ObjectKey::new)
          .toList();
    }

    @Override
    public InputStream open(ObjectKey key) throws IOException {
      byte[] bytes = bucket.objects().get(key.path());
      if (bytes == null) {
        throw new NoSuchFileException(key.path());
      }
      return new ByteArrayInputStream(bytes);
    }
  }
}
