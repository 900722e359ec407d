package dev.loopgate.controller;

import java.util.Arrays;

/// The most that was wanted of a deployment within the last while. Of a minute it keeps a number
/// for every two seconds, and nothing else. Confined to one thread.
final class DemandWindow {
  /// How far it looks back at most.
  static final long NANOS_MAX = 60_000_000_000L;

  private static final long SLOT_NANOS = 2_000_000_000L;
  private static final int SLOTS = (int) (NANOS_MAX / SLOT_NANOS);

  private final long[] slots = new long[SLOTS]; // which two seconds each is of
  private final int[] most = new int[SLOTS];
  private final long origin;

  /// Nothing was wanted before `now`.
  DemandWindow(long now) {
    origin = now;
    Arrays.fill(slots, -1 - SLOTS);
  }

  /// Notes what is wanted.
  void add(long now, int demand) {
    long slot = slot(now);
    int at = (int) (slot % SLOTS);
    most[at] = slots[at] == slot ? Math.max(most[at], demand) : demand;
    slots[at] = slot;
  }

  /// The most of the last `nanos`, from a slot to [#NANOS_MAX].
  int max(long now, long nanos) {
    long from = slot(now) - nanos / SLOT_NANOS;
    int max = 0;
    for (int at = 0; at < SLOTS; at++) {
      if (slots[at] > from) {
        max = Math.max(max, most[at]);
      }
    }
    return max;
  }

  private long slot(long now) {
    return (now - origin) / SLOT_NANOS;
  }
}
