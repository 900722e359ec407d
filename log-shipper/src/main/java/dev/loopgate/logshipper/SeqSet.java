package dev.loopgate.logshipper;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A set of seqs, kept as the fewest spans. Confined to one thread.
final class SeqSet {
  private final TreeMap<Long, Long> lastByFirst = new TreeMap<>();

  static SeqSet of(Collection<SeqSpan> spans) {
    SeqSet set = new SeqSet();
    set.addAll(spans);
    return set;
  }

  /// Adds one; answers whether it was new.
  boolean add(long seq) {
    return add(new SeqSpan(seq, seq));
  }

  /// Adds a span; answers whether all of it was new.
  boolean add(SeqSpan span) {
    long first = span.first();
    long last = span.last();
    boolean fresh = true;
    Map.Entry<Long, Long> before = lastByFirst.floorEntry(first);
    if (before != null && before.getValue() >= first - 1) {
      fresh = before.getValue() < first;
      first = before.getKey();
      last = Math.max(last, before.getValue());
    }
    Map.Entry<Long, Long> after = lastByFirst.higherEntry(first);
    while (after != null && after.getKey() <= last + 1) {
      fresh &= after.getKey() > span.last();
      last = Math.max(last, after.getValue());
      lastByFirst.remove(after.getKey());
      after = lastByFirst.higherEntry(first);
    }
    lastByFirst.put(first, last);
    return fresh;
  }

  /// Adds all; answers whether none of them was there.
  boolean addAll(Collection<SeqSpan> spans) {
    boolean fresh = true;
    for (SeqSpan span : spans) {
      fresh &= add(span);
    }
    return fresh;
  }

  /// What of the span is not in it, in ascending order.
  List<SeqSpan> missingOf(SeqSpan span) {
    List<SeqSpan> missing = new ArrayList<>();
    long next = span.first();
    for (SeqSpan known : spans()) {
      if (known.last() >= next && known.first() <= span.last()) {
        if (known.first() > next) {
          missing.add(new SeqSpan(next, known.first() - 1));
        }
        next = known.last() + 1;
      }
    }
    if (next <= span.last()) {
      missing.add(new SeqSpan(next, span.last()));
    }
    return missing;
  }

  /// In ascending order, none touching another.
  List<SeqSpan> spans() {
    List<SeqSpan> spans = new ArrayList<>(lastByFirst.size());
    lastByFirst.forEach((first, last) -> spans.add(new SeqSpan(first, last)));
    return spans;
  }

  /// After the largest; 0 when it is empty.
  long next() {
    return lastByFirst.isEmpty() ? 0 : lastByFirst.lastEntry().getValue() + 1;
  }

  long count() {
    long count = 0;
    for (SeqSpan span : spans()) {
      count += span.count();
    }
    return count;
  }

  /// What is missing between 0 and the largest.
  List<SeqSpan> holes() {
    return lastByFirst.isEmpty() ? List.of() : missingOf(new SeqSpan(0, next() - 1));
  }
}
