package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolLane;
import dev.loopgate.testkit.ManualTime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Data directories whose gateway was killed, or is at work, looked through by `inspect` and
/// `verify`.
final class LookThroughTest {
  @TempDir Path data;

  private final ManualTime time = ManualTime.at("2026-11-24T10:30:00Z");
  private final RecordedEvents events = new RecordedEvents();

  private RealSpool real() {
    return new RealSpool(data, time, events);
  }

  private void append(Spool spool, SpoolLane lane, String life, int predictions, int feedbacks) {
    int slot = spool.slotOf("wine");
    for (int i = 0; i < predictions; i++) {
      lane.begun(EntryKind.PREDICTION, slot, time.epochMillis());
      lane.append(FakeLog.prediction(life + i, "wine", "1", time.epochMillis()), slot);
    }
    for (int i = 0; i < feedbacks; i++) {
      lane.appendForced(FakeLog.feedback(life + i, "wine", "1", time.epochMillis()), slot, _ -> {});
    }
  }

  /// Published: 4 and 1. In the log: 3 and 2. In the ring: 2 and 1. Nothing runs any more.
  private void killedWithEntriesEverywhere() throws Exception {
    try (Spool spool = real().open();
        LogShipper shipper = real().ship(spool)) {
      spool.start();
      append(spool, spool.openLane(), "shipped-", 4, 1);
      spool.closeIntake();
      assertThat(shipper.finish(Duration.ofSeconds(60))).isTrue();
    }
    try (Spool spool = real().open()) {
      append(spool, spool.openLane(), "logged-", 3, 2);
    }
    Spool abandoned = real().open(); // its writer never runs, so all that comes stays in the ring
    append(abandoned, abandoned.openLane(), "ring-", 2, 1);
  }

  private Verification.Report verify() throws IOException {
    return Verification.of(data, Spool.idIn(data.resolve("spool")), data, Verification.How.PLAIN);
  }

  private List<String> inspect() throws IOException {
    return Inspection.of(data, Spool.idIn(data.resolve("spool")), data);
  }

  @Test
  void aKilledGatewaysEntriesAreCountedExactly() throws Exception {
    killedWithEntriesEverywhere();

    assertThat(inspect())
        .anyMatch(line ->
            line.startsWith("log: segments=2, ")
                && line.contains(
                    "prediction=7 feedback=3; not shipped: planned prediction=0 feedback=0,"
                        + " behind the plan prediction=3 feedback=2"))
        .contains("ring: prediction=2 feedback=1, unfinished=0")
        .contains("ledger in the log: prediction{begun=7 accepted=7 sampled_out=0 dropped=0}")
        .contains(
            "ledger of the process: prediction wine{begun=2 accepted=2 sampled_out=0 dropped=0}")
        .contains("plan: none", "staged files: 0")
        .noneMatch(line -> line.startsWith("!"));
    Verification.Report report = verify();
    assertThat(report.lines())
        .first()
        .isEqualTo(
            "2026112410 OPEN files=3 feedback=1 request_response=4 response_body=4"
                + " in_log{feedback=2 prediction=3} in_ring{feedback=1 prediction=2}"
                + " feedback{begun=4 accepted=4 sampled_out=0 dropped=0}"
                + " prediction{begun=9 accepted=9 sampled_out=0 dropped=0}");
    assertThat(report.lines()).last().isEqualTo("balanced: hours=1, open=1");
    assertThat(report.verdict()).isEqualTo(Verification.Verdict.BALANCED);
  }

  @Test
  void aRecordThatIsGoneFromTheLogIsNotBalanced() throws Exception {
    killedWithEntriesEverywhere();
    turnOneByteOf("logged-1");

    Verification.Report report = verify();

    assertThat(report.verdict().exitCode()).isOne();
    assertThat(report.lines())
        .anyMatch(line ->
            line.startsWith("! the log is damaged: spool=")
                && line.endsWith("seqs=6..6, entries lost=1"))
        .anyMatch(line -> line.startsWith("! the log is damaged: places=1, bytes="))
        .noneMatch(line -> line.startsWith("looked"));
    assertThat(inspect())
        .contains("! the log is damaged: entries lost=1, seqs=6..6")
        .anyMatch(line -> line.startsWith("  segment ") && line.contains("damaged bytes="));
  }

  @Test
  void aSpoolWithoutAnyFilesBalances() throws Exception {
    Spool abandoned = real().open();
    append(abandoned, abandoned.openLane(), "ring-", 2, 1);

    assertThat(verify().lines())
        .first()
        .asString()
        .startsWith("2026112410 OPEN files=0 in_ring{feedback=1 prediction=2}");
    assertThat(verify().verdict().exitCode()).isZero();
  }

  @Test
  void aRingThatIsGoneIsUnproven() throws Exception {
    killedWithEntriesEverywhere();
    deleteRing();

    assertThat(verify().verdict()).isEqualTo(Verification.Verdict.UNPROVEN);
    assertThat(verify().lines())
        .anyMatch(
            line -> line.startsWith("? what was accepted last is not known: the ring is gone"))
        .last()
        .isEqualTo("unproven: hours without a manifest=0, and the ring");
    assertThat(inspect()).anyMatch(line -> line.startsWith("gap to come: "));
  }

  @Test
  void aFirstCommitLogWhoseSnapshotRottedIsNotTakenForOneThatNeverWas() throws Exception {
    try (Spool spool = real().open();
        LogShipper shipper = real().ship(spool)) {
      append(spool, spool.openLane(), "shipped-", 4, 1);
      spool.closeIntake();
      assertThat(shipper.finish(Duration.ofSeconds(60))).isTrue();
    }
    Path commits = data.resolve("spool").resolve("commit");
    Path first = filesBelow(commits).getFirst();
    assertThat(first).hasFileName("0000000000000001.log");
    byte[] bytes = Files.readAllBytes(first);
    bytes[40] ^= 1;
    Files.write(first, bytes);

    assertThatThrownBy(this::verify)
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("commit log: no whole snapshot: file=" + first);
  }

  @Test
  void aWindowOnItsWayIsCounted() throws Exception {
    try (Spool spool = real().open()) {
      append(spool, spool.openLane(), "logged-", 3, 2);
    }
    try (Spool spool = real().open()) {
      LogShipper shipper =
          LogShipper.open(real().config(), real().around(spool), new LocalFileTree());
      while (inspect().contains("plan: none")) {
        assertThat(shipper.doWork()).isPositive();
      }
      assertThat(shipper.doWork()).isPositive(); // one file of the plan is published, others not
    }

    assertThat(verify().lines())
        .first()
        .asString()
        .startsWith("2026112410 OPEN files=0 planned{feedback=2 prediction=3} feedback{begun=2");
    assertThat(verify().verdict().exitCode()).isZero();
    deleteStaged();
    assertThat(verify().lines()).anyMatch(line -> line.endsWith("planned and staged no more"));
  }

  @Test
  @Timeout(120)
  void besideAGatewayAtWorkNothingIsFound() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong appended = new AtomicLong();
    try (Spool spool = real().open();
        LogShipper shipper = real().ship(spool)) {
      spool.start();
      SpoolLane lane = spool.openLane();
      Thread producer =
          Thread.ofPlatform()
              .name("producer")
              .start(() -> {
                while (!stop.get()) {
                  long committed = shipper.status().committedEntries();
                  time.advance(Duration.ofMillis(20));
                  append(spool, lane, "live-" + appended.getAndIncrement() + "-", 300, 1);
                  while (!stop.get() && shipper.status().committedEntries() == committed) {
                    Thread.onSpinWait(); // a window for each batch, so that log and files move, too
                  }
                }
              });
      try {
        // each is a look; on a fast machine many of them fall into one window
        for (int i = 0; i < 15 || events.windows.get() <= 5; i++) {
          Verification.Report report = verify();
          assertThat(report.verdict())
              .as("%s", report.lines())
              .isEqualTo(Verification.Verdict.BALANCED);
          assertThat(inspect()).noneMatch(line -> line.startsWith("!"));
        }
      } finally {
        stop.set(true);
        producer.join();
      }
      spool.closeIntake();
      assertThat(shipper.finish(Duration.ofSeconds(60))).isTrue();
    }
    assertThat(events.windows.get()).isGreaterThan(5);
    assertThat(verify().verdict().exitCode()).isZero();
  }

  private void turnOneByteOf(String text) throws IOException {
    for (Path file : filesBelow(data.resolve("spool").resolve("wal"))) {
      String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
      if (bytes.contains(text)) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.write(ByteBuffer.wrap(new byte[] {'#'}), bytes.indexOf(text));
        }
        return;
      }
    }
    throw new AssertionError("not in the log: " + text);
  }

  private void deleteRing() throws IOException {
    Files.delete(data.resolve("spool").resolve("ring"));
  }

  private void deleteStaged() throws IOException {
    for (Path file : filesBelow(data.resolve("files").resolve(LocalStore.STAGING))) {
      Files.delete(file);
    }
  }

  private static List<Path> filesBelow(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
