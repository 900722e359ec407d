package dev.loopgate.logshipper;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.Counts;
import dev.loopgate.proto.v1.LedgerRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What is known of one hour so far: the growing form of a [Manifest]. Confined to one thread.
final class HourBook {
  /// A row's name.
  record RowKey(String kind, String deployment) implements Comparable<RowKey> {
    private static final Comparator<RowKey> ORDER =
        Comparator.comparing(RowKey::kind).thenComparing(RowKey::deployment);

    @Override
    public int compareTo(RowKey other) {
      return ORDER.compare(this, other);
    }
  }

  private static final class Row {
    private long begun;
    private long accepted;
    private long sampledOut;
    private final Map<String, Long> dropped = new TreeMap<>();

    void add(Manifest.LedgerEntry entry) {
      begun += entry.begun();
      accepted += entry.accepted();
      sampledOut += entry.sampledOut();
      entry.dropped().forEach((reason, count) -> dropped.merge(reason, count, Long::sum));
    }

    Manifest.LedgerEntry entry(RowKey key, long openBefore) {
      Manifest.LedgerEntry bare =
          new Manifest.LedgerEntry(
              key.kind(), key.deployment(), 0, begun, accepted, sampledOut, dropped, 0);
      return new Manifest.LedgerEntry(
          key.kind(),
          key.deployment(),
          openBefore,
          begun,
          accepted,
          sampledOut,
          dropped,
          openBefore + bare.net());
    }
  }

  private final long hour;
  private int revision;
  private boolean dirty;
  private final List<Manifest.FileEntry> files = new ArrayList<>();
  private final Map<String, Long> records = new TreeMap<>();
  private final Map<String, Long> delivered = new TreeMap<>();
  private final SeqSet seqs = new SeqSet();
  private final SeqSet lost = new SeqSet();
  private final SeqSet quarantined = new SeqSet();
  private final SeqSet skipped = new SeqSet();
  private long overflowed;
  private final Map<RowKey, Row> rows = new TreeMap<>();
  private final List<Manifest.Gap> gaps = new ArrayList<>();

  HourBook(long hour) {
    this.hour = hour;
  }

  long hour() {
    return hour;
  }

  /// The last revision that was published or turned out to be taken; 0 before the first.
  int revision() {
    return revision;
  }

  /// Something is known that no revision says.
  boolean isDirty() {
    return dirty;
  }

  void markDirty() {
    dirty = true;
  }

  /// Revision `number` is in the store.
  void published(int number) {
    revision = number;
    dirty = false;
  }

  /// Another owner has revision `number`, or an earlier life of ours that was forgotten.
  void taken(int number) {
    revision = number;
    dirty = true;
  }

  List<Manifest.FileEntry> files() {
    return files;
  }

  SeqSet seqs() {
    return seqs;
  }

  SeqSet lost() {
    return lost;
  }

  SeqSet quarantined() {
    return quarantined;
  }

  SeqSet skipped() {
    return skipped;
  }

  /// The seq after the last one that is accounted for, 0 when none is.
  long nextSeq() {
    return Math.max(
        Math.max(seqs.next(), lost.next()), Math.max(quarantined.next(), skipped.next()));
  }

  /// Adds what a window or an earlier revision says. Its revision and its open counts are not
  /// taken.
  void add(Manifest part) {
    files.addAll(part.files());
    part.records().forEach((stream, count) -> records.merge(stream, count, Long::sum));
    part.delivered().forEach((stream, count) -> delivered.merge(stream, count, Long::sum));
    seqs.addAll(part.seqs());
    lost.addAll(part.lost());
    quarantined.addAll(part.quarantined());
    skipped.addAll(part.skipped());
    overflowed += part.overflowed();
    for (Manifest.LedgerEntry entry : part.ledger()) {
      rows.computeIfAbsent(new RowKey(entry.kind(), entry.deployment()), _ -> new Row()).add(entry);
    }
    gaps.addAll(part.gaps());
  }

  void addFile(Manifest.FileEntry file, LogStream stream) {
    files.add(file);
    records.merge(stream.word(), file.records(), Long::sum);
  }

  /// Lines that were delivered and are in no file that could be named.
  void addDelivered(LogStream stream, long lines) {
    records.merge(stream.word(), lines, Long::sum);
    delivered.merge(stream.word(), lines, Long::sum);
  }

  /// Lines that will be in files and are in none yet.
  void addAwaited(LogStream stream, long lines) {
    records.merge(stream.word(), lines, Long::sum);
  }

  void addLost(SeqSpan span) {
    lost.add(span);
  }

  void addOverflowed(long entries) {
    overflowed += entries;
  }

  long overflowed() {
    return overflowed;
  }

  void addGap(Manifest.Gap gap) {
    gaps.add(gap);
  }

  /// Adds a ledger's delta.
  void addLedger(LedgerRow row) {
    Counts delta = row.getDelta();
    Map<String, Long> dropped = new HashMap<>();
    for (DropReason reason : DropReason.values()) {
      if (reason.number() < delta.getDroppedCount() && delta.getDropped(reason.number()) != 0) {
        dropped.put(reason.word(), delta.getDropped(reason.number()));
      }
    }
    Manifest.LedgerEntry entry =
        new Manifest.LedgerEntry(
            EntryKind.ofNumber(row.getKind()).word(),
            row.getDeployment(),
            0,
            delta.getBegun(),
            delta.getAccepted(),
            delta.getSampledOut(),
            dropped,
            0);
    rows.computeIfAbsent(new RowKey(entry.kind(), entry.deployment()), _ -> new Row()).add(entry);
  }

  /// Begun less ended by row, of this hour alone.
  Map<RowKey, Long> net() {
    Map<RowKey, Long> net = new HashMap<>();
    rows.forEach((key, row) -> net.put(key, row.entry(key, 0).net()));
    return net;
  }

  /// All that is known, as revision `number`.
  ///
  /// @param openBefore by row, what was open when the hour began; rows without any may be absent
  Manifest manifest(String spool, int number, Map<RowKey, Long> openBefore) {
    TreeMap<RowKey, Row> all = new TreeMap<>(rows);
    openBefore.forEach((key, open) -> {
      if (open != 0) {
        all.computeIfAbsent(key, _ -> new Row());
      }
    });
    List<Manifest.LedgerEntry> ledger = new ArrayList<>(all.size());
    Map<String, Row> totalRows = new TreeMap<>();
    Map<String, Long> totalOpen = new HashMap<>();
    all.forEach((key, row) -> {
      long open = openBefore.getOrDefault(key, 0L);
      Manifest.LedgerEntry entry = row.entry(key, open);
      ledger.add(entry);
      totalRows.computeIfAbsent(key.kind(), _ -> new Row()).add(entry);
      totalOpen.merge(key.kind(), open, Long::sum);
    });
    List<Manifest.LedgerEntry> totals = new ArrayList<>();
    totalRows.forEach((kind, row) ->
        totals.add(row.entry(new RowKey(kind, ""), totalOpen.getOrDefault(kind, 0L))));
    return new Manifest(
        Manifest.FORMAT,
        spool,
        ShipperConfig.instanceOf(spool),
        Partition.hourWord(hour),
        number,
        files,
        records,
        delivered,
        seqs.spans(),
        lost.spans(),
        quarantined.spans(),
        skipped.spans(),
        overflowed,
        ledger,
        totals,
        gaps);
  }
}
