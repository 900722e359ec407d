package dev.loopgate.extproc;

import java.util.Arrays;
import java.util.Random;

/// Ids of exchanges that have ended lately, each as often as it ended: by a hash of 64 bits, in two
/// generations of at most [#EACH_MAX]. Not thread-safe.
final class EndedIds {
  private static final int EACH_MAX = 1 << 16;
  private static final int SLOTS = EACH_MAX * 2; // a power of two, half of them empty

  /// Bytes of both generations.
  static final int BYTES = 2 * SLOTS * Long.BYTES;

  private static final long EMPTY = 0;
  private static final long TAKEN = 1;
  private static final long PRIME = 0x100000001b3L; // of FNV-1a

  private final long seed = new Random().nextLong(); // callers may choose ids
  private long[] young = new long[SLOTS];
  private long[] old = new long[SLOTS];
  private int used; // slots of the young one, taken ones among them

  /// Remembers one more.
  ///
  /// @return false when there is no room before [#age]
  boolean add(String id) {
    if (used == EACH_MAX) {
      return false;
    }
    long hash = hashOf(id);
    int at = slotOf(hash);
    while (young[at] != EMPTY) {
      at = (at + 1) & (SLOTS - 1);
    }
    young[at] = hash;
    used++;
    return true;
  }

  /// Whether it is remembered; forgets it once.
  boolean take(String id) {
    long hash = hashOf(id);
    return take(young, hash) || take(old, hash);
  }

  boolean has(String id) {
    long hash = hashOf(id);
    return find(young, hash) >= 0 || find(old, hash) >= 0;
  }

  /// Forgets what was there before the last call.
  void age() {
    long[] emptied = old;
    old = young;
    young = emptied;
    Arrays.fill(young, EMPTY);
    used = 0;
  }

  private static boolean take(long[] slots, long hash) {
    int at = find(slots, hash);
    if (at >= 0) {
      slots[at] = TAKEN;
    }
    return at >= 0;
  }

  private static int find(long[] slots, long hash) {
    int at = slotOf(hash);
    while (slots[at] != EMPTY) {
      if (slots[at] == hash) {
        return at;
      }
      at = (at + 1) & (SLOTS - 1);
    }
    return -1;
  }

  private static int slotOf(long hash) {
    return (int) (hash >>> 40) & (SLOTS - 1);
  }

  private long hashOf(String id) {
    long hash = seed;
    for (int i = 0; i < id.length(); i++) {
      hash = (hash ^ id.charAt(i)) * PRIME;
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL; // MurmurHash3's finalizer
    hash ^= hash >>> 33;
    return hash == EMPTY || hash == TAKEN ? 2 : hash;
  }
}
