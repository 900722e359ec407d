package dev.loopgate.app;

import dev.loopgate.logshipper.Destination;
import dev.loopgate.logshipper.ShippedPlace;
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

  /// The same, all of whose entries are waited for.
  PlannedSink neverSkipped() {
    return new PlannedSink(to, base, config.withSink(new ShipperConfig.Sink(name(), 0)), trust);
  }

  /// The place in words, see [ShippedPlace].
  ///
  /// @param data the root of the data directory
  String place(Path data) {
    return ShippedPlace.wordsOf(to, data);
  }
}
