package dev.loopgate.logshipper;

/// Consecutive seqs, both ends among them.
record SeqSpan(long first, long last) {
  SeqSpan {
    if (first < 0 || last < first) {
      throw new IllegalArgumentException("seq span: first=" + first + ", last=" + last);
    }
  }

  long count() {
    return last - first + 1;
  }
}
