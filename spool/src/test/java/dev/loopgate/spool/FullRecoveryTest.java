package dev.loopgate.spool;

import static dev.loopgate.spool.Entries.prediction;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is found in a ring fills groups of the log to any byte, and is counted all the same.
final class FullRecoveryTest {
  private static final int ENTRIES = 12;
  private static final int BYTES = 96_000;
  private static final int LAST_BYTES = 139_000; // some more of them, and the first group is full
  private static final int STEP = 256; // less than a row of a note

  @TempDir Path root;

  @Test
  void whatIsCountedIsNotedHoweverFullTheLastGroupIs() throws IOException {
    Files.createDirectory(root.resolve("rings"));
    for (int more = 0; more < 50; more++) {
      SpoolFixture fixture =
          new SpoolFixture(
              new FileDisk(), root.resolve("spool-" + more), root.resolve("rings"), 4 << 20);
      Spool killed = fixture.open();
      long now = fixture.time.epochMillis();
      SpoolLane lane = killed.openLane();
      int[] slots = {killed.slotOf("a"), killed.slotOf("b"), killed.slotOf("c")};
      for (int slot : slots) {
        lane.begun(EntryKind.PREDICTION, slot, now); // never ends
      }
      for (int i = 0; i < ENTRIES; i++) {
        int slot = slots[i % slots.length];
        lane.begun(EntryKind.PREDICTION, slot, now);
        lane.append(prediction("p-" + i, now, 10, BYTES), slot);
      }
      lane.begun(EntryKind.PREDICTION, slots[0], now);
      lane.append(prediction("last", now, 10, LAST_BYTES + more * STEP), slots[0]);
      killed.die();

      try (Spool spool = fixture.open()) {
        LedgerCounts counts = SpoolFixture.noted(spool, EntryKind.PREDICTION);
        assertThat(counts.accepted()).isEqualTo(ENTRIES + 1L);
        assertThat(counts.begun()).as("more=%d", more).isEqualTo(ENTRIES + 4L);
        assertThat(counts.dropped().get(DropReason.GATEWAY_KILLED.number())).isEqualTo(3);
        assertThat(counts.open()).isZero();
      }
    }
  }
}
