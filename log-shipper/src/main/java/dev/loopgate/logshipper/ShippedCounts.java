package dev.loopgate.logshipper;

import dev.loopgate.proto.v1.SeqRange;
import java.util.List;

/// What was shipped since this process began, for metrics. Belongs to the thread named `shipper`.
final class ShippedCounts {
  private final long firstSeq;
  private final SeqSet lostBefore = new SeqSet(); // before the spool was opened
  private final SeqSet lost = new SeqSet(); // of those from the first seq on
  private long entries;
  private long files;
  private long quarantined;
  private long overflowed;
  private long skipped;

  /// @param firstSeq the first that was not committed before; -1 when nothing waited
  /// @param lostBefore seqs whose records were gone when the spool was opened
  ShippedCounts(long firstSeq, List<SeqRange> lostBefore) {
    this.firstSeq = firstSeq;
    lostBefore.forEach(range -> this.lostBefore.add(SeqSpan.of(range)));
  }

  void filePublished() {
    files++;
  }

  void overflowed(long count) {
    overflowed += count;
  }

  /// Entries were given up; answers how many.
  long skipped(CommitRecord.Skipped record) {
    long before = skipped;
    for (CommitRecord.HourPart part : record.parts()) {
      skipped += SeqSet.of(part.part().skipped()).count();
      part.part().lost().forEach(this::addLost);
    }
    return skipped - before;
  }

  /// All files of the window are in the store. Answers its entries.
  long committed(CommitRecord.WindowPlan plan) {
    long committed = 0;
    for (CommitRecord.HourPart part : plan.parts()) {
      committed += part.part().entryCount();
      quarantined += SeqSet.of(part.part().quarantined()).count();
      part.part().lost().forEach(this::addLost);
    }
    entries += committed;
    return committed;
  }

  /// With what waits and how it goes.
  ShipperStatus status(long oldestMillis, long unshippedBytes, int failures, String parked) {
    return new ShipperStatus(
        oldestMillis,
        unshippedBytes,
        entries,
        files,
        quarantined,
        lost.count(),
        firstSeq,
        overflowed,
        skipped,
        failures,
        parked);
  }

  /// What was committed before this process began, and rotted then, is in files.
  private void addLost(SeqSpan span) {
    if (firstSeq < 0) {
      lost.addAll(lostBefore.missingOf(span));
    } else if (span.last() >= firstSeq) {
      lost.add(new SeqSpan(Math.max(span.first(), firstSeq), span.last()));
    }
  }
}
