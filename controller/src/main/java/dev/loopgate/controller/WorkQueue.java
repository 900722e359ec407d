package dev.loopgate.controller;

import dev.loopgate.fleet.Changes.Ref;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What is to be looked at, and when: each once, at the earliest time that was said. So it is no
/// longer than what is declared. Confined to one thread.
final class WorkQueue {
  private record Due(long nanos, long turn, Ref ref) {}

  private final Map<Ref, Due> waiting = new HashMap<>();
  private final TreeSet<Due> order;
  private long turns;

  /// Empty.
  ///
  /// @param origin a time that is not later than any other one
  WorkQueue(long origin) {
    order =
        new TreeSet<>(
            Comparator.<Due>comparingLong(due -> due.nanos() - origin)
                .thenComparingLong(Due::turn));
  }

  /// To be looked at from `nanos` on.
  void add(Ref ref, long nanos) {
    Due before = waiting.get(ref);
    if (before != null) {
      if (before.nanos() - nanos <= 0) {
        return;
      }
      order.remove(before);
    }
    Due due = new Due(nanos, turns++, ref);
    waiting.put(ref, due);
    order.add(due);
  }

  /// The next one whose time has come; null when there is none.
  @Nullable Ref poll(long now) {
    if (order.isEmpty() || order.first().nanos() - now > 0) {
      return null;
    }
    Due due = order.removeFirst();
    waiting.remove(due.ref());
    return due.ref();
  }

  /// Nothing is to be looked at before that; `otherwise` when nothing waits, or later.
  long next(long otherwise) {
    if (order.isEmpty() || order.first().nanos() - otherwise > 0) {
      return otherwise;
    }
    return order.first().nanos();
  }

  int size() {
    return order.size();
  }
}
