package dev.loopgate.logshipper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What the shipper knows of a data directory, as lines for a person. Changes nothing.
public final class Inspection {
  private Inspection() {}

  /// Cursor, plans, open hours and waiting files of the spool in `dataDirectory`.
  ///
  /// @param spoolId 32 hex digits
  public static List<String> of(Path dataDirectory, String spoolId) throws IOException {
    FileTree tree = new LocalFileTree();
    Path commits = dataDirectory.resolve("spool").resolve("commit");
    CommitLog.Found found = CommitLog.find(tree, commits, spoolId);
    ShippingState state = found.state();
    List<String> lines = new ArrayList<>();
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
    Path staging =
        dataDirectory
            .resolve("files")
            .resolve(LocalStore.STAGING)
            .resolve(ShipperConfig.instanceOf(spoolId));
    lines.add("staged files: " + tree.list(staging).size());
    return lines;
  }
}
