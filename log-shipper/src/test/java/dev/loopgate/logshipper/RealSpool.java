package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.TimeSource;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolConfig;
import dev.loopgate.spool.SpoolEvents;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The spool on a real disk, as small as it can be, and the shipper behind it, in a data directory.
///
/// @param data the ring lies beside the log, since this is no tmpfs
record RealSpool(Path data, TimeSource time, ShipperEvents events) {
  /// Opened, its writer not started.
  Spool open() throws IOException {
    Path spool = data.resolve("spool");
    SpoolConfig defaults = SpoolConfig.in(spool);
    return Spool.open(
        new SpoolConfig(
            spool,
            data,
            1 << 20,
            2 << 20,
            defaults.logBytesMax(),
            1 << 20,
            2,
            defaults.forceAfter(),
            defaults.forceAfterBytes(),
            defaults.forceTimeout()),
        time,
        SpoolEvents.SILENT);
  }

  /// All that is published, by key, when nothing is staged any more.
  Map<String, byte[]> objects() throws IOException {
    Path root = data.resolve("files");
    Map<String, byte[]> objects = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        objects.put(root.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    assertThat(objects.keySet()).noneMatch(key -> key.startsWith("."));
    return objects;
  }

  /// The shipper's thread, with windows that wait for nothing.
  LogShipper ship(Spool spool) throws IOException {
    return LogShipper.start(config(), around(spool));
  }

  ShipperConfig config() {
    return ShipperConfig.in(data.resolve("spool")).withWindow(Duration.ZERO);
  }

  LogShipper.Surroundings around(Spool spool) throws IOException {
    return around(spool, spool.reader(), new LocalFileTree());
  }

  /// The same over another file system and another reader.
  LogShipper.Surroundings around(Spool spool, SpoolReader reader, FileTree tree)
      throws IOException {
    return new LogShipper.Surroundings(
        reader,
        spool.id(),
        LocalStore.open(tree, data.resolve("files"), ShipperConfig.instanceOf(spool.id())),
        _ -> true,
        time,
        events);
  }
}
