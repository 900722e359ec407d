package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.Counts;
import dev.loopgate.proto.v1.LedgerNote;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.spool.LogFixture.Read;
import dev.loopgate.spool.LogFixture.Told;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTest {
  private final FaultyDisk disk = new FaultyDisk(new Random(3));
  private final Told told = new Told();

  @Test
  void readsBackInOrderWithDenseSeqs() throws IOException {
    Log log = LogFixture.open(disk);

    LogFixture.append(log, "a", "b");
    LogFixture.append(log, "c");

    assertThat(LogFixture.texts(log)).containsExactly("a", "b", "c");
    assertThat(LogFixture.seqs(log)).containsExactly(0L, 1L, 2L);
  }

  @Test
  void goesOnWithTheSameSpoolAndSeqsAfterAKill() throws IOException {
    Log first = LogFixture.open(disk);
    LogFixture.append(first, "a");
    disk.kill();

    Log second = LogFixture.open(disk);
    LogFixture.append(second, "b");

    assertThat(second.spoolId()).isEqualTo(first.spoolId()).hasSize(32);
    assertThat(LogFixture.texts(second)).containsExactly("a", "b");
    assertThat(LogFixture.seqs(second)).containsExactly(0L, 1L);
    assertThat(second.recoveredRingEnd(7)).contains(1L);
    assertThat(second.recoveredRingEnd(8)).isEmpty();
  }

  @Test
  void whatComesAfterAKillLiesBehindAllThatCouldBeRead() throws IOException {
    Log log = LogFixture.open(disk);
    LogFixture.append(log, "a");
    Group silence = log.newGroup();
    silence.begin(7);
    silence.addMarker(5);
    silence.end(1);
    log.append(silence, LogFixture.NO_SNAPSHOT);
    LogPosition read = log.durableEnd();
    disk.kill();

    Log again = LogFixture.open(disk);
    LogFixture.append(again, "b");
    assertThat(LogFixture.read(again, read)).extracting(Read::text).containsExactly("b");
  }

  @Test
  void doesNotGrowWhenItIsKilledAgainAndAgain() throws IOException {
    LogFixture.append(LogFixture.open(disk), "a");
    long used = 0;
    for (int i = 0; i < 20; i++) {
      disk.kill();
      Log log = LogFixture.open(disk);
      assertThat(LogFixture.texts(log)).containsExactly("a");
      used = i == 2 ? disk.usedBytes() : used;
    }

    assertThat(disk.usedBytes()).isEqualTo(used);
  }

  @Test
  void refusesASecondOpener() throws IOException {
    LogFixture.open(disk);

    assertThatThrownBy(() -> LogFixture.open(disk))
        .isInstanceOf(SpoolException.class)
        .hasMessageContaining("/spool");
  }

  @Test
  void writesTheGroupAgainToTheNextSegmentWhenAForceFails() throws IOException {
    Log log = LogFixture.open(disk, told, new Random(1));
    LogFixture.append(log, "a");
    disk.failForceIn(1);

    LogFixture.append(log, "b");
    disk.restart();

    assertThat(told.lines).hasSize(1);
    assertThat(LogFixture.texts(LogFixture.open(disk))).containsExactly("a", "b");
  }

  @Test
  void failsAfterTheSecondFailureAndStoresTheSameGroupAfterAProbe() throws IOException {
    Log log = LogFixture.open(disk, told, new Random(1));
    LogFixture.append(log, "a");
    Group group = log.newGroup();
    group.begin(7);
    LogFixture.add(group, "b");
    group.end(2);
    disk.failForceIn(1);
    disk.failForceIn(2);

    assertThatThrownBy(() -> log.append(group, LogFixture.NO_SNAPSHOT))
        .isInstanceOf(LogFailedException.class);
    assertThat(log.probe(LogFixture.NO_SNAPSHOT)).isTrue();
    log.append(group, LogFixture.NO_SNAPSHOT);
    disk.restart();

    Log again = LogFixture.open(disk);
    assertThat(LogFixture.texts(again)).containsExactly("a", "b");
    assertThat(LogFixture.seqs(again)).containsExactly(0L, 1L);
  }

  @Test
  void joinsAnEntryWhosePartsLieInManySegmentsAndKeepsThemUntilItIsReleased() throws IOException {
    Log log = LogFixture.open(disk);
    int count = 5;
    String text = "p".repeat(count * 20_000);
    for (int i = 0; i < count; i++) {
      Group group = log.newGroup();
      group.begin(7);
      Group.Part part = new Group.Part(1, 99, i, count, text.length());
      String bytes = text.substring(i * 20_000, (i + 1) * 20_000);
      group.addPart(part, EntryKind.PREDICTION, false, 5, "m", "1", LogFixture.encoded(bytes));
      LogFixture.add(group, "between " + i);
      group.end(i);
      log.append(group, LogFixture.NO_SNAPSHOT);
    }
    List<Read> all = LogFixture.read(log, LogPosition.START);
    try (LogReader reader = log.reader(LogFixture::decode)) {
      Read whole = all.stream().filter(read -> read.text().equals(text)).findFirst().orElseThrow();
      reader.release(whole.at());
    }

    disk.restart();
    List<Read> after = LogFixture.read(LogFixture.open(disk), LogPosition.START);
    assertThat(after).contains(all.get(all.size() - 2)).contains(all.getLast());
    assertThat(after.stream().filter(read -> read.text().equals(text))).hasSize(1);
  }

  @Test
  void usesReleasedSegmentsAgainAndKeepsFour() throws IOException {
    Log log = LogFixture.open(disk);
    for (int i = 0; i < 40; i++) {
      LogFixture.append(log, "x".repeat(30_000));
    }
    try (LogReader reader = log.reader(LogFixture::decode)) {
      reader.release(log.durableEnd());
    }

    assertThat(disk.list(LogFixture.SPOOL.resolve("pool"))).hasSize(4);
    assertThat(disk.list(LogFixture.SPOOL.resolve("wal"))).hasSize(1);
    LogFixture.append(log, "after");
    disk.kill();
    assertThat(LogFixture.texts(LogFixture.open(disk))).endsWith("after");
  }

  @Test
  void keepsWhatOneOfSeveralReadersHasNotReleased() throws IOException {
    Log log = LogFixture.open(disk);
    for (int i = 0; i < 20; i++) {
      LogFixture.append(log, "x".repeat(30_000));
    }
    int segments = disk.list(LogFixture.SPOOL.resolve("wal")).size();
    try (LogReader fast = log.reader(LogFixture::decode);
        LogReader slow = log.reader(LogFixture::decode)) {
      fast.release(log.durableEnd());
      assertThat(disk.list(LogFixture.SPOOL.resolve("wal"))).hasSize(segments);
      assertThat(LogFixture.texts(log)).hasSize(20);

      LogReader gone = log.reader(LogFixture::decode);
      slow.release(log.durableEnd());
      assertThat(disk.list(LogFixture.SPOOL.resolve("wal"))).hasSize(segments);
      gone.close();
      slow.release(log.durableEnd());
      assertThat(disk.list(LogFixture.SPOOL.resolve("wal"))).hasSize(1);
    }
  }

  @Test
  void findsTheLedgersTotalsAndShowsTheSnapshotInEachSegment() throws IOException {
    Log log = LogFixture.open(disk);
    LedgerRow row =
        LedgerRow.newBuilder().setSlot(3).setTotal(Counts.newBuilder().setBegun(9)).build();
    LedgerNote note = LedgerNote.newBuilder().setLedgerId(5).addRows(row).build();
    NoteMessage message = NoteMessage.newBuilder().setLedger(note).build();
    Group group = log.newGroup();
    group.begin(7);
    group.addNote(message, 42);
    group.end(1);
    log.append(group, () -> Optional.of(message));
    disk.kill();

    Log again = LogFixture.open(disk);
    assertThat(again.recoveredLedgers().get(5L)).containsEntry(new LedgerKey(3, 0, 0), row);
    assertThat(LogFixture.notes(again)).hasSizeGreaterThanOrEqualTo(2);
  }

  @Test
  void aFullDiskFillsNoPoolAndHealsWhenThereIsRoom() throws IOException {
    Log log = LogFixture.open(disk, told, new Random(1));
    LogFixture.append(log, "a");
    disk.capacity(disk.usedBytes() + 10_000);
    while (log.fillPool()) {}

    assertThatThrownBy(
            () -> {
              while (true) {
                LogFixture.append(log, "b".repeat(30_000));
              }
            })
        .isInstanceOf(LogFailedException.class);
    assertThat(log.fillPercent()).isGreaterThan(80);
    assertThat(told.watermarks).isNotEmpty();
    disk.capacity(1 << 30);

    assertThat(log.probe(LogFixture.NO_SNAPSHOT)).isTrue();
    LogFixture.append(log, "c");
    assertThat(LogFixture.texts(log)).startsWith("a").endsWith("c");
  }

  @Test
  void keepsWhatIsWholeAndNotesWhatIsLostWhicheverBitOfADurableGroupIsFlipped() throws IOException {
    Log log = LogFixture.open(disk);
    LogFixture.append(log, "a");
    LogFixture.append(log, "b", "c");
    LogFixture.append(log, "d");
    disk.kill();
    Path file = LogFixture.SPOOL.resolve("wal").resolve(HexName.of(0) + ".seg");
    byte[] good = disk.bytes(file);
    int groupStart = 3 * 4096; // header, preamble, "a"
    int groupBytes = 300;
    for (int bit = 0; bit < groupBytes * 8; bit += 1) {
      FaultyDisk other = new FaultyDisk(new Random(bit));
      other.createDirectory(LogFixture.SPOOL.resolve("wal"));
      byte[] bad = good.clone();
      bad[groupStart + bit / 8] ^= (byte) (1 << (bit % 8));
      other.replace(file, bad);

      Log again = LogFixture.open(other);

      List<String> texts = LogFixture.texts(again);
      List<Long> seqs = new ArrayList<>(LogFixture.seqs(again));
      assertThat(texts).as("bit=%d", bit).contains("a", "d").isSubsetOf("a", "b", "c", "d");
      for (NoteMessage note : LogFixture.notes(again)) {
        note.getLost()
            .getSeqsList()
            .forEach(range -> {
              for (long seq = range.getFirst(); seq <= range.getLast(); seq++) {
                seqs.add(seq);
              }
            });
      }
      assertThat(seqs).as("bit=%d", bit).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
    }
  }

  @Test
  void cutsATornTailWhereverItEnds() throws IOException {
    Log log = LogFixture.open(disk);
    LogFixture.append(log, "a");
    LogFixture.append(log, "b");
    disk.kill();
    Path file = LogFixture.SPOOL.resolve("wal").resolve(HexName.of(0) + ".seg");
    byte[] good = disk.bytes(file);
    int start = 3 * 4096;
    int length = SegmentLayout.GROUP_HEADER_BYTES + 2 * 40;
    for (int cut = 0; cut < length; cut++) {
      FaultyDisk other = new FaultyDisk(new Random(cut));
      other.createDirectory(LogFixture.SPOOL.resolve("wal"));
      byte[] bad = good.clone();
      Arrays.fill(bad, start + cut, bad.length, (byte) 0);
      other.replace(file, bad);

      Log again = LogFixture.open(other);
      LogFixture.append(again, "c");

      assertThat(LogFixture.texts(again))
          .as("cut=%d", cut)
          .contains("a", "c")
          .isSubsetOf("a", "b", "c");
      assertThat(LogFixture.notes(again)).as("cut=%d", cut).isEmpty();
    }
  }

  @Test
  void aDamagedSegmentHeaderLosesNothing() throws IOException {
    Log log = LogFixture.open(disk);
    LogFixture.append(log, "a");
    LogFixture.append(log, "b");
    disk.kill();
    disk.flipBit(LogFixture.SPOOL.resolve("wal").resolve(HexName.of(0) + ".seg"), 32 * 8);

    Log again = LogFixture.open(disk, told, new Random(2));

    assertThat(LogFixture.texts(again)).containsExactly("a", "b");
    assertThat(disk.list(LogFixture.SPOOL.resolve("quarantine"))).hasSize(1);
  }

  @Test
  void worksOnTheRealDisk(@TempDir Path directory) throws IOException {
    SpoolConfig fake = LogFixture.config(1 << 30);
    SpoolConfig config =
        new SpoolConfig(
            directory.resolve("spool"),
            fake.ringDirectory(),
            fake.ringBytes(),
            2 << 20,
            fake.logBytesMax(),
            0,
            4,
            fake.forceAfter(),
            fake.forceAfterBytes(),
            fake.forceTimeout());
    for (int i = 0; i < 3; i++) {
      try (Log log = Log.open(new FileDisk(), config, told, LogFixture.time(), new Random(i))) {
        LogFixture.append(log, "life " + i, "x".repeat(900_000));
        while (log.fillPool()) {}
        assertThatThrownBy(
                () -> Log.open(new FileDisk(), config, told, LogFixture.time(), new Random(9)))
            .isInstanceOf(SpoolException.class);
        assertThat(LogFixture.seqs(log)).hasSize(2 * (i + 1));
      }
    }
    assertThat(Files.getPosixFilePermissions(config.directory().resolve("IDENT"))).hasSize(2);
  }
}
