package dev.loopgate.logshipper;

import dev.loopgate.capture.TimeSource;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolConfig;
import dev.loopgate.spool.SpoolEvents;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

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

  /// The shipper's thread, with windows that wait for nothing.
  LogShipper ship(Spool spool) throws IOException {
    return LogShipper.start(config(), around(spool));
  }

  ShipperConfig config() {
    return ShipperConfig.in(data.resolve("spool")).withWindow(Duration.ZERO);
  }

  LogShipper.Surroundings around(Spool spool) throws IOException {
    return new LogShipper.Surroundings(
        spool.reader(),
        spool.id(),
        LocalStore.open(data.resolve("files"), ShipperConfig.instanceOf(spool.id())),
        _ -> true,
        time,
        events);
  }
}
