package dev.loopgate.app;

import dev.loopgate.logshipper.Destination;
import dev.loopgate.logshipper.FilesRoot;
import dev.loopgate.logshipper.ShipperConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A place that entries go to, and how.
///
/// @param base of what is kept here for it: its commit log, what is staged
/// @param trust as of [ConfiguredSink]
record PlannedSink(Destination to, Path base, ShipperConfig config, @Nullable Path trust) {
  String name() {
    return config.sink().name();
  }

  /// The place in words that hold when a data directory is moved as a whole.
  ///
  /// @param data its root
  String place(Path data) {
    return to instanceof FilesRoot.Local(Path local) && local.startsWith(data)
        ? "data:" + data.relativize(local)
        : to.toString();
  }
}
