package dev.loopgate.app;

import dev.loopgate.logshipper.Destination;
import dev.loopgate.logshipper.FilesRoot;
import dev.loopgate.logshipper.ShipperConfig;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A place that entries go to, and how.
///
/// @param base of what is kept here for it: its commit log, what is staged
/// @param trust as of [ConfiguredSink]
record PlannedSink(Destination to, Path base, ShipperConfig config, @Nullable Path trust) {
  private static final String IN_DATA = "data:";

  String name() {
    return config.sink().name();
  }

  /// The same, all of whose entries are waited for.
  PlannedSink neverSkipped() {
    return new PlannedSink(to, base, config.withSink(new ShipperConfig.Sink(name(), 0)), trust);
  }

  /// The place in words that hold when a data directory is moved as a whole.
  ///
  /// @param data its root
  String place(Path data) {
    return to instanceof FilesRoot.Local(Path local) && local.startsWith(data)
        ? IN_DATA + data.relativize(local)
        : to.toString();
  }

  /// What [#place] says, where it is now.
  ///
  /// @param spool of the data directory
  /// @throws IOException when it says nothing that can be read
  static Destination destinationOf(String place, Path spool) throws IOException {
    Path data = spool.toAbsolutePath().getParent();
    try {
      return place.startsWith(IN_DATA) && data != null
          ? new FilesRoot.Local(data.resolve(place.substring(IN_DATA.length())))
          : Destination.parse(place);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          spool
              + ": a sink's place can't be read: "
              + Shown.of(place)
              + "; allowed: "
              + e.getMessage(),
          e);
    }
  }
}
