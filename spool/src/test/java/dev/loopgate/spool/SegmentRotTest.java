package dev.loopgate.spool;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogFixture.Read;
import dev.loopgate.spool.LogFixture.Told;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Row 5 of the fault matrix: a whole small segment, of which each bit rots and each group is torn,
/// zeroed or an older one. What is bad is set aside and counted, all else goes on, and no record is
/// invented or altered.
final class SegmentRotTest {
  private static final Path WAL = LogFixture.SPOOL.resolve("wal");
  private static final Path SEGMENT = WAL.resolve(HexName.of(0) + ".seg");
  private static final int PAGE = SegmentLayout.PAGE_BYTES;
  private static final int EACH_BIT = 8 * 300; // of header, group and record heads; then some
  private static final int STRIDE = 97;

  private final Map<Long, String> written = new TreeMap<>(); // by seq
  private byte[] whole = new byte[0];

  @BeforeEach
  void write() throws IOException {
    FaultyDisk disk = new FaultyDisk(new Random(3));
    whole = written(disk, "", 1);
    try (Log log = LogFixture.open(disk)) {
      LogFixture.read(log, LogPosition.START).forEach(read -> written.put(read.seq(), read.text()));
    }
    assertThat(written).hasSize(5);
  }

  /// Groups of one entry, of two, of one in two parts, of one again and of two pages; a marker that
  /// proves them.
  private static byte[] written(FaultyDisk disk, String prefix, long seed) throws IOException {
    Log log = LogFixture.open(disk, new Told(), new Random(seed));
    LogFixture.append(log, prefix + "a");
    LogFixture.append(log, prefix + "b", prefix + "c");
    String halves = prefix + "in two parts";
    Group group = log.newGroup();
    group.begin(7);
    for (int i = 0; i < 2; i++) {
      Group.Part part = new Group.Part(1, 99, i, 2, halves.length());
      int half = halves.length() / 2;
      String bytes = i == 0 ? halves.substring(0, half) : halves.substring(half);
      group.addPart(part, EntryKind.FEEDBACK, true, 5, "m", "1", LogFixture.encoded(bytes));
    }
    group.end(2);
    log.append(group, LogFixture.NO_SNAPSHOT);
    LogFixture.append(log, prefix + "d" + "-".repeat(PAGE));
    Group marker = log.newGroup();
    marker.begin(7);
    marker.addMarker(5);
    marker.end(3);
    log.append(marker, LogFixture.NO_SNAPSHOT);
    disk.kill();
    return disk.bytes(SEGMENT);
  }

  private static FaultyDisk diskWith(byte[] segment) throws IOException {
    FaultyDisk disk = new FaultyDisk(new Random(1));
    disk.createDirectory(WAL);
    disk.replace(SEGMENT, segment);
    return disk;
  }

  /// Where header and groups begin, and how many bytes of each say something.
  private static Map<Integer, Integer> saying(byte[] segment) {
    Map<Integer, Integer> saying = new TreeMap<>();
    saying.put(0, 64);
    ByteBuffer bytes = ByteBuffer.wrap(segment).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = PAGE; at < segment.length; ) {
      SegmentLayout.GroupHeader header = SegmentLayout.readGroupHeader(bytes, at);
      if (header == null) {
        break; // zeros ahead of the writer
      }
      saying.put(at, header.length());
      at += (int) header.paddedLength();
    }
    assertThat(saying).as("header, preamble and five groups").hasSize(7);
    return saying;
  }

  @Test
  void eachBitThatRotsLosesAtMostItsGroupAndNeverUnseen() throws IOException {
    Map<Integer, Integer> saying = saying(whole);
    int lastGroup = new ArrayList<>(saying.keySet()).getLast();
    for (Map.Entry<Integer, Integer> piece : saying.entrySet()) {
      int from = 8 * piece.getKey();
      for (int bit = 0; bit < 8 * piece.getValue(); bit += bit < EACH_BIT ? 1 : STRIDE) {
        String as = "bit=" + (from + bit);
        byte[] bad = flipped(from + bit);
        FaultyDisk disk = diskWith(bad);

        List<String> found = recovered(disk, as, bit % 31 == 0);

        assertThat(found.size()).as(as).isGreaterThanOrEqualTo(written.size() - 2);
        if (piece.getKey() < lastGroup) { // the last one can't be told from a torn end
          assertThat(setAside(disk).values()).as(as).containsExactly(bad);
        } else {
          assertThat(found).as(as).isEqualTo(List.copyOf(written.values()));
        }
      }
    }
  }

  @Test
  void noBitOfThePaddingSaysAnything() throws IOException {
    Map<Integer, Integer> saying = saying(whole);
    for (int bit = 64 * 8; bit < whole.length * 8; bit += STRIDE) {
      int at = bit / 8;
      if (saying.entrySet().stream()
          .anyMatch(piece -> at >= piece.getKey() && at < piece.getKey() + piece.getValue())) {
        continue;
      }
      FaultyDisk disk = diskWith(flipped(bit));

      assertThat(recovered(disk, "bit=" + bit, false)).isEqualTo(List.copyOf(written.values()));
      assertThat(setAside(disk)).as("bit=%d", bit).isEmpty();
    }
  }

  @Test
  void aGroupThatIsTornZeroedOrAnOlderOneLosesItselfAlone() throws IOException {
    FaultyDisk older = new FaultyDisk(new Random(4)); // of another generation, laid out alike
    byte[] stale = written(older, "an older ", 2);
    Map<Integer, Integer> saying = saying(whole);
    List<Integer> starts = new ArrayList<>(saying.keySet());
    for (int i = 1; i < starts.size() - 1; i++) {
      int at = starts.get(i);
      int end = starts.get(i + 1);
      for (String fault : List.of("zeroed", "older", "torn", "torn before an older one")) {
        byte[] bad = whole.clone();
        int torn = at + Math.max(40, requireNonNull(saying.get(at)) / 2 & -512);
        switch (fault) {
          case "zeroed" -> Arrays.fill(bad, at, end, (byte) 0);
          case "older" -> System.arraycopy(stale, at, bad, at, end - at);
          case "torn" -> Arrays.fill(bad, torn, end, (byte) 0);
          default -> System.arraycopy(stale, torn, bad, torn, end - torn);
        }
        FaultyDisk disk = diskWith(bad);
        String as = fault + ", group at " + at;

        List<String> found = recovered(disk, as, true);

        assertThat(found.size()).as(as).isGreaterThanOrEqualTo(written.size() - 2);
        assertThat(setAside(disk)).as(as).hasSize(1);
      }
    }
  }

  /// Its header is forced, its first group is not: what follows is of an earlier life.
  @Test
  void whatAnEarlierLifeLeftInASegmentIsNeverTakenForItsOwn() throws IOException {
    byte[] bad = written(new FaultyDisk(new Random(4)), "an older ", 2);
    System.arraycopy(whole, 0, bad, 0, PAGE);

    Log log = LogFixture.open(diskWith(bad));

    assertThat(LogFixture.texts(log)).isEmpty();
    assertThat(log.nextSeq()).isZero();
  }

  /// Row 20: what a later version writes is not rot.
  @Test
  void aSegmentOfALaterVersionIsRefusedInOneLineAndLeftAsItIs() throws IOException {
    byte[] later = whole.clone();
    ByteBuffer header = ByteBuffer.wrap(later).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(8, SegmentLayout.VERSION + 1);
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(later, 0, 60);
    header.putInt(60, (int) crc.getValue());
    FaultyDisk disk = diskWith(later);

    assertThatThrownBy(() -> LogFixture.open(disk))
        .isInstanceOf(SpoolException.class)
        .hasMessageContaining("spool of a later version: file=" + SEGMENT)
        .hasMessageContaining("version=3, known=2")
        .message()
        .doesNotContain("\n");

    assertThat(disk.bytes(SEGMENT)).isEqualTo(later);
    assertThat(disk.list(WAL)).hasSize(1);
    assertThat(setAside(disk)).isEmpty();
  }

  private byte[] flipped(int bit) {
    byte[] bad = whole.clone();
    bad[bit / 8] ^= (byte) (1 << (bit % 8));
    return bad;
  }

  /// What is found: each as it was written, the others counted as lost; and so again after more was
  /// written behind it.
  private List<String> recovered(FaultyDisk disk, String as, boolean goesOn) throws IOException {
    Log log = LogFixture.open(disk, new Told(), new Random(9));
    List<Read> found = LogFixture.read(log, LogPosition.START);
    assertThat(found)
        .as(as)
        .allSatisfy(read -> assertThat(read.text()).isEqualTo(written.get(read.seq())));
    List<Long> seqs = new ArrayList<>(found.stream().map(Read::seq).toList());
    for (NoteMessage note : LogFixture.notes(log)) {
      for (SeqRange range : note.getLost().getSeqsList()) {
        for (long seq = range.getFirst(); seq <= range.getLast(); seq++) {
          seqs.add(seq);
        }
      }
    }
    assertThat(seqs).as(as).containsExactlyInAnyOrderElementsOf(written.keySet());
    assertThat(log.nextSeq()).as(as).isEqualTo(written.size());
    List<String> texts = new ArrayList<>(found.stream().map(Read::text).toList());
    if (goesOn) {
      LogFixture.append(log, "after");
      disk.restart();
      texts.add("after");
      assertThat(LogFixture.texts(LogFixture.open(disk))).as(as).isEqualTo(texts);
      texts.removeLast();
    }
    return texts;
  }

  private static Map<String, byte[]> setAside(FaultyDisk disk) throws IOException {
    Map<String, byte[]> copies = new TreeMap<>();
    Path quarantine = LogFixture.SPOOL.resolve("quarantine");
    for (String name : disk.list(quarantine)) {
      copies.put(name, disk.bytes(quarantine.resolve(name)));
    }
    return copies;
  }
}
