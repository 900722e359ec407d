package dev.loopgate.logshipper;

import dev.loopgate.capture.EntryKind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// At most so many (model, version) pairs open a partition, a kind and hour: clients choose the
/// names. Belongs to the one thread named `shipper`.
final class PartitionBound {
  private record Place(EntryKind kind, long hour) {}

  private final int pairsMax;
  private final Map<Place, Set<String>> open = new HashMap<>();

  PartitionBound(int pairsMax) {
    this.pairsMax = pairsMax;
  }

  /// Whether the pair, of escaped parts, is open or may be opened.
  boolean admits(EntryKind kind, long hour, String model, String version) {
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
        EntryKind kind =
            parts[0].equals(LogStream.FEEDBACK.word()) ? EntryKind.FEEDBACK : EntryKind.PREDICTION;
        opened(kind, book.hour(), parts[1], parts[2]);
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
