package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// A disk that is full to its last byte, but for the spool's reserve, heals by what is delivered.
final class FullDiskTest {
  private static final long RESERVE = 6 << 20;

  private final ShipperSim sim = new ShipperSim(1);

  private void append(int entries) {
    for (int i = 0; i < entries; i++) {
      sim.log.append(FakeLog.prediction("id" + i, "wine", "1", sim.time.epochMillis()));
    }
  }

  private void assertHealed() throws IOException {
    sim.workUntilDone();
    sim.assertEachOnce("full");
    sim.assertManifestsHold("full");
    assertThat(sim.log.hasReserve()).isTrue();
    assertThat(sim.events.parked).isEmpty();
  }

  @Test
  void whatWasPlannedBeforeIsCommitted() throws IOException {
    sim.faultsPercent = 100;
    append(10);
    sim.start();
    for (int i = 0; i < 10; i++) {
      sim.work();
      sim.time.advance(Duration.ofMinutes(2));
    }
    assertThat(sim.log.hasReserve()).isTrue(); // a store that is down does not cost it
    sim.log.reserveIn(sim.tree, RESERVE, sim.tree.bytesHeld() + RESERVE);

    sim.memory().faults(0);
    assertHealed();
  }

  @Test
  void whatIsStagedFirstIsStagedInWindowsThatFit() throws IOException {
    append(20_000); // staged whole they take twice the room that there is
    sim.config = sim.config.withBytesMax(64L << 20, 16L << 20);
    sim.log.reserveIn(sim.tree, RESERVE, RESERVE + 100_000);

    sim.start();
    assertHealed();
  }

  @Test
  void aStartOnAFullDiskBeginsItsCommitLog() throws IOException {
    append(10);
    sim.start();
    sim.workUntilDone();
    sim.log.reserveIn(sim.tree, RESERVE, sim.tree.bytesHeld() + RESERVE);

    append(10);
    sim.start();
    sim.workUntilDone();
    assertThat(sim.events.retries).isPositive();
    sim.assertEachOnce("start");
  }
}
