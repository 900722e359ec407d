package dev.loopgate.logshipper;

import dev.loopgate.proto.v1.SeqRange;

/// Consecutive seqs, both ends among them.
record SeqSpan(long first, long last) {
  SeqSpan {
    if (first < 0 || last < first) {
      throw new IllegalArgumentException("seq span: first=" + first + ", last=" + last);
    }
  }

  /// The same as the spool says it.
  static SeqSpan of(SeqRange range) {
    return new SeqSpan(range.getFirst(), range.getLast());
  }

  long count() {
    return last - first + 1;
  }
}
