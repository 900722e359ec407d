package dev.loopgate.logshipper;

import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogPosition;
import dev.loopgate.spool.LogRecord;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where in the seqs a shipper begins.
final class Uncommitted {
  private Uncommitted() {}

  /// The first seq that is neither in a file nor accounted for in one's manifest, as far as the log
  /// tells; -1 when nothing waits.
  static long firstSeq(ShippingState state, SpoolReader reader) throws IOException {
    long committed = next(state, List.of());
    long first = firstThere(state, reader);
    // Lost ones before the first that is there wait, too: for the note that names them.
    List<SeqRange> lost = reader.lost();
    for (SeqRange range : lost.reversed()) {
      boolean touches = first < 0 || range.getLast() == first - 1;
      if (touches && range.getLast() >= committed) {
        first = Math.max(committed, range.getFirst());
      }
    }
    return first;
  }

  /// The seq after the last one that is in a file or accounted for, or planned to be.
  static long next(ShippingState state) {
    CommitRecord.WindowPlan plan = state.plan();
    return next(state, plan == null ? List.of() : plan.parts());
  }

  private static long next(ShippingState state, List<CommitRecord.HourPart> parts) {
    long next = 0;
    for (HourBook book : state.books()) {
      next = Math.max(next, book.nextSeq());
    }
    for (CommitRecord.HourPart part : parts) {
      for (SeqSpan span : spans(part)) {
        next = Math.max(next, span.last() + 1);
      }
    }
    return next;
  }

  private static List<SeqSpan> spans(CommitRecord.HourPart part) {
    List<SeqSpan> spans = new ArrayList<>(part.part().seqs());
    spans.addAll(part.part().lost());
    spans.addAll(part.part().quarantined());
    spans.addAll(part.part().skipped());
    return spans;
  }

  private static long firstThere(ShippingState state, SpoolReader reader) throws IOException {
    CommitRecord.WindowPlan plan = state.plan();
    long first = -1;
    if (plan != null) {
      for (CommitRecord.HourPart part : plan.parts()) {
        for (SeqSpan span : spans(part)) {
          first = first < 0 ? span.first() : Math.min(first, span.first());
        }
      }
    }
    LogPosition at = state.end();
    while (first < 0) {
      Optional<LogRecord> next = reader.next(at);
      if (next.isEmpty()) {
        return -1;
      }
      if (next.get() instanceof LogRecord.EntryAt entry) {
        return entry.seq();
      }
      at = next.get().next();
    }
    return first;
  }
}
