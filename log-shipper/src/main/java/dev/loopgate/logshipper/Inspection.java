package dev.loopgate.logshipper;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.spool.LedgerCounts;
import dev.loopgate.spool.SpoolInspection;
import dev.loopgate.spool.SpoolLook;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/// What lies in a data directory's spool and how far its shipping is, as lines for a person.
/// Changes nothing; may run beside a live gateway.
public final class Inspection {
  private static final LedgerCounts NOTHING = new LedgerCounts(0, 0, 0, List.of());

  private final FileTree tree = new LocalFileTree();
  private final List<String> lines = new ArrayList<>();
  private final Path dataDirectory;
  private final String spoolId;
  private boolean sound; // no problem is among the lines

  private Inspection(Path dataDirectory, String spoolId) {
    this.dataDirectory = dataDirectory;
    this.spoolId = spoolId;
  }

  /// Segments, entries, ledger and gaps of the spool in `dataDirectory`; cursor, plans, open hours
  /// and waiting files of its shipper.
  ///
  /// @param spoolId 32 hex digits
  /// @param ringDirectory where its ring may lie
  /// @throws IOException when something can't be read; the message names it
  public static List<String> of(Path dataDirectory, String spoolId, Path ringDirectory)
      throws IOException {
    Path spool = dataDirectory.resolve("spool");
    return new Patience(new LocalFileTree(), spool, ringDirectory)
        .look(
            () -> new Inspection(dataDirectory, spoolId).look(ringDirectory),
            inspection -> inspection.sound)
        .lines;
  }

  private Inspection look(Path ringDirectory) throws IOException {
    Path spool = dataDirectory.resolve("spool");
    try (SpoolLook look = SpoolLook.at(spool, ringDirectory)) {
      SpoolInspection inspection = SpoolInspection.of(look);
      Path commits = SpoolSinks.commitsOf(spool);
      Unshipped unshipped = Unshipped.of(look, () -> CommitLog.findNow(tree, commits, spoolId));
      addSpool(inspection, unshipped);
      addShipping(unshipped.shipped(), spool);
      addSinks(SpoolSinks.in(spool));
      sound = inspection.problems().isEmpty();
      return this;
    }
  }

  private void addSpool(SpoolInspection spool, Unshipped unshipped) {
    Map<String, Map<EntryKind, Long>> awaited = new TreeMap<>();
    for (Unshipped.Awaited some : unshipped.awaited()) {
      awaited
          .computeIfAbsent(some.where(), _ -> new TreeMap<>())
          .merge(some.kind(), some.entries(), Long::sum);
    }
    lines.add(
        "log: segments=%d, bytes=%d, %s; not shipped: planned %s, behind the plan %s"
            .formatted(
                spool.segments().size(),
                sum(spool.segments(), SpoolInspection.Segment::bytes),
                entries(spool.logged()),
                entries(awaited.getOrDefault("planned", Map.of())),
                entries(awaited.getOrDefault("in_log", Map.of()))));
    for (SpoolInspection.Segment segment : spool.segments()) {
      lines.add(
          "  segment %016x: bytes=%d, entries=%d%s%s"
              .formatted(
                  segment.number(),
                  segment.bytes(),
                  segment.entries(),
                  segment.entries() == 0
                      ? ""
                      : ", seqs=" + segment.firstSeq() + ".." + segment.lastSeq(),
                  segment.damagedBytes() == 0 ? "" : ", damaged bytes=" + segment.damagedBytes()));
    }
    lines.add("ring: %s, unfinished=%d".formatted(entries(spool.inRing()), spool.unfinished()));
    for (EntryKind kind : EntryKind.values()) {
      LedgerCounts noted = spool.noted().getOrDefault(kind, NOTHING);
      if (isSaid(kind, noted.begun())) {
        lines.add("ledger in the log: " + ledger(kind.word(), noted));
      }
    }
    for (EntryKind kind : EntryKind.values()) {
      new TreeMap<>(spool.ledger().getOrDefault(kind, Map.of()))
          .forEach((deployment, counts) -> {
            if (counts.begun() > 0) {
              lines.add("ledger of the process: " + ledger(kind.word() + ' ' + deployment, counts));
            }
          });
    }
    lines.addAll(spool.gaps());
    spool.problems().forEach(problem -> lines.add("! " + problem));
  }

  private void addSinks(Map<String, Path> bases) throws IOException {
    for (Map.Entry<String, Path> sink : bases.entrySet()) {
      Path base = sink.getValue();
      lines.add("sink " + sink.getKey() + ": " + ShippedPlace.of(base).orElse("nowhere yet"));
      addShipping(CommitLog.findNow(tree, SpoolSinks.commitsOf(base), spoolId), base);
    }
  }

  private void addShipping(CommitLog.Found found, Path base) throws IOException {
    ShippingState state = found.state();
    lines.add(
        "commit log: file=%016x, damaged=%d, cursor=%d+%d, next window=%d"
            .formatted(
                found.number(),
                found.damaged().size(),
                state.cursor().segment(),
                state.cursor().offset(),
                state.nextWindow()));
    CommitRecord.WindowPlan plan = state.plan();
    if (plan == null) {
      lines.add("plan: none");
    } else {
      lines.add(
          "plan: window=%d, files=%d, to=%d+%d"
              .formatted(
                  plan.window(), plan.files().size(), plan.to().segment(), plan.to().offset()));
      plan.files().forEach(file -> lines.add("  " + file.key() + " records=" + file.records()));
    }
    for (HourBook book : state.books()) {
      HourTally tally = new HourTally();
      Manifest now = state.manifest(book, book.revision());
      tally.add(now);
      String word = book.isDirty() ? "OPEN" : "CLOSED r" + book.revision();
      lines.add("hour " + tally.line(now.hour(), word));
      now.gaps()
          .forEach(
              gap -> lines.add("  gap " + gap.from() + " to " + gap.to() + ": " + gap.reason()));
    }
    Path staging = ShippedPlace.stagingOf(base, dataDirectory, spoolId);
    lines.add("staged files: " + tree.list(staging).size());
  }

  private static <T> long sum(List<T> all, ToLongFunction<T> count) {
    return all.stream().mapToLong(count).sum();
  }

  private static String entries(Map<EntryKind, Long> counts) {
    List<String> words = new ArrayList<>();
    for (EntryKind kind : EntryKind.values()) {
      long count = counts.getOrDefault(kind, 0L);
      if (isSaid(kind, count)) {
        words.add(kind.word() + '=' + count);
      }
    }
    return String.join(" ", words);
  }

  // Access logs are there beside Envoys alone.
  private static boolean isSaid(EntryKind kind, long count) {
    return kind != EntryKind.ACCESS_LOG || count > 0;
  }

  private static String ledger(String name, LedgerCounts counts) {
    return "%s{begun=%d accepted=%d sampled_out=%d dropped=%d}"
        .formatted(
            name, counts.begun(), counts.accepted(), counts.sampledOut(), counts.droppedTotal());
  }
}
