package dev.loopgate.logshipper;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What one gateway published of one UTC hour, and what its ledger says of that hour. Published
/// beside the data as one JSON object; the highest revision of a spool and hour counts.
///
/// The same shape carries what one window adds to an hour, in the commit log.
///
/// @param format [#FORMAT]
/// @param spool the spool's id, 32 hex digits
/// @param instance its first 12
/// @param hour `YYYYMMDDHH`, UTC
/// @param revision from 1
/// @param files in the order they were planned
/// @param records lines by stream
/// @param delivered of these, those that a receiver took who can't be asked: no file has them
/// @param seqs of the entries in the files, exactly
/// @param lost seqs of entries that were accepted and could not be read back
/// @param quarantined seqs of entries that were read and could not be rendered
/// @param skipped seqs of entries that this sink was too far behind for, or came too late for
/// @param overflowed entries that went to `(other)/(other)`
/// @param ledger rows by kind and deployment
/// @param totals rows by kind, `deployment` empty
/// @param gaps times of which nothing is known
record Manifest(
    int format,
    String spool,
    String instance,
    String hour,
    int revision,
    List<FileEntry> files,
    Map<String, Long> records,
    Map<String, Long> delivered,
    List<SeqSpan> seqs,
    List<SeqSpan> lost,
    List<SeqSpan> quarantined,
    List<SeqSpan> skipped,
    long overflowed,
    List<LedgerEntry> ledger,
    List<LedgerEntry> totals,
    List<Gap> gaps) {

  /// The one format there is.
  static final int FORMAT = 1;

  /// Where manifests lie, below the root.
  static final String DIRECTORY = "_manifest";

  Manifest {
    files = copy(files);
    records = records == null ? Map.of() : new TreeMap<>(records);
    delivered = delivered == null ? Map.of() : new TreeMap<>(delivered);
    seqs = copy(seqs);
    lost = copy(lost);
    quarantined = copy(quarantined);
    skipped = copy(skipped);
    ledger = copy(ledger);
    totals = copy(totals);
    gaps = copy(gaps);
  }

  /// One published file.
  ///
  /// @param crc32c 8 hex digits
  /// @param records lines
  record FileEntry(
      String key, long size, String crc32c, long records, long firstSeq, long lastSeq) {}

  /// One row: `open_before + begun = accepted + sampled_out + dropped + open_after`.
  ///
  /// @param dropped by the word of the reason, reasons without a drop left out
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record LedgerEntry(
      String kind,
      String deployment,
      @JsonInclude long openBefore,
      @JsonInclude long begun,
      @JsonInclude long accepted,
      @JsonInclude long sampledOut,
      Map<String, Long> dropped,
      @JsonInclude long openAfter) {
    LedgerEntry {
      deployment = deployment == null ? "" : deployment;
      dropped = dropped == null ? Map.of() : new TreeMap<>(dropped);
    }

    long droppedTotal() {
      return dropped.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Begun less ended, of this hour alone.
    long net() {
      return begun - accepted - sampledOut - droppedTotal();
    }

    private LedgerEntry withoutDeployment() {
      return new LedgerEntry(kind, "", openBefore, begun, accepted, sampledOut, dropped, openAfter);
    }

    private LedgerEntry plus(LedgerEntry other) {
      Map<String, Long> all = new TreeMap<>(dropped);
      other.dropped.forEach((reason, count) -> all.merge(reason, count, Long::sum));
      return new LedgerEntry(
          kind,
          "",
          openBefore + other.openBefore,
          begun + other.begun,
          accepted + other.accepted,
          sampledOut + other.sampledOut,
          all,
          openAfter + other.openAfter);
    }

    boolean balances() {
      return openBefore + net() == openAfter;
    }
  }

  /// Between these times exchanges may have passed of which nothing is known.
  ///
  /// @param from RFC 3339
  /// @param to RFC 3339
  record Gap(String from, String to, String reason) {}

  /// The key of a revision: `_manifest/.../YYYYMMDDHH.<instance>.json`, `.r2.json` and so on after
  /// it.
  static ObjectKey key(String instance, long hour, int revision) {
    return new ObjectKey(
        prefix(instance, hour) + (revision == 1 ? "json" : "r" + revision + ".json"));
  }

  /// What the keys of all revisions begin with.
  static String prefix(String instance, long hour) {
    return DIRECTORY + '/' + Partition.hourPath(hour) + '.' + instance + '.';
  }

  /// The revision that this key of `instance` and `hour` names, 0 for any other key.
  static int revisionOf(ObjectKey key, String instance, long hour) {
    String prefix = prefix(instance, hour);
    if (!key.path().startsWith(prefix)) {
      return 0;
    }
    String end = key.path().substring(prefix.length());
    if (end.equals("json")) {
      return 1;
    }
    return end.matches("r[1-9][0-9]{0,8}\\.json")
        ? Integer.parseInt(end.substring(1, end.length() - ".json".length()))
        : 0;
  }

  /// The hour that `YYYYMMDDHH` names, hours since the epoch.
  ///
  /// @throws DateTimeException when it names none
  static long hourOf(String word) {
    if (!word.matches("[0-9]{10}")) {
      throw new DateTimeException("hour: word=" + word);
    }
    return LocalDateTime.of(
                Integer.parseInt(word.substring(0, 4)),
                Integer.parseInt(word.substring(4, 6)),
                Integer.parseInt(word.substring(6, 8)),
                Integer.parseInt(word.substring(8)),
                0)
            .toEpochSecond(ZoneOffset.UTC)
        / 3600;
  }

  /// The hour that the key of a manifest names, hours since the epoch.
  ///
  /// @throws DateTimeException when it names none
  static long hourOf(ObjectKey key) {
    String name = key.path().substring(key.path().lastIndexOf('/') + 1);
    return hourOf(name.substring(0, Math.max(0, name.indexOf('.'))));
  }

  /// Whether nothing is missing that a reader needs: not so of what somebody edited.
  boolean isWhole() {
    return isThere(spool)
        && isThere(instance)
        && isThere(hour)
        && files.stream().allMatch(file -> isThere(file.key()) && isThere(file.crc32c()))
        && ledger.stream().allMatch(row -> isThere(row.kind()));
  }

  private static boolean isThere(@Nullable String text) {
    return text != null;
  }

  /// The same without what grows with its files and models: what an account of its spool needs.
  Manifest withoutFiles() {
    Map<String, LedgerEntry> byKind = new TreeMap<>();
    for (LedgerEntry row : ledger) {
      byKind.merge(row.kind(), row.withoutDeployment(), LedgerEntry::plus);
    }
    return new Manifest(
        format,
        spool,
        instance,
        hour,
        revision,
        List.of(),
        records,
        delivered,
        seqs,
        lost,
        quarantined,
        skipped,
        overflowed,
        List.copyOf(byKind.values()),
        List.of(),
        gaps);
  }

  long entryCount() {
    long count = 0;
    for (SeqSpan span : seqs) {
      count += span.count();
    }
    return count;
  }

  private static <T> List<T> copy(@Nullable Collection<T> list) {
    return list == null ? List.of() : List.copyOf(list);
  }
}
