package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.GapNote;
import dev.loopgate.proto.v1.LedgerNote;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.LostNote;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogMap.Extent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// What lies in a spool's directory and its ring, looked at without opening it: see [SpoolLook].
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
  ///
  /// @throws IOException when something can't be read; the message names it
  public static SpoolInspection of(Path directory, Path ringDirectory) throws IOException {
    try (SpoolLook look = SpoolLook.at(directory, ringDirectory)) {
      return of(look);
    }
  }

  /// The same of a look, whose reader is read through.
  public static SpoolInspection of(SpoolLook look) throws IOException {
    Collected collected = new Collected(look);
    collected.readLog();
    return collected.result();
  }

  /// What became of one segment while it was read.
  private static final class Row {
    private long bytes;
    private long entries;
    private long firstSeq = -1;
    private long lastSeq = -1;
    private long damagedBytes;

    void add(long seq) {
      entries++;
      firstSeq = firstSeq < 0 ? seq : firstSeq;
      lastSeq = seq;
    }
  }

  /// Collects while it reads. Confined to one inspection.
  private static final class Collected {
    private final SpoolLook look;
    private final Map<Long, Row> rows = new TreeMap<>(); // by number of the segment
    private final Map<EntryKind, Long> logged = new EnumMap<>(EntryKind.class);
    private final Map<EntryKind, LedgerCounts> noted = new EnumMap<>(EntryKind.class);
    private final List<String> gaps = new ArrayList<>();
    private final List<String> problems;
    private boolean recycled;
    private OptionalLong firstSeq = OptionalLong.empty();

    Collected(SpoolLook look) {
      this.look = look;
      this.problems = new ArrayList<>(look.problems());
      for (EntryKind kind : EntryKind.values()) {
        logged.put(kind, 0L);
        noted.put(kind, new LedgerCounts(0, 0, 0, List.of()));
      }
    }

    void readLog() throws IOException {
      for (long number : look.map().numbers()) {
        rows.put(number, new Row());
      }
      for (Extent extent : look.map().extents()) {
        Row row = rowOf(extent);
        row.bytes = Math.max(row.bytes, extent.offset() + extent.bytes());
      }
      SpoolReader reader = look.reader();
      LogPosition at = reader.start();
      for (Optional<LogRecord> next = reader.next(at); next.isPresent(); next = reader.next(at)) {
        add(next.get());
        at = next.get().next();
      }
      for (SpoolLook.Damage damage : look.damage()) {
        rowAt(damage.at()).damagedBytes += damage.bytes();
      }
      forgetRecycled();
    }

    private void add(LogRecord record) {
      switch (record) {
        case LogRecord.EntryAt entry -> {
          logged.merge(entry.kind(), 1L, Long::sum);
          rowAt(entry.at()).add(entry.seq());
        }
        case LogRecord.NoteAt note -> add(note.note());
      }
    }

    private void add(NoteMessage note) {
      switch (note.getNoteCase()) {
        case LEDGER -> add(note.getLedger());
        case GAP -> add(note.getGap());
        case LOST -> add(note.getLost());
        case NOTE_NOT_SET -> {} // of a later version
      }
    }

    private void add(LedgerNote note) {
      for (LedgerRow row : note.getRowsList()) {
        if (row.getKind() >= 0 && row.getKind() < Ledger.KINDS) { // else of a later version
          noted.merge(
              EntryKind.ofNumber(row.getKind()),
              Spool.countsOf(row.getDelta()),
              SpoolInspection::plus);
        }
      }
    }

    private void add(GapNote gap) {
      gaps.add(
          "gap: from="
              + Instant.ofEpochMilli(gap.getFromMs())
              + ", to="
              + Instant.ofEpochMilli(gap.getToMs())
              + ", reason="
              + gap.getReason());
    }

    private void add(LostNote lost) {
      for (SeqRange seqs : lost.getSeqsList()) {
        gaps.add(
            "lost: seqs="
                + seqs.getFirst()
                + ".."
                + seqs.getLast()
                + ", reason="
                + lost.getReason());
      }
    }

    private Row rowAt(LogPosition place) {
      Extent extent = look.map().atOrAfter(place);
      return extent == null ? new Row() : rowOf(extent);
    }

    private Row rowOf(Extent extent) {
      return rows.computeIfAbsent(extent.segment(), _ -> new Row());
    }

    /// Segments that were recycled while they were read are none of this log's any more.
    private void forgetRecycled() {
      recycled = rows.keySet().removeIf(number -> !look.isThere(number));
      firstSeq =
          rows.values().stream().mapToLong(row -> row.firstSeq).filter(f -> f >= 0).findFirst();
    }

    private boolean isRecycled(SeqRange seqs) {
      return recycled && (firstSeq.isEmpty() || seqs.getLast() < firstSeq.getAsLong());
    }

    SpoolInspection result() {
      for (SeqRange seqs : look.lost()) {
        if (isRecycled(seqs)) {
          continue;
        }
        problems.add(
            "the log is damaged: entries lost="
                + (seqs.getLast() - seqs.getFirst() + 1)
                + ", seqs="
                + seqs.getFirst()
                + ".."
                + seqs.getLast());
      }
      look.missing()
          .forEach((kind, count) ->
              problems.add(
                  "entries the ledger counted are neither in the ring nor in the log: kind="
                      + kind.word()
                      + ", entries="
                      + count));
      if (!look.ringGap().isEmpty()) {
        gaps.add("gap to come: reason=" + look.ringGap());
      }
      Map<EntryKind, Long> inRing = new EnumMap<>(EntryKind.class);
      for (EntryKind kind : EntryKind.values()) {
        inRing.put(kind, 0L);
      }
      look.inRing().forEach(some -> inRing.merge(some.kind(), some.entries(), Long::sum));
      List<Segment> segments = new ArrayList<>();
      rows.forEach((number, row) ->
          segments.add(
              new Segment(
                  number, row.bytes, row.entries, row.firstSeq, row.lastSeq, row.damagedBytes)));
      return new SpoolInspection(
          look.spoolId(),
          segments,
          logged,
          inRing,
          look.unfinished(),
          noted,
          look.ledger(),
          gaps,
          problems);
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
