package dev.loopgate.spool;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.loopgate.proto.v1.Counts;
import dev.loopgate.proto.v1.LedgerNote;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogMap.Extent;
import dev.loopgate.spool.LogMap.SegmentFile;
import dev.loopgate.spool.LogRecovery.Tail;
import dev.loopgate.spool.RecordLayout.Head;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Recovery's look at every record that is kept, in order: numbers to go on with, and what the
/// notes say. Confined to recovery.
final class LogWalk {
  private final Disk disk;
  private final LogMap map;
  private final PartSets sets = new PartSets();
  private final Map<Long, Map<LedgerKey, LedgerRow>> ledgers = new LinkedHashMap<>();
  private final SeqRanges holes = new SeqRanges();
  private final SeqRanges noted = new SeqRanges();
  private final Map<Integer, Long> headless = new HashMap<>(); // entry id by lane
  private LogPosition logStart = LogPosition.START;
  private long lastLedger;
  private long expected;
  private int keyIdMax;
  private long timeMillis;
  private long entries;

  private @Nullable SegmentScan scan;
  private long scanned = -1;

  /// @param firstSeq the seq the oldest record must have
  LogWalk(Disk disk, LogMap map, long firstSeq) {
    this.disk = disk;
    this.map = map;
    this.expected = firstSeq;
  }

  /// Looks at all records in these bytes; up to `nextSeq` there must be no hole.
  void walk(List<Extent> extents, long nextSeq) throws IOException {
    logStart = extents.isEmpty() ? LogPosition.START : extents.getFirst().start();
    for (Extent extent : extents) {
      SegmentScan segment = scanOf(extent.segment());
      long limit = extent.offset() + extent.bytes();
      long at = extent.offset();
      while (segment.seek(at, limit)) {
        LogPosition start = extent.start();
        long offset = start.offset() + segment.offset() - extent.offset();
        look(segment, new LogPosition(start.segment(), offset));
        at = segment.nextOffset();
      }
    }
    if (expected < nextSeq) {
      holes.add(expected, nextSeq - 1);
    }
    if (scan != null) {
      scan.close();
    }
  }

  /// The names that the records of these groups use.
  Map<ModelKey, Integer> keysOf(List<Tail> tail) throws IOException {
    Map<ModelKey, Integer> used = new LinkedHashMap<>();
    for (Tail group : tail) {
      SegmentFile file = map.file(group.segment());
      if (file != null) {
        try (SegmentScan segment = new SegmentScan(disk.open(file.path()), file.generation())) {
          addKeys(segment, group, used);
        }
      }
    }
    return used;
  }

  PartSets sets() {
    return sets;
  }

  /// Seqs between the first and the last that no record has, noted as lost or not.
  List<SeqRange> holes() {
    return holes.without(new SeqRanges());
  }

  List<SeqRange> lost() {
    return holes.without(noted);
  }

  Map<Long, Map<LedgerKey, LedgerRow>> ledgers() {
    return ledgers;
  }

  int nextKeyId() {
    return keyIdMax + 1;
  }

  /// The seq after the last entry.
  long nextSeq() {
    return expected;
  }

  long timeMillis() {
    return timeMillis;
  }

  long entries() {
    return entries;
  }

  /// The totals of the ledger that was noted last, for the start of a segment.
  Optional<NoteMessage> snapshot() {
    Map<LedgerKey, LedgerRow> rows = ledgers.get(lastLedger);
    if (rows == null) {
      return Optional.empty();
    }
    LedgerNote.Builder note = LedgerNote.newBuilder().setLedgerId(lastLedger).setSnapshot(true);
    for (LedgerRow row : rows.values()) {
      note.addRows(row.toBuilder().setDelta(Counts.getDefaultInstance()));
    }
    return Optional.of(NoteMessage.newBuilder().setLedger(note).build());
  }

  private void look(SegmentScan segment, LogPosition place) {
    Head head = segment.head();
    timeMillis = Math.max(timeMillis, head.timeMillis());
    keyIdMax = Math.max(keyIdMax, head.keyId()); // an entry's too: its dictionary may be damaged
    switch (head.type()) {
      case RecordLayout.ENTRY -> entry(head.seq());
      case RecordLayout.PART -> {
        RecordLayout.PartHead part = RecordLayout.readPartHead(segment.payload(), 0);
        if (part(part, segment.ringId(), place) && part.isLast()) {
          entry(head.seq());
        }
      }
      case RecordLayout.NOTE -> note(segment);
      default -> {} // dictionary, marker, or of a later version
    }
  }

  /// Whether the parts before this one are there, or were released with their segment. Else one of
  /// them is damaged, and the set's seq is a hole although its last part has it.
  private boolean part(RecordLayout.PartHead part, long ringId, LogPosition place) {
    sets.ring(ringId);
    if (sets.add(part, place)) {
      return true;
    }
    LogPosition before =
        part.back() > 0
            ? new LogPosition(place.segment(), place.offset() - part.back())
            : part.before();
    if (before.compareTo(logStart) < 0) {
      headless.put(part.lane(), part.entryId());
    }
    return Long.valueOf(part.entryId()).equals(headless.get(part.lane()));
  }

  private void entry(long seq) {
    if (seq < expected) {
      return;
    }
    if (seq > expected) {
      holes.add(expected, seq - 1);
    }
    expected = seq + 1;
    entries++;
  }

  private void note(SegmentScan segment) {
    NoteMessage note;
    try {
      note = NoteMessage.parseFrom(segment.payload());
    } catch (InvalidProtocolBufferException _) {
      return; // its checksum fits, so a later version wrote it
    }
    switch (note.getNoteCase()) {
      case LEDGER -> {
        lastLedger = note.getLedger().getLedgerId();
        Map<LedgerKey, LedgerRow> rows = ledgers.computeIfAbsent(lastLedger, _ -> new HashMap<>());
        for (LedgerRow row : note.getLedger().getRowsList()) {
          // The snapshot of a segment that was begun because a force failed is older than the group
          // before it, if that turns out to be there.
          rows.merge(
              new LedgerKey(row.getSlot(), row.getPlane(), row.getKind()),
              row,
              (known, next) -> sum(known.getTotal()) > sum(next.getTotal()) ? known : next);
        }
      }
      case LOST -> note.getLost().getSeqsList().forEach(r -> noted.add(r.getFirst(), r.getLast()));
      case GAP, NOTE_NOT_SET -> {}
    }
  }

  private static long sum(Counts total) {
    long dropped = total.getDroppedList().stream().mapToLong(Long::longValue).sum();
    return total.getBegun() + total.getAccepted() + total.getSampledOut() + dropped;
  }

  private static void addKeys(SegmentScan segment, Tail group, Map<ModelKey, Integer> used)
      throws IOException {
    Map<Integer, ModelKey> known = new HashMap<>();
    long end = group.offset() + group.header().length();
    long at = SegmentLayout.PAGE_BYTES;
    while (segment.seek(at, end)) {
      Head head = segment.head();
      if (head.type() == RecordLayout.DICTIONARY) {
        known.put(head.keyId(), ModelKey.decoded(segment.payload()));
      } else if (segment.offset() > group.offset() && known.containsKey(head.keyId())) {
        used.put(known.get(head.keyId()), head.keyId());
      }
      at = segment.nextOffset();
    }
  }

  private SegmentScan scanOf(long number) throws IOException {
    if (scan != null && scanned == number) {
      return scan;
    }
    if (scan != null) {
      scan.close();
    }
    SegmentFile file = map.file(number);
    if (file == null) {
      throw new IOException("log: segment gone: number=" + number);
    }
    SegmentScan opened = new SegmentScan(disk.open(file.path()), file.generation());
    scan = opened;
    scanned = number;
    return opened;
  }
}
