package dev.loopgate.logshipper;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One hour's line in a report: all gateways together. Confined to one thread.
final class HourTally {
  private long files;
  private final Map<String, Long> records = new TreeMap<>();
  private final Map<String, long[]> ledger = new TreeMap<>();
  private final Map<String, Map<String, Long>> awaited = new TreeMap<>();
  private int gaps;
  private long lost;
  private long quarantined;
  private long skipped;

  void add(Manifest manifest) {
    files += manifest.files().size();
    manifest.records().forEach((stream, count) -> records.merge(stream, count, Long::sum));
    addAccount(manifest);
  }

  /// Adds entries that are in no file yet.
  ///
  /// @param where they are, a word
  void addAwaited(String where, String kind, long entries) {
    awaited.computeIfAbsent(where, _ -> new TreeMap<>()).merge(kind, entries, Long::sum);
  }

  /// Adds ledger, gaps and losses alone: the lines of what is in no file yet are none of files.
  void addAccount(Manifest manifest) {
    for (Manifest.LedgerEntry row : manifest.ledger()) {
      long[] sums = ledger.computeIfAbsent(row.kind(), _ -> new long[4]);
      sums[0] += row.begun();
      sums[1] += row.accepted();
      sums[2] += row.sampledOut();
      sums[3] += row.droppedTotal();
    }
    gaps += manifest.gaps().size();
    lost += SeqSet.of(manifest.lost()).count();
    quarantined += SeqSet.of(manifest.quarantined()).count();
    skipped += SeqSet.of(manifest.skipped()).count();
  }

  String line(String hour, String state) {
    List<String> parts = new ArrayList<>();
    parts.add(hour + ' ' + state + " files=" + files);
    records.forEach((stream, count) -> parts.add(stream + '=' + count));
    awaited.forEach((where, kinds) -> parts.add(where + '{' + words(kinds) + '}'));
    ledger.forEach((kind, sums) ->
        parts.add(
            "%s{begun=%d accepted=%d sampled_out=%d dropped=%d}"
                .formatted(kind, sums[0], sums[1], sums[2], sums[3])));
    if (lost > 0 || quarantined > 0 || gaps > 0) {
      parts.add("lost=" + lost + " quarantined=" + quarantined + " gaps=" + gaps);
    }
    if (skipped > 0) {
      parts.add("skipped=" + skipped);
    }
    return String.join(" ", parts);
  }

  private static String words(Map<String, Long> counts) {
    List<String> words = new ArrayList<>();
    counts.forEach((kind, count) -> words.add(kind + '=' + count));
    return String.join(" ", words);
  }
}
