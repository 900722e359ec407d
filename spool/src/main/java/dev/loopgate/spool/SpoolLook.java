package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogMap.Extent;
import dev.loopgate.spool.LogMap.SegmentFile;
import dev.loopgate.spool.LogRecovery.Recovered;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A spool's ring and log as the next start would recover them, looked at without opening it: no
/// lock, nothing changed. Confined to one thread.
///
/// Of a spool whose process lives it is a look at one moment, and each entry accepted before it is
/// in ring or log once. What the shipper commits after that moment may be recycled while the log is
/// read, and reads as damage: it lies before the cursor that the commit log has by then.
public final class SpoolLook implements AutoCloseable {
  /// Bytes that no checksum proves.
  public record Damage(LogPosition at, long bytes) {}

  /// Whole entries of the ring that the log does not have.
  ///
  /// @param hour hours since the epoch
  public record InRing(long hour, EntryKind kind, long entries) {}

  private final List<RingLook> rings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final Map<EntryKind, Long> missing = new EnumMap<>(EntryKind.class);
  private final List<Damage> damage = new ArrayList<>();
  private final Path directory;
  private final String spoolId;
  private final Recovered log;
  private final LogPosition end;
  private final LogReader reader;
  private final boolean ringMissing;
  private boolean unusableRing;
  private long shipped; // entries of the ring

  private SpoolLook(Path directory, Path ringDirectory) throws IOException {
    this.directory = directory;
    Disk disk = new ReadOnlyDisk(new FileDisk());
    SpoolId id = LogDirectory.known(disk, directory);
    spoolId = id == null ? "" : id.hex();
    for (Path place : ringsOf(directory, ringDirectory, spoolId)) {
      lookAt(place);
    }
    // What recovery would do, quarantine mostly, is not done and not told.
    log = LogRecovery.of(disk, new LogDirectory(directory), SpoolEvents.SILENT);
    for (LogRecovery.Tail tail : log.tail()) {
      addTail(tail.extent());
    }
    for (RingLook ring : rings) {
      ring.afterLog(log.ringEnds());
      addMissing(ring);
    }
    LogPosition last = LogPosition.START;
    for (Extent extent : log.map().extents()) {
      last = extent.end();
    }
    end = last;
    boolean found = !rings.isEmpty() || unusableRing;
    ringMissing = id != null && !found && !new LogDirectory(directory).hasNoRing(disk);
    reader =
        new LogReader(
            disk,
            log.map(),
            log.sets(),
            log.holes(),
            () -> end,
            new Looker(),
            (at, bytes) -> damage.add(new Damage(at, bytes)),
            EntryCodec::decode);
  }

  /// Looks at the spool in `directory`, whose ring lies in `ringDirectory` or beside the log. An
  /// empty directory, or none, is a spool with nothing in it.
  ///
  /// @throws IOException when something can't be read; the message names it
  public static SpoolLook at(Path directory, Path ringDirectory) throws IOException {
    return new SpoolLook(directory, ringDirectory);
  }

  /// Another text whenever anything moved in the spool: an entry, a group, a segment.
  public static String marks(Path directory, Path ringDirectory) throws IOException {
    Disk disk = new ReadOnlyDisk(new FileDisk());
    SpoolId id = LogDirectory.known(disk, directory);
    StringBuilder marks = new StringBuilder();
    marks.append(disk.list(new LogDirectory(directory).wal()));
    for (Path place : ringsOf(directory, ringDirectory, id == null ? "" : id.hex())) {
      try (RingFile file = RingFile.openToRead(place)) {
        marks.append(' ').append(file.header().ringId());
        marks.append(' ').append(file.ring().head()).append(' ').append(file.ring().tail());
      } catch (IOException e) {
        marks.append(' ').append(e.getMessage());
      }
    }
    return marks.toString();
  }

  /// 32 hex digits, empty when there is none.
  public String spoolId() {
    return spoolId;
  }

  /// The log, up to the end that a start would find. It releases nothing.
  public SpoolReader reader() {
    return reader;
  }

  /// What [#reader] stepped over so far.
  public List<Damage> damage() {
    return List.copyOf(damage);
  }

  /// Seqs that are in no record of the log between its first and its last, and that no note names
  /// lost.
  public List<SeqRange> lost() {
    return log.lost();
  }

  /// Leaves out of the ring what has come into files since: all entries before the seq `next`.
  public void isShippedTo(long next) {
    for (RingLook ring : rings) {
      shipped += ring.skip(Math.max(0, next - log.nextSeq() - shipped));
    }
  }

  /// Whether the file of a segment of the log is still there.
  boolean isThere(long segment) {
    return Files.exists(new LogDirectory(directory).segment(segment));
  }

  /// The time of the latest record, milliseconds since the epoch; 0 when there is none.
  public long lastMillis() {
    return log.timeMillis();
  }

  /// What the ring holds and the log does not.
  public List<InRing> inRing() {
    Map<Long, Map<EntryKind, Long>> byHour = new TreeMap<>();
    rings.forEach(ring -> ring.countInto(byHour));
    List<InRing> all = new ArrayList<>();
    byHour.forEach(
        (hour, kinds) -> kinds.forEach((kind, count) -> all.add(new InRing(hour, kind, count))));
    return List.copyOf(all);
  }

  /// What the rings' ledgers counted and the log has not noted yet, with the entries of [#inRing]
  /// as accepted.
  public List<NoteMessage> pendingLedgers() {
    return rings.stream().map(ring -> ring.pending(noted(ring))).toList();
  }

  /// Entries that a ring's ledger counted and that are neither in that ring nor in the log's notes,
  /// by kind; kinds without any are left out.
  public Map<EntryKind, Long> missing() {
    return Map.copyOf(missing);
  }

  /// Claims in the ring that nobody was promised.
  public long unfinished() {
    return rings.stream().mapToLong(RingLook::unfinished).sum();
  }

  /// What a ring file's own cells count since its process began, by kind and deployment; empty
  /// without a ring.
  public Map<EntryKind, Map<String, LedgerCounts>> ledger() {
    return rings.isEmpty() ? Map.of() : rings.getLast().ledger();
  }

  /// Why what was accepted last can't be told: the ring is gone, unusable, or of another start of
  /// the machine. Empty when it can.
  public String ringGap() {
    if (ringMissing) {
      return "the ring is gone: with the machine, or it lies in another ring directory";
    }
    if (unusableRing) {
      return "the ring can't be used";
    }
    boolean otherBoot = rings.stream().anyMatch(ring -> !ring.isOfThisBoot());
    return otherBoot ? "the machine was started anew since" : "";
  }

  /// What could not be used, as lines.
  public List<String> problems() {
    return List.copyOf(problems);
  }

  @Override
  public void close() throws IOException {
    reader.close();
    for (RingLook ring : rings) {
      ring.close();
    }
  }

  LogMap map() {
    return log.map();
  }

  private static List<Path> ringsOf(Path directory, Path ringDirectory, String spoolId) {
    return List.of(
            RingPlaces.inMemory(ringDirectory, spoolId),
            directory.toAbsolutePath().normalize().resolve("ring"))
        .stream()
        .filter(Files::exists)
        .toList();
  }

  private void lookAt(Path place) {
    try {
      rings.add(RingLook.at(place, RingHost.LINUX.bootId()));
    } catch (NoSuchFileException _) {
      // its process ended well at this moment; what it left says so
    } catch (IOException e) {
      unusableRing = true;
      problems.add("ring: " + e.getMessage());
    }
  }

  /// The tail is written again by the next start; until then it is read where it lies.
  private void addTail(Extent extent) {
    Extent known = log.map().atOrAfter(extent.start());
    if (known == null || known.start().compareTo(extent.end()) >= 0) {
      log.map().addExtent(extent);
    }
  }

  /// The last segment has the totals. When it is gone all that it had is shipped, and how much that
  /// was can't be told here.
  private void addMissing(RingLook ring) {
    List<Long> segments = log.map().numbers();
    if (!segments.isEmpty() && !isThere(segments.getLast())) {
      return;
    }
    for (EntryKind kind : EntryKind.values()) {
      long count = ring.missing(kind, noted(ring));
      if (count > 0) {
        missing.merge(kind, count, Long::sum);
      }
    }
  }

  private Map<LedgerKey, LedgerRow> noted(RingLook ring) {
    return log.ledgers().getOrDefault(ring.ringId(), Map.of());
  }

  /// Gives nothing back: what is looked at is another's.
  private static final class Looker implements LogReader.Keeper {
    @Override
    public void recycle(SegmentFile file) throws IOException {
      throw new IOException("looked at, never recycled: file=" + file.path());
    }

    @Override
    public void releaseReserve() throws IOException {
      throw new IOException("looked at: the reserve is the gateway's");
    }

    @Override
    public boolean refillReserve() {
      return true;
    }
  }
}
