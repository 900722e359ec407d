package dev.loopgate.spool;

import static dev.loopgate.capture.EntryKind.FEEDBACK;
import static dev.loopgate.capture.EntryKind.PREDICTION;
import static dev.loopgate.spool.Entries.feedback;
import static dev.loopgate.spool.Entries.prediction;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpoolLookTest {
  private static final long HOUR = 3_600_000;

  @TempDir Path root;
  private SpoolFixture fixture;
  private long now;

  @BeforeEach
  void prepare() throws IOException {
    Path rings = Files.createDirectories(root.resolve("shm"));
    fixture = new SpoolFixture(new FileDisk(), root.resolve("spool"), rings, 64 << 10);
    now = SpoolFixture.START_MILLIS;
  }

  @Test
  void countsWhatAKillLeftInRingAndLogByHourAndKind() throws IOException {
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    append(lane, "p-1", now);
    append(lane, "p-2", now + HOUR);
    lane.appendForced(feedback("f-1", now), 0, _ -> {});
    drain(killed);
    append(lane, "p-3", now);
    append(lane, "p-4", now + HOUR);
    append(lane, "p-5", now + HOUR);
    lane.appendForced(feedback("f-2", now), 0, _ -> {});
    lane.begun(PREDICTION, 0, now); // never ends
    killed.die();

    try (SpoolLook look = look()) {
      assertThat(logged(look)).containsEntry(PREDICTION, 2L).containsEntry(FEEDBACK, 1L);
      long hour = Ledger.hourOf(now);
      assertThat(look.inRing())
          .containsExactlyInAnyOrder(
              new SpoolLook.InRing(hour, PREDICTION, 1),
              new SpoolLook.InRing(hour, FEEDBACK, 1),
              new SpoolLook.InRing(hour + 1, PREDICTION, 2));
      assertThat(pendingAccepted(look)).isEqualTo(4);
      assertThat(look.missing()).isEmpty();
      assertThat(look.lost()).isEmpty();
      assertThat(look.damage()).isEmpty();
      assertThat(look.ringGap()).isEmpty();
    }
  }

  @Test
  void countsAnEntryOnceThatIsInTheLogAndNotYetReleasedInTheRing() throws IOException {
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    append(lane, "p-1", now);
    append(lane, "p-2", now);
    byte[] before = Files.readAllBytes(killed.ringFile().path());
    drain(killed);
    Files.write(killed.ringFile().path(), before); // as if the kill came before the release
    killed.die();

    try (SpoolLook look = look()) {
      assertThat(logged(look)).containsEntry(PREDICTION, 2L);
      assertThat(look.inRing()).isEmpty();
      assertThat(pendingAccepted(look)).isZero();
      assertThat(look.missing()).isEmpty();
    }
  }

  @Test
  void findsARecordThatRottedAmidTheLog() throws IOException {
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    for (int i = 0; i < 3; i++) {
      append(lane, "rotten-" + i, now);
      drain(killed);
    }
    killed.die();
    rot("rotten-1");

    try (SpoolLook look = look()) {
      assertThat(logged(look)).containsEntry(PREDICTION, 2L);
      assertThat(look.lost())
          .singleElement()
          .satisfies(range -> {
            assertThat(range.getFirst()).isEqualTo(1);
            assertThat(range.getLast()).isEqualTo(1);
          });
      assertThat(look.damage()).isNotEmpty();
    }
  }

  // A group that rots where nothing confirms it looks like one that was never finished.
  @Test
  void findsByTheRingsLedgerWhatRottedAtTheEndOfTheLog() throws IOException {
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    append(lane, "first", now);
    drain(killed);
    append(lane, "last-1", now);
    append(lane, "last-2", now);
    fixture.time.advance(Duration.ofMillis(200));
    killed.doWork();
    fixture.time.advance(Duration.ofMillis(200));
    assertThat(killed.doWork()).isEqualTo(2);
    killed.die();
    rot("last-2");

    try (SpoolLook look = look()) {
      assertThat(logged(look)).containsEntry(PREDICTION, 1L);
      assertThat(look.missing()).containsExactly(Map.entry(PREDICTION, 2L));
    }
  }

  @Test
  void aStartGivesNoSeqTwiceAfterTheLastEntriesRotted() throws IOException {
    try (Spool spool = fixture.open()) {
      SpoolLane lane = spool.openLane();
      append(lane, "rotten-1", now);
      append(lane, "rotten-2", now);
      append(lane, "sound-3", now);
    }
    rot("rotten-1");
    rot("rotten-2");

    try (Spool spool = fixture.open()) {
      assertThat(spool.firstSeq()).isEqualTo(3);
    }
  }

  @Test
  void saysWhenTheRingIsGone() throws IOException {
    Spool killed = fixture.open();
    append(killed.openLane(), "p-1", now);
    drain(killed);
    killed.die();
    Files.delete(killed.ringFile().path());

    try (SpoolLook look = look()) {
      assertThat(look.ringGap()).startsWith("the ring is gone");
    }
    fixture.open().close();
    try (SpoolLook look = look()) {
      assertThat(look.ringGap()).isEmpty(); // after a clean stop none is there on purpose
    }
  }

  @Test
  void losesNothingFromSightBesideAWriterAtWork() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong accepted = new AtomicLong();
    try (Spool spool = fixture.open()) {
      spool.start();
      SpoolLane lane = spool.openLane();
      Thread producer =
          Thread.ofPlatform()
              .name("producer")
              .start(() -> {
                while (!stop.get()) {
                  fixture.time.setNanos(System.nanoTime());
                  lane.begun(PREDICTION, 0, now);
                  Appended appended = lane.append(prediction("p", now, 10, 10), 0);
                  if (appended == Appended.ACCEPTED
                      || appended == Appended.ACCEPTED_WITHOUT_BODIES) { // the writer is behind
                    accepted.incrementAndGet();
                  }
                }
              });
      try {
        for (int i = 0; i < 20; i++) {
          long before = accepted.get();
          try (SpoolLook look = look()) {
            long seen = logged(look).getOrDefault(PREDICTION, 0L);
            for (SpoolLook.InRing some : look.inRing()) {
              seen += some.entries();
            }
            assertThat(seen)
                .as("look %d", i)
                .isGreaterThanOrEqualTo(before)
                .isLessThanOrEqualTo(accepted.get() + 1);
            assertThat(look.missing()).isEmpty();
            assertThat(look.lost()).isEmpty();
            assertThat(look.damage()).isEmpty();
          }
        }
      } finally {
        stop.set(true);
        producer.join();
      }
    }
  }

  private SpoolLook look() throws IOException {
    return SpoolLook.at(fixture.config.directory(), fixture.config.ringDirectory());
  }

  private static Map<EntryKind, Long> logged(SpoolLook look) throws IOException {
    Map<EntryKind, Long> logged = new TreeMap<>();
    LogPosition at = LogPosition.START;
    Optional<LogRecord> next = look.reader().next(at);
    while (next.isPresent()) {
      if (next.get() instanceof LogRecord.EntryAt entry) {
        logged.merge(entry.kind(), 1L, Long::sum);
      }
      at = next.get().next();
      next = look.reader().next(at);
    }
    return logged;
  }

  private static long pendingAccepted(SpoolLook look) {
    long accepted = 0;
    for (NoteMessage note : look.pendingLedgers()) {
      for (LedgerRow row : note.getLedger().getRowsList()) {
        accepted += row.getDelta().getAccepted();
      }
    }
    return accepted;
  }

  /// Turns one byte of the record that holds this text.
  private void rot(String text) throws IOException {
    Path wal = fixture.config.directory().resolve("wal");
    String name = new FileDisk().list(wal).getLast();
    byte[] bytes = Files.readAllBytes(wal.resolve(name));
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
    assertThat(at).isPositive();
    try (FileChannel file = FileChannel.open(wal.resolve(name), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {'#'}), at);
    }
  }

  private void append(SpoolLane lane, String id, long millis) {
    lane.begun(PREDICTION, 0, millis);
    assertThat(lane.append(prediction(id, millis, 10, 10), 0)).isEqualTo(Appended.ACCEPTED);
  }

  private void drain(Spool spool) {
    spool.doWork();
    int steps = 0;
    do {
      fixture.time.advance(Duration.ofMillis(100));
      assertThat(++steps).as("steps until the ring is empty").isLessThan(1000);
    } while (spool.doWork() > 0 || spool.status().ringBytesUsed() > 0);
  }
}
