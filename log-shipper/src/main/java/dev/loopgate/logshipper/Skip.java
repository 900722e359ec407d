package dev.loopgate.logshipper;

import dev.loopgate.logshipper.CommitRecord.HourPart;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogPosition;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;

/// What a sink leaves out and counts: entries it is too far behind for, and those that were there
/// before it was.
final class Skip {
  private Skip() {}

  /// The window that begins at `from` and has about so many bytes.
  ///
  /// @param nowHour of notes that name no time
  /// @param nextSeq of its first entry, -1 when that is not known
  static Window scan(SpoolReader reader, LogPosition from, long bytes, long nowHour, long nextSeq)
      throws IOException {
    PartitionBound none = new PartitionBound(Integer.MAX_VALUE, Integer.MAX_VALUE, _ -> 0);
    return new WindowScan(reader, bytes, none, _ -> true).scan(from, nowHour, nextSeq);
  }

  /// What is said of a window whose entries are all left out. What its notes say is kept.
  static CommitRecord.Skipped of(Window window, List<HourPart> reopened, String spool) {
    NavigableSet<Long> hours = window.hours();
    List<HourPart> parts = new ArrayList<>(hours.size());
    for (long hour : hours) {
      HourBook book = window.notes(hour);
      book.skipped().addAll(window.spans(window.placesOf(hour)));
      parts.add(new HourPart(hour, book.manifest(spool, 0, Map.of())));
    }
    return new CommitRecord.Skipped(window.to(), parts, reopened);
  }

  /// Before the first window since a start: what passed while the gateway did not have this sink is
  /// none of its own.
  ///
  /// @param nextSeq the seq after the last one that the sink accounted for
  /// @param lost seqs that notes of the log tell of
  static void addPast(Window window, long nextSeq, List<SeqRange> lost) {
    long first = window.firstSeq();
    if (first > nextSeq) {
      SeqSet noted = new SeqSet();
      lost.forEach(range -> noted.add(SeqSpan.of(range)));
      long hour = window.placesByHour().keySet().iterator().next();
      window.notes(hour).skipped().addAll(noted.missingOf(new SeqSpan(nextSeq, first - 1)));
    }
  }
}
