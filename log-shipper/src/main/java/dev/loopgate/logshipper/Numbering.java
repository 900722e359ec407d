package dev.loopgate.logshipper;

import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// Chooses the `n` of a file. Belongs to the one thread named `shipper`.
///
/// One LIST of a partition-hour after start, then a counter of our own. After another owner took a
/// number: one LIST, the largest and one, and a random step that grows with the collisions of the
/// hour, or many gateways of one model would meet at every number. Holes are allowed.
final class Numbering {
  private static final int PARTITIONS_MAX = 32_768;
  private static final int COLLISIONS_MAX = 8;
  private static final int HOURS_MAX = 8;

  private final ObjectStore store;
  private final RandomGenerator random;
  private final NumberRange range;
  private final Map<Partition, Long> nextNumbers =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Partition, Long> eldest) {
          return size() > PARTITIONS_MAX;
        }
      };
  private final Map<Partition, Long> firstGiven = new HashMap<>(); // since the last plan
  private final TreeMap<Long, Integer> collisionsByHour = new TreeMap<>();

  Numbering(ObjectStore store, RandomGenerator random, String spoolId) {
    this(store, random, NumberRange.of(store, spoolId));
  }

  /// @param range of the numbers that are given; others are as good as not there
  Numbering(ObjectStore store, RandomGenerator random, NumberRange range) {
    this.store = store;
    this.random = random;
    this.range = range;
  }

  /// The next number of this partition, now used.
  long next(Partition partition) throws IOException {
    Long known = nextNumbers.get(partition);
    long n = known != null ? known : largest(partition) + 1;
    nextNumbers.put(partition, n + 1);
    firstGiven.putIfAbsent(partition, n);
    return n;
  }

  /// The next number after another owner took one of ours.
  ///
  /// @param plannedMax the largest of our numbers of the partition in the open plan, -1 for none
  long afterTaken(Partition partition, long plannedMax) throws IOException {
    int collisions = collisionsByHour.merge(partition.hour(), 1, Integer::sum);
    if (collisionsByHour.size() > HOURS_MAX) {
      collisionsByHour.pollFirstEntry();
    }
    long step = random.nextLong((1L << Math.min(collisions, COLLISIONS_MAX)) + 1);
    long n = Math.max(largest(partition), plannedMax) + 1 + step;
    nextNumbers.put(partition, n + 1);
    return n;
  }

  /// Whether `n` is a number of ours to give.
  boolean gives(long n) {
    return range.contains(n);
  }

  /// Numbers given since the last plan are used.
  void planned() {
    firstGiven.clear();
  }

  /// Numbers given since the last plan are free again: a failed attempt leaves no hole.
  void takeBack() {
    nextNumbers.putAll(firstGiven);
    firstGiven.clear();
  }

  private long largest(Partition partition) throws IOException {
    long largest = range.first() - 1;
    for (ObjectKey key : store.list(partition.prefix())) {
      OptionalLong n = partition.numberOf(key);
      if (n.isPresent() && range.contains(n.getAsLong())) {
        largest = Math.max(largest, n.getAsLong());
      }
    }
    return largest;
  }
}
