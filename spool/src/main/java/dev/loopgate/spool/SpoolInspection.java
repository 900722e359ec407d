package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.GapNote;
import dev.loopgate.proto.v1.LedgerNote;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.LostNote;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What lies in a spool's directory and its ring, looked at without opening it: no lock, nothing
/// changed, nothing refused. Of a spool whose process lives it is a look at a moment: an entry that
/// moves from the ring to the log meanwhile may be seen in neither.
///
/// @param spoolId 32 hex digits, empty when there is none
/// @param segments of the log, by their numbers
/// @param logged entries in the log, by kind
/// @param inRing entries committed in the ring that the log does not have, by kind
/// @param unfinished claims in the ring that nobody was promised
/// @param noted what the log's notes that are still there count, by kind
/// @param ledger what the ring file's own cells count since its process began, by kind and
///   deployment
/// @param gaps and what was lost, as lines
/// @param problems what could not be read, as lines
public record SpoolInspection(
    String spoolId,
    List<Segment> segments,
    Map<EntryKind, Long> logged,
    Map<EntryKind, Long> inRing,
    long unfinished,
    Map<EntryKind, LedgerCounts> noted,
    Map<EntryKind, Map<String, LedgerCounts>> ledger,
    List<String> gaps,
    List<String> problems) {
  /// One segment of the log.
  ///
  /// @param entries complete in it; an entry in parts counts where its last part lies
  /// @param firstSeq of its entries, -1 when it has none
  /// @param lastSeq of its entries, -1 when it has none
  public record Segment(
      long number, long bytes, long entries, long firstSeq, long lastSeq, long damagedBytes) {}

  public SpoolInspection {
    segments = List.copyOf(segments);
    logged = Map.copyOf(logged);
    inRing = Map.copyOf(inRing);
    noted = Map.copyOf(noted);
    ledger = Map.copyOf(ledger);
    gaps = List.copyOf(gaps);
    problems = List.copyOf(problems);
  }

  /// Looks at the spool in `directory`, whose ring lies in `ringDirectory` or beside the log.
  public static SpoolInspection of(Path directory, Path ringDirectory) {
    Look look = new Look(new LogDirectory(directory));
    look.readId();
    look.readSegments();
    for (Path ring :
        List.of(
            RingPlaces.inMemory(ringDirectory, look.spoolId),
            directory.toAbsolutePath().normalize().resolve("ring"))) {
      look.readRing(ring);
    }
    return look.result();
  }

  /// Collects while it reads. Confined to one inspection.
  private static final class Look {
    private final LogDirectory directory;
    private final Disk disk = new FileDisk();
    private final List<Segment> segments = new ArrayList<>();
    private final Map<EntryKind, Long> logged = new EnumMap<>(EntryKind.class);
    private final Map<EntryKind, Long> inRing = new EnumMap<>(EntryKind.class);
    private final Map<EntryKind, LedgerCounts> noted = new EnumMap<>(EntryKind.class);
    private final Map<Long, Long> ringEnds = new HashMap<>();
    private final Map<Integer, EntryKind> kinds = new HashMap<>(); // by key id
    private final List<String> gaps = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private Map<EntryKind, Map<String, LedgerCounts>> ledger = Map.of();
    private String spoolId = "";
    private long unfinished;
    private long nextSeq = -1; // a group written again after a failed force repeats its seqs

    Look(LogDirectory directory) {
      this.directory = directory;
      for (EntryKind kind : EntryKind.values()) {
        logged.put(kind, 0L);
        inRing.put(kind, 0L);
        noted.put(kind, new LedgerCounts(0, 0, 0, List.of()));
      }
    }

    void readId() {
      try {
        SpoolId id = Ident.read(disk, directory.root());
        spoolId = id == null ? "" : id.hex();
      } catch (IOException e) {
        problems.add("IDENT: " + e);
      }
    }

    void readSegments() {
      List<String> names = List.of();
      try {
        names = disk.exists(directory.wal()) ? disk.list(directory.wal()) : names;
      } catch (IOException e) {
        problems.add("wal: " + e);
      }
      for (String name : names) {
        try {
          readSegment(name);
        } catch (IOException e) {
          problems.add("segment: file=" + name + ": " + e); // recycled just now, or unreadable
        }
      }
    }

    void readSegment(String name) throws IOException {
      Disk.DiskFile file = disk.open(directory.wal().resolve(name));
      ByteBuffer page =
          ByteBuffer.allocate(SegmentLayout.PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      file.read(page, 0);
      SegmentLayout.Header header = SegmentLayout.readHeader(page.flip());
      if (header == null) {
        file.close();
        problems.add("segment: file=" + name + ": no header");
        return;
      }
      long number = LogDirectory.numberOf(name);
      long entries = 0;
      long firstSeq = -1;
      long lastSeq = -1;
      long end = SegmentLayout.PAGE_BYTES;
      long damaged = 0;
      try (SegmentScan scan = new SegmentScan(file, header.generation())) {
        while (scan.seek(end, scan.size())) {
          damaged += scan.skipped();
          end = scan.nextOffset();
          if (isEntry(scan) && scan.head().seq() >= nextSeq) {
            countEntry(scan.head());
            entries++;
            firstSeq = firstSeq < 0 ? scan.head().seq() : firstSeq;
            lastSeq = scan.head().seq();
          }
          readNote(scan);
        }
        readRingEnds(scan, end);
      }
      segments.add(new Segment(number, end, entries, firstSeq, lastSeq, damaged));
    }

    private static boolean isEntry(SegmentScan scan) {
      return scan.head().type() == RecordLayout.ENTRY
          || (scan.head().type() == RecordLayout.PART
              && RecordLayout.readPartHead(scan.payload(), 0).isLast());
    }

    private void countEntry(RecordLayout.Head head) {
      nextSeq = head.seq() + 1;
      EntryKind kind = kinds.get(head.keyId());
      if (kind != null) {
        logged.merge(kind, 1L, Long::sum);
      } else {
        problems.add("entry: seq=" + head.seq() + ": its dictionary record is damaged");
      }
    }

    private void readNote(SegmentScan scan) throws IOException {
      if (scan.head().type() == RecordLayout.DICTIONARY) {
        kinds.put(scan.head().keyId(), ModelKey.decoded(scan.payload()).kind());
      } else if (scan.head().type() == RecordLayout.NOTE) {
        NoteMessage note = NoteMessage.parseFrom(scan.payload());
        switch (note.getNoteCase()) {
          case LEDGER -> add(note.getLedger());
          case GAP -> add(note.getGap());
          case LOST -> add(note.getLost());
          case NOTE_NOT_SET -> {} // of a later version
        }
      }
    }

    private void add(LedgerNote note) {
      for (LedgerRow row : note.getRowsList()) {
        if (row.getKind() == 0 || row.getKind() == 1) {
          noted.merge(
              EntryKind.ofNumber(row.getKind()),
              Spool.countsOf(row.getDelta()),
              SpoolInspection::plus);
        }
      }
    }

    private void add(GapNote gap) {
      gaps.add("gap: from=" + gap.getFromMs() + ", to=" + gap.getToMs() + ": " + gap.getReason());
    }

    private void add(LostNote lost) {
      for (SeqRange seqs : lost.getSeqsList()) {
        gaps.add("lost: seq=" + seqs.getFirst() + ".." + seqs.getLast() + ": " + lost.getReason());
      }
    }

    private void readRingEnds(SegmentScan scan, long end) throws IOException {
      for (long at = SegmentLayout.PAGE_BYTES; at < end; ) {
        SegmentLayout.GroupHeader group = scan.groupHeader(at, scan.size());
        if (group != null) {
          ringEnds.merge(group.ringId(), group.ringEnd(), Math::max);
        }
        at += group == null ? SegmentLayout.PAGE_BYTES : SegmentLayout.padded(group.length());
      }
    }

    void readRing(Path path) {
      if (!Files.exists(path)) {
        return;
      }
      try (RingFile file = RingFile.openToRead(path)) {
        Ring ring = file.ring();
        long from = Math.max(ring.head(), ringEnds.getOrDefault(file.header().ringId(), 0L));
        RingRecovery.Scan scan = new RingRecovery.Scan(ring, from, ring.tail(), false);
        List<RingRecovery.Scan.Message> entry = scan.next();
        while (!entry.isEmpty()) {
          inRing.merge(entry.getFirst().head().kind(), 1L, Long::sum);
          entry = scan.next();
        }
        unfinished += scan.unfinished();
        ledger = Spool.counts(file.ledger());
      } catch (IOException e) {
        problems.add("ring: " + e.getMessage());
      }
    }

    SpoolInspection result() {
      return new SpoolInspection(
          spoolId, segments, logged, inRing, unfinished, noted, ledger, gaps, problems);
    }
  }

  private static LedgerCounts plus(LedgerCounts one, LedgerCounts other) {
    List<Long> dropped = new ArrayList<>();
    for (int i = 0; i < Math.max(one.dropped().size(), other.dropped().size()); i++) {
      long mine = i < one.dropped().size() ? one.dropped().get(i) : 0;
      dropped.add(mine + (i < other.dropped().size() ? other.dropped().get(i) : 0));
    }
    return new LedgerCounts(
        one.begun() + other.begun(),
        one.accepted() + other.accepted(),
        one.sampledOut() + other.sampledOut(),
        dropped);
  }
}
