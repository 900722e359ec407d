package dev.loopgate.logshipper;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One hour's line in a report: all gateways together. Confined to one thread.
final class HourTally {
  /// Rows of models that an hour keeps; what is beyond is in its other counts alone.
  private static final int MODELS_MAX = 1_000;

  /// An hour as JSON has it.
  ///
  /// @param state `open`, `closed` or `unproven`
  /// @param records lines in files by stream
  /// @param models files and lines by stream and the path's parts, in their order
  /// @param awaited entries in no file yet, by where they are and kind
  /// @param ledger by kind
  record Hour(
      String hour,
      String state,
      long files,
      Map<String, Long> records,
      List<Model> models,
      Map<String, Map<String, Long>> awaited,
      Map<String, Ledger> ledger,
      long lost,
      long quarantined,
      long gaps) {}

  /// Files of one stream, model and version.
  ///
  /// @param model an escaped part of a path
  /// @param version an escaped part of a path
  record Model(String stream, String model, String version, long files, long records) {}

  /// The sums of one kind.
  record Ledger(long begun, long accepted, long sampledOut, long dropped) {}

  private long files;
  private final Map<String, Long> records = new TreeMap<>();
  private final Map<String, long[]> models = new TreeMap<>();
  private final Map<String, long[]> ledger = new TreeMap<>();
  private final Map<String, Map<String, Long>> awaited = new TreeMap<>();
  private int gaps;
  private long lost;
  private long quarantined;

  void add(Manifest manifest) {
    files += manifest.files().size();
    manifest.records().forEach((stream, count) -> records.merge(stream, count, Long::sum));
    addAccount(manifest);
  }

  /// Takes a manifest back that was added, for what is known better.
  ///
  /// @param itsFiles how many it named
  void takeBack(Manifest manifest, int itsFiles) {
    files -= itsFiles;
    manifest.records().forEach((stream, count) -> records.merge(stream, -count, Long::sum));
    account(manifest, -1);
  }

  /// Adds one file to a row.
  ///
  /// @param model stream, model and version of its path
  void addToModel(String model, Manifest.FileEntry file) {
    if (models.size() < MODELS_MAX || models.containsKey(model)) {
      long[] row = models.computeIfAbsent(model, _ -> new long[2]);
      row[0]++;
      row[1] += file.records();
    }
  }

  /// Adds entries that are in no file yet.
  ///
  /// @param where they are, a word
  void addAwaited(String where, String kind, long entries) {
    awaited.computeIfAbsent(where, _ -> new TreeMap<>()).merge(kind, entries, Long::sum);
  }

  /// Adds ledger, gaps and losses alone: the lines of what is in no file yet are none of files.
  void addAccount(Manifest manifest) {
    account(manifest, 1);
  }

  private void account(Manifest manifest, int times) {
    for (Manifest.LedgerEntry row : manifest.ledger()) {
      long[] sums = ledger.computeIfAbsent(row.kind(), _ -> new long[4]);
      sums[0] += times * row.begun();
      sums[1] += times * row.accepted();
      sums[2] += times * row.sampledOut();
      sums[3] += times * row.droppedTotal();
    }
    gaps += times * manifest.gaps().size();
    lost += times * SeqSet.of(manifest.lost()).count();
    quarantined += times * SeqSet.of(manifest.quarantined()).count();
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
    return String.join(" ", parts);
  }

  Hour hour(String hour, String state) {
    List<Model> rows = new ArrayList<>();
    models.forEach((path, row) -> {
      String[] parts = path.split("/", 3);
      rows.add(new Model(parts[0], parts[1], parts[2], row[0], row[1]));
    });
    Map<String, Ledger> ledgers = new TreeMap<>();
    ledger.forEach(
        (kind, sums) -> ledgers.put(kind, new Ledger(sums[0], sums[1], sums[2], sums[3])));
    return new Hour(hour, state, files, records, rows, awaited, ledgers, lost, quarantined, gaps);
  }

  private static String words(Map<String, Long> counts) {
    List<String> words = new ArrayList<>();
    counts.forEach((kind, count) -> words.add(kind + '=' + count));
    return String.join(" ", words);
  }
}
