package dev.loopgate.spool;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Prediction;
import dev.loopgate.testkit.GoldenFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Row 20 of the fault matrix: what each version left on disk is read with the same records for
/// ever, and this version writes what its number says.
///
/// `spool-format-N.zip` is what a killed process of version N left: log, ring and ledger.
/// [GoldenFiles] says how it is made.
final class SpoolFormatTest {
  private static final String RING = "ring";
  private static final long NOW = SpoolFixture.START_MILLIS;

  @TempDir Path rings;

  static IntStream versions() {
    return IntStream.rangeClosed(1, SegmentLayout.VERSION);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void whatEachVersionLeftIsReadAsItWasWritten(int version) throws IOException {
    Map<String, byte[]> left = GoldenFiles.read(SpoolFormatTest.class, nameOf(version));
    FaultyDisk disk = new FaultyDisk(new Random(1));
    SpoolFixture fixture = fixture(disk);
    left.forEach((name, bytes) -> {
      if (!name.equals(RING)) {
        Path file = Path.of("/", name);
        create(disk, requireNonNull(file.getParent()));
        disk.replace(file, bytes);
      }
    });
    Files.write(rings.resolve(ringName(left)), requireNonNull(left.get(RING)));

    Spool spool = fixture.open();

    List<byte[]> found = new ArrayList<>();
    for (LogRecord record : SpoolFixture.records(spool)) {
      if (record instanceof LogRecord.EntryAt at) {
        assertThat(at.seq()).isEqualTo(found.size());
        found.add(encoded(spool.reader().read(at)));
      }
    }
    assertThat(found)
        .containsExactlyElementsOf(entries(version).stream().map(this::encoded).toList());
    LedgerCounts predictions = SpoolFixture.noted(spool, EntryKind.PREDICTION);
    assertThat(predictions.begun()).isEqualTo(7);
    assertThat(predictions.accepted()).isEqualTo(4);
    assertThat(predictions.sampledOut()).isEqualTo(1);
    assertThat(predictions.dropped().get(DropReason.TOO_LARGE.number())).isEqualTo(1);
    assertThat(predictions.dropped().get(DropReason.GATEWAY_KILLED.number())).isEqualTo(1);
    assertThat(SpoolFixture.noted(spool, EntryKind.FEEDBACK).accepted()).isEqualTo(2);
    if (version > 1) {
      LedgerCounts accesses = SpoolFixture.noted(spool, EntryKind.ACCESS_LOG);
      assertThat(accesses.begun()).isEqualTo(3);
      assertThat(accesses.accepted()).isEqualTo(2);
      assertThat(accesses.dropped().get(DropReason.NOT_OBSERVED.number())).isEqualTo(1);
    }
    assertThat(SpoolFixture.gaps(spool)).isEmpty();
    spool.die();
  }

  @Test
  void thisVersionWritesWhatItsNumberSays() throws IOException {
    Map<String, byte[]> written = write();
    GoldenFiles.writeIfAsked(nameOf(SegmentLayout.VERSION), written);

    Map<String, byte[]> golden =
        GoldenFiles.read(SpoolFormatTest.class, nameOf(SegmentLayout.VERSION));

    String as = "another format has another SegmentLayout.VERSION, and a golden file: file=";
    assertThat(written.keySet()).isEqualTo(golden.keySet());
    written.forEach(
        (name, bytes) -> assertThat(bytes).as("%s%s", as, name).isEqualTo(golden.get(name)));
  }

  private SpoolFixture fixture(FaultyDisk disk) {
    SpoolFixture fixture = new SpoolFixture(disk, Path.of("/spool"), rings, 64 << 10);
    fixture.host = new SpoolFixture.Host("8f1b3a52-0000-4000-8000-000000000001", 1L << 30);
    return fixture;
  }

  /// What was accepted, in order: the fourth in parts, the last two of version 1 in the ring alone.
  private static List<Entry> entries(int version) {
    List<Entry> entries = new ArrayList<>(ofTheFirst());
    if (version > 1) {
      entries.add(2, Entries.access("a-1", NOW));
      entries.add(Entries.access("a-2", NOW + 10 + Duration.ofHours(1).toMillis()));
    }
    return entries;
  }

  private static List<Entry> ofTheFirst() {
    return List.of(
        Entries.prediction("p-1", NOW, 100, 2000),
        Entries.feedback("f-1", NOW),
        Entries.prediction("p-2", NOW + 10, 0, 1),
        Entries.prediction("p-3", NOW + 10, 5_000, 20_000),
        Entries.prediction("p-4", NOW + 10 + Duration.ofHours(1).toMillis(), 10, 10),
        Entries.feedback("f-2", NOW + 10 + Duration.ofHours(1).toMillis()));
  }

  /// What a process leaves that is killed with two entries and one that is open.
  private Map<String, byte[]> write() throws IOException {
    FaultyDisk disk = new FaultyDisk(new Random(1));
    SpoolFixture fixture = fixture(disk);
    Spool spool = fixture.open();
    SpoolLane lane = spool.openLane();
    int wine = spool.slotOf("wine");
    List<Entry> entries = entries(SegmentLayout.VERSION);
    append(lane, wine, entries.subList(0, 3));
    drain(spool, fixture);
    append(lane, wine, entries.subList(3, 5));
    lane.begun(EntryKind.ACCESS_LOG, wine, NOW);
    lane.dropped(EntryKind.ACCESS_LOG, wine, DropReason.NOT_OBSERVED, NOW);
    lane.begun(EntryKind.PREDICTION, wine, NOW);
    lane.sampledOut(EntryKind.PREDICTION, wine, NOW);
    lane.begun(EntryKind.PREDICTION, wine, NOW);
    lane.dropped(EntryKind.PREDICTION, wine, DropReason.TOO_LARGE, NOW);
    drain(spool, fixture);
    append(lane, wine, entries.subList(5, 8));
    lane.begun(EntryKind.PREDICTION, wine, NOW + Duration.ofHours(1).toMillis());
    Path ring = spool.ringFile().path();
    spool.die();
    disk.kill();
    Map<String, byte[]> files = new TreeMap<>();
    files.put(RING, Files.readAllBytes(ring));
    for (String directory : List.of("spool", "spool/wal", "spool/pool", "spool/quarantine")) {
      for (String name : disk.list(Path.of("/", directory))) {
        files.put(directory + "/" + name, disk.bytes(Path.of("/", directory, name)));
      }
    }
    return files;
  }

  private static void append(SpoolLane lane, int slot, List<Entry> entries) {
    for (Entry entry : entries) {
      switch (entry) {
        case Prediction prediction -> {
          lane.begun(EntryKind.PREDICTION, slot, prediction.timeMillis());
          assertThat(lane.append(prediction, slot)).isEqualTo(Appended.ACCEPTED);
        }
        case dev.loopgate.capture.Feedback feedback ->
            assertThat(lane.appendForced(feedback, slot, _ -> {})).isEqualTo(Appended.ACCEPTED);
        case AccessRecord access -> {
          lane.begun(EntryKind.ACCESS_LOG, slot, access.timeMillis());
          assertThat(lane.append(access, slot)).isEqualTo(Appended.ACCEPTED);
        }
      }
    }
  }

  private static void drain(Spool spool, SpoolFixture fixture) {
    fixture.time.advance(Duration.ofSeconds(1));
    while (spool.doWork() > 0) {
      fixture.time.advance(Duration.ofSeconds(1));
    }
  }

  private byte[] encoded(Entry entry) {
    EncodedEntry encoded = new EncodedEntry();
    assertThat(EntryCodec.encode(entry, encoded, RingLane.ENTRY_BYTES_MAX)).isTrue();
    java.lang.foreign.MemorySegment copy =
        java.lang.foreign.Arena.ofAuto().allocate(encoded.length());
    encoded.copyTo(copy, 0, 0, encoded.length());
    return copy.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  private static void create(FaultyDisk disk, Path directory) {
    try {
      disk.createDirectory(directory);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /// As the spool's id in `IDENT` says.
  private static String ringName(Map<String, byte[]> left) {
    ByteBuffer ident =
        ByteBuffer.wrap(requireNonNull(left.get("spool/IDENT")))
            .order(java.nio.ByteOrder.LITTLE_ENDIAN);
    return "loopgate-" + new SpoolId(ident.getLong(16), ident.getLong(24)).hex();
  }

  private static String nameOf(int version) {
    return "spool-format-" + version + ".zip";
  }
}
