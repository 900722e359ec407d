package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A window's files that a store is asked for together: three of one partition, of one entry each.
final class PublishingTest {
  private static final int FILES = 3;

  /// A gateway that has planned them, and published none.
  private static ShipperSim planned(long seed) throws IOException {
    ShipperSim sim = new ShipperSim(seed);
    append(sim, "a", "b", "c");
    sim.refuses = true;
    sim.start();
    sim.work();
    assertThat(sim.events.parked).hasSize(1);
    assertThat(sim.bucket.puts()).isZero();
    sim.refuses = false;
    sim.start();
    sim.memory().uploadsMax(FILES);
    return sim;
  }

  private static void append(ShipperSim to, String... ids) {
    to.config = to.config.withWindow(Duration.ZERO).withBytesMax(1 << 20, 1);
    for (String id : ids) {
      to.log.append(FakeLog.feedback(id, "wine", "1", to.time.epochMillis()));
    }
  }

  @Test
  void oneThatFailsHoldsUpNoOtherAndIsAskedForAloneAfterwards() throws IOException {
    ShipperSim sim = planned(1);
    sim.memory().failAt("\"b\"", new IOException("no answer"));
    sim.work();
    assertThat(sim.events.published).hasSize(FILES - 1);
    assertThat(sim.events.retries).isOne();
    assertThat(sim.bucket.puts()).isEqualTo(FILES);

    sim.time.advance(Duration.ofMinutes(1));
    sim.work();
    assertThat(sim.events.retries).isEqualTo(2);
    assertThat(sim.bucket.puts()).isEqualTo(FILES + 1);

    sim.memory().failNowhere();
    sim.workUntilDone();
    sim.assertEachOnce("one failed");
  }

  @Test
  void thatAPersonMustActIsToldThoughAnotherOneFailedBefore() throws IOException {
    ShipperSim sim = planned(1);
    sim.memory().failAt("\"a\"", new IOException("no answer"));
    sim.memory().failAt("\"b\"", new StoreRefusedException("403: b"));
    sim.work();
    assertThat(sim.events.parked).as("while others can be published").hasSize(1);

    sim.time.advance(Duration.ofMinutes(1));
    sim.work();
    assertThat(sim.events.published).hasSize(1);
    assertThat(sim.events.parked).element(1).isEqualTo("403: b");
  }

  @Test
  void whileOthersArePublishedWaitsDoNotGrowAndThoseThatFailedComeLast() throws IOException {
    ShipperSim sim = planned(1);
    sim.memory().uploadsMax(2);
    sim.memory().failAt("\"a\"", new IOException("no answer"));

    sim.work(); // a and b
    assertThat(sim.shipper().status().failures()).isOne();
    sim.time.advance(Duration.ofSeconds(1));
    sim.work(); // c and a
    assertThat(sim.shipper().status().failures()).isOne();
    assertThat(sim.events.published).hasSize(2);
    assertThat(sim.bucket.puts()).isEqualTo(4);
    sim.time.advance(Duration.ofSeconds(1));
    sim.work(); // a
    assertThat(sim.shipper().status().failures()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void thoseWhoseKeysAreTakenTogetherGetNumbersOfTheirOwnAtOnce(long seed) throws IOException {
    ShipperSim sim = planned(seed);
    ShipperSim other = new ShipperSim(seed, sim.bucket, "fedcba9876543210fedcba9876543210");
    append(other, "theirs", "theirs too");
    other.start();
    other.work();
    int before = sim.bucket.puts();

    sim.work();

    assertThat(sim.events.taken).isEqualTo(2);
    assertThat(sim.events.published).doesNotHaveDuplicates().hasSize(FILES);
    assertThat(sim.bucket.puts() - before).isEqualTo(FILES + 2);
    sim.workUntilDone();
  }
}
