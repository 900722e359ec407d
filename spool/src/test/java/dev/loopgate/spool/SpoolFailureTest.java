package dev.loopgate.spool;

import static dev.loopgate.capture.EntryKind.FEEDBACK;
import static dev.loopgate.capture.EntryKind.PREDICTION;
import static dev.loopgate.spool.Entries.feedback;
import static dev.loopgate.spool.Entries.prediction;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
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

  /// Row 6 of the fault matrix.
  @Test
  void warnsThenRefusesFeedbackThenDropsCapturesAndHealsWhenTheReaderIsThrough()
      throws IOException {
    SpoolFixture fixture = fixture();
    LogFixture.Told told = new LogFixture.Told();
    Spool spool = openWith(fixture, 16L << 20, told);
    SpoolLane lane = spool.openLane();
    List<String> accepted = new ArrayList<>();
    List<Integer> refusedAt = new ArrayList<>();
    int dropped = 0;
    while (dropped < 3) {
      String id = "p-" + (accepted.size() + dropped);
      long now = fixture.time.epochMillis();
      lane.begun(PREDICTION, 0, now);
      int percent = told.watermarks.isEmpty() ? 0 : told.watermarks.getLast();
      Appended appended = lane.append(prediction(id, now, 0, 30_000), 0);
      if (appended == Appended.ACCEPTED) {
        assertThat(percent).isLessThan(100);
        accepted.add(id + ":0:30000");
      } else {
        assertThat(percent).isEqualTo(100);
        dropped++;
      }
      Appended answered = lane.appendForced(feedback("f-" + id, now), 0, _ -> {});
      assertThat(answered).isEqualTo(percent < 95 ? Appended.ACCEPTED : Appended.FULL);
      if (answered == Appended.FULL) {
        refusedAt.add(percent);
      } else {
        accepted.add("f-" + id);
      }
      spool.doWork();
    }
    assertThat(told.watermarks).containsSubsequence(80, 95, 100);
    assertThat(refusedAt.getFirst()).as("feedback stops before captures do").isLessThan(100);
    assertThat(SpoolFixture.entries(spool)).as("nothing undelivered goes").isEqualTo(accepted);

    spool.reader().release(spool.reader().durableEnd());
    fixture.time.advance(Duration.ofSeconds(1));
    spool.doWork();

    assertThat(told.watermarks.getLast()).isZero();
    long now = fixture.time.epochMillis();
    lane.begun(PREDICTION, 0, now);
    assertThat(lane.append(prediction("after", now, 1, 1), 0)).isEqualTo(Appended.ACCEPTED);
    assertThat(lane.appendForced(feedback("f-after", now), 0, _ -> {}))
        .isEqualTo(Appended.ACCEPTED);
    spool.doWork();
    long predictions = accepted.stream().filter(id -> id.startsWith("p-")).count();
    LedgerCounts counts = counted(spool, PREDICTION);
    assertThat(counts.accepted()).isEqualTo(predictions + 1);
    assertThat(counts.dropped().get(DropReason.SPOOL_FULL.number())).isEqualTo(dropped);
    assertThat(counts.open()).isZero();
    LedgerCounts feedback = counted(spool, FEEDBACK);
    assertThat(feedback.accepted()).isEqualTo(accepted.size() - predictions + 1);
    assertThat(feedback.dropped().get(DropReason.SPOOL_FULL.number())).isEqualTo(refusedAt.size());
    spool.close();
  }

  private static LedgerCounts counted(Spool spool, EntryKind kind) {
    return requireNonNull(requireNonNull(spool.status().counts().get(kind)).get(Spool.OTHER));
  }

  private static Spool openWith(SpoolFixture fixture, long logBytesMax, SpoolEvents events)
      throws IOException {
    SpoolConfig config = fixture.config;
    SpoolConfig bounded =
        new SpoolConfig(
            config.directory(),
            config.ringDirectory(),
            config.ringBytes(),
            config.segmentBytes(),
            logBytesMax,
            config.freeBytesMin(),
            config.lanesMax(),
            config.forceAfter(),
            config.forceAfterBytes(),
            config.forceTimeout());
    return Spool.open(bounded, fixture.time, events, fixture.disk, fixture.host, fixture.random);
  }

  private SpoolFixture fixture() throws IOException {
    Path rings = Files.createDirectories(root.resolve("shm"));
    return new SpoolFixture(disk, Path.of("/spool"), rings, 64 << 10);
  }
}
