package dev.loopgate.spool;

import static dev.loopgate.capture.EntryKind.PREDICTION;
import static dev.loopgate.spool.Entries.feedback;
import static dev.loopgate.spool.Entries.prediction;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.DropReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A disk that refuses.
final class SpoolFailureTest {
  @TempDir Path root;
  private final FaultyDisk disk = new FaultyDisk(new Random(5));

  @Test
  void writesTheSameEntriesToTheNextSegmentAfterOneFailedForce() throws IOException {
    SpoolFixture fixture = fixture();
    Spool spool = fixture.open();
    SpoolLane lane = spool.openLane();
    List<ForceListener.Outcome> told = new ArrayList<>();
    lane.appendForced(feedback("f-1", fixture.time.epochMillis()), 0, told::add);
    spool.doWork();
    lane.appendForced(feedback("f-2", fixture.time.epochMillis()), 0, told::add);
    disk.failForceIn(1);
    spool.doWork();

    assertThat(told).containsExactly(ForceListener.Outcome.DURABLE, ForceListener.Outcome.DURABLE);
    assertThat(SpoolFixture.entries(spool)).containsExactly("f-1", "f-2");
    assertThat(spool.status().failed()).isFalse();
    spool.close();
  }

  @Test
  void takesNothingAfterTheSecondFailureUntilAProbeSucceeds() throws IOException {
    SpoolFixture fixture = fixture();
    Spool spool = fixture.open();
    SpoolLane lane = spool.openLane();
    long now = fixture.time.epochMillis();
    List<ForceListener.Outcome> told = new ArrayList<>();
    disk.capacity(disk.usedBytes()); // neither this segment nor the next one can be made
    lane.appendForced(feedback("f-1", now), 0, told::add);
    spool.doWork();

    assertThat(told).containsExactly(ForceListener.Outcome.UNKNOWN);
    assertThat(fixture.heard.failed).isEqualTo(1);
    assertThat(spool.status().failed()).isTrue();
    lane.begun(PREDICTION, 0, now);
    assertThat(lane.append(prediction("p-1", now, 1, 1), 0)).isEqualTo(Appended.CLOSED);
    assertThat(fixture.heard.dropped).containsExactly(DropReason.SPOOL_FAILED);

    disk.capacity(Long.MAX_VALUE);
    fixture.time.advance(Duration.ofSeconds(10).minusNanos(1));
    spool.doWork();
    assertThat(spool.status().failed()).isTrue();
    fixture.time.advance(Duration.ofNanos(1));
    spool.doWork();
    assertThat(spool.status().failed()).isFalse();
    assertThat(fixture.heard.healed).isEqualTo(1);
    assertThat(lane.appendForced(feedback("f-2", now), 0, told::add)).isEqualTo(Appended.ACCEPTED);
    spool.doWork();

    assertThat(told).containsExactly(ForceListener.Outcome.UNKNOWN, ForceListener.Outcome.DURABLE);
    assertThat(SpoolFixture.entries(spool)).containsExactly("f-1", "f-2");
    spool.close();
    spool = fixture.open();
    assertThat(SpoolFixture.noted(spool, PREDICTION).droppedTotal()).isEqualTo(1);
    spool.die();
  }

  @Test
  void keepsInTheRingWhatTheLogRefusedUntilTheNextStart() throws IOException {
    SpoolFixture fixture = fixture();
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    long now = fixture.time.epochMillis();
    disk.capacity(disk.usedBytes());
    lane.appendForced(feedback("f-1", now), 0, _ -> {});
    killed.doWork();
    assertThat(killed.status().failed()).isTrue();
    killed.die(); // killed before any probe succeeded: the ring has the only copy
    disk.capacity(Long.MAX_VALUE);

    Spool spool = fixture.open();

    assertThat(SpoolFixture.entries(spool)).containsExactly("f-1");
    spool.die();
  }

  private SpoolFixture fixture() throws IOException {
    Path rings = Files.createDirectories(root.resolve("shm"));
    return new SpoolFixture(disk, Path.of("/spool"), rings, 64 << 10);
  }
}
