package dev.loopgate.logshipper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Where a spool keeps what it knows of its sinks. Each has a base: the spool's own directory for
/// the files, a folder of its own for any other.
public final class SpoolSinks {
  private static final String COMMITS = "commit";
  private static final String OTHERS = "sinks";

  private SpoolSinks() {}

  /// The base of a sink beside the files.
  public static Path baseOf(Path spool, String name) {
    return othersOf(spool).resolve(name);
  }

  /// The bases of all sinks beside the files, by their names.
  public static Map<String, Path> in(Path spool) throws IOException {
    Map<String, Path> bases = new TreeMap<>();
    if (hasOthers(spool)) {
      try (Stream<Path> known = Files.list(othersOf(spool))) {
        known.forEach(base -> bases.put(String.valueOf(base.getFileName()), base));
      }
    }
    return bases;
  }

  /// Whether the spool ever had a sink beside the files.
  public static boolean hasOthers(Path spool) {
    return Files.isDirectory(othersOf(spool));
  }

  /// Whether the sink of this base was ever shipped to, or was to be.
  public static boolean isKnown(Path base) {
    return Files.isDirectory(commitsOf(base));
  }

  /// The commit log of a sink.
  static Path commitsOf(Path base) {
    return base.resolve(COMMITS);
  }

  private static Path othersOf(Path spool) {
    return spool.resolve(OTHERS);
  }
}
