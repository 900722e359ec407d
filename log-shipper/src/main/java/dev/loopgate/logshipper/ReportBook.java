package dev.loopgate.logshipper;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/// What a verification has found so far: hours, their state, what is wrong. Confined to one thread.
final class ReportBook {
  /// Findings that are told one by one, about 3 MB; what is beyond is counted.
  static final int FINDINGS_MAX = 10_000;

  /// The whole report as one JSON object; its members' names are those of docs/operations.md.
  private record Document(
      String verdict,
      int looks,
      String ringGap,
      long findingsLeftOut,
      List<String> findings,
      Iterable<HourTally.Hour> hours) {}

  private final Map<String, HourTally> hours = new TreeMap<>();
  private final TreeSet<String> openHours = new TreeSet<>();
  private final TreeSet<String> unprovenHours = new TreeSet<>();
  private final List<String> findings = new ArrayList<>();
  private final Map<String, String> models = new HashMap<>(); // one text for all hours
  private final boolean byModel;
  private long findingsLeftOut;

  /// @param byModel whether the report counts by stream and model, too
  ReportBook(boolean byModel) {
    this.byModel = byModel;
  }

  /// Adds a file to the row of its model, where there are such.
  void addToModel(HourTally tally, Manifest.FileEntry file) {
    String path = file.key();
    int end = path.indexOf('/', path.indexOf('/', path.indexOf('/') + 1) + 1);
    if (byModel && end > 0) {
      String model = path.substring(0, end);
      tally.addToModel(models.computeIfAbsent(model, text -> text), file);
    }
  }

  HourTally tally(String hour) {
    return hours.computeIfAbsent(hour, _ -> new HourTally());
  }

  /// Notes what is wrong: one line for a person, that names it.
  void find(String finding) {
    if (findings.size() < FINDINGS_MAX) {
      findings.add(finding);
    } else {
      findingsLeftOut++;
    }
  }

  /// The spool beside the files has the hour open.
  void isOpen(String hour) {
    openHours.add(hour);
  }

  /// A manifest of the hour is to come, from elsewhere.
  void isUnproven(String hour) {
    unprovenHours.add(hour);
  }

  boolean hasUnproven() {
    return !unprovenHours.isEmpty();
  }

  boolean isEmpty() {
    return hours.isEmpty() && findings.isEmpty();
  }

  /// @param ringGap why it is not known what was accepted last; empty when it is
  /// @param looks how often all was looked through
  Verification.Report conclude(String ringGap, int looks) {
    Verification.Verdict verdict =
        !findings.isEmpty()
            ? Verification.Verdict.NOT_BALANCED
            : unprovenHours.isEmpty() && ringGap.isEmpty()
                ? Verification.Verdict.BALANCED
                : Verification.Verdict.UNPROVEN;
    // Made one after the other as they are written.
    Iterable<HourTally.Hour> rows =
        () ->
            hours.entrySet().stream()
                .map(row ->
                    row.getValue()
                        .hour(row.getKey(), stateOf(row.getKey()).toLowerCase(Locale.ROOT)))
                .iterator();
    Document document =
        new Document(
            verdict.name().toLowerCase(Locale.ROOT),
            looks,
            ringGap,
            findingsLeftOut,
            findings,
            rows);
    return new Verification.Report(
        verdict, lines(verdict, ringGap, looks), out -> Json.write(document, out));
  }

  private List<String> lines(Verification.Verdict verdict, String ringGap, int looks) {
    List<String> lines = new ArrayList<>();
    hours.forEach((hour, tally) -> lines.add(tally.line(hour, stateOf(hour))));
    findings.forEach(finding -> lines.add("! " + finding));
    if (findingsLeftOut > 0) {
      lines.add("! and more: findings=" + findingsLeftOut);
    }
    if (!ringGap.isEmpty()) {
      lines.add("? what was accepted last is not known: " + ringGap);
    }
    if (looks > 1) {
      lines.add("looked " + looks + " times: the spool moved meanwhile");
    }
    lines.add(
        switch (verdict) {
          case BALANCED -> "balanced: hours=" + hours.size() + ", open=" + openHours.size();
          case UNPROVEN ->
              "unproven: hours without a manifest="
                  + unprovenHours.size()
                  + (ringGap.isEmpty() ? "" : ", and the ring");
          case NOT_BALANCED -> "not balanced: findings=" + (findings.size() + findingsLeftOut);
        });
    return lines;
  }

  private String stateOf(String hour) {
    return openHours.contains(hour) ? "OPEN" : unprovenHours.contains(hour) ? "UNPROVEN" : "CLOSED";
  }
}
