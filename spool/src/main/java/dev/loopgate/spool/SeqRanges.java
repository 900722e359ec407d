package dev.loopgate.spool;

import dev.loopgate.proto.v1.SeqRange;
import java.util.ArrayList;
import java.util.List;

/// Ranges of seqs, both ends included. Confined to its user.
final class SeqRanges {
  private final List<SeqRange> ranges = new ArrayList<>();

  void add(long first, long last) {
    ranges.add(SeqRange.newBuilder().setFirst(first).setLast(last).build());
  }

  /// What is in none of `others`, in order.
  List<SeqRange> without(SeqRanges others) {
    List<SeqRange> rest = List.copyOf(ranges);
    for (SeqRange other : others.ranges) {
      List<SeqRange> less = new ArrayList<>();
      for (SeqRange range : rest) {
        cut(range, other, less);
      }
      rest = less;
    }
    return List.copyOf(rest);
  }

  private static void cut(SeqRange range, SeqRange other, List<SeqRange> into) {
    if (other.getLast() < range.getFirst() || other.getFirst() > range.getLast()) {
      into.add(range);
      return;
    }
    if (other.getFirst() > range.getFirst()) {
      into.add(range.toBuilder().setLast(other.getFirst() - 1).build());
    }
    if (other.getLast() < range.getLast()) {
      into.add(range.toBuilder().setFirst(other.getLast() + 1).build());
    }
  }
}
