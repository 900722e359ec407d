package dev.loopgate.logshipper;

import dev.loopgate.capture.EntryKind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongToIntFunction;

/// At most so many (model, version) pairs open a partition, a kind and hour, and only while the
/// hour has few files: clients choose the names, and an hour's files are kept in mind until its
/// manifest is out. Belongs to the one thread named `shipper`.
final class PartitionBound {
  private record Place(EntryKind kind, long hour) {}

  private final int pairsMax;
  private final int filesMax;
  private final LongToIntFunction filesOf;
  private final Map<Place, Set<String>> open = new HashMap<>();

  /// @param filesMax files of an hour, of windows that were committed; a window adds as many as
  ///   there are partitions, so at most four times `pairsMax` more
  /// @param filesOf files that an hour has
  PartitionBound(int pairsMax, int filesMax, LongToIntFunction filesOf) {
    this.pairsMax = pairsMax;
    this.filesMax = filesMax;
    this.filesOf = filesOf;
  }

  /// Whether the pair, of escaped parts, is open or may be opened, and a file of it may be written.
  boolean admits(EntryKind kind, long hour, String model, String version) {
    if (filesOf.applyAsInt(hour) >= filesMax) {
      return false;
    }
    Set<String> pairs = open.get(new Place(kind, hour));
    return pairs == null
        ? pairsMax > 0
        : pairs.size() < pairsMax || pairs.contains(pair(model, version));
  }

  void opened(EntryKind kind, long hour, String model, String version) {
    open.computeIfAbsent(new Place(kind, hour), _ -> new HashSet<>()).add(pair(model, version));
  }

  /// Remembers the pairs of files that an earlier process published.
  void opened(HourBook book) {
    for (Manifest.FileEntry file : book.files()) {
      String[] parts = file.key().split("/", 4);
      if (parts.length == 4 && !parts[1].equals(PathPart.OTHER)) {
        LogStream.named(parts[0])
            .ifPresent(stream -> opened(stream.kind(), book.hour(), parts[1], parts[2]));
      }
    }
  }

  /// Forgets hours before this one.
  void forgetBefore(long hour) {
    open.keySet().removeIf(place -> place.hour() < hour);
  }

  private static String pair(String model, String version) {
    return model + '/' + version;
  }
}
