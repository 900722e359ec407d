package dev.loopgate.app;

import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.logshipper.LogShipper;
import dev.loopgate.logshipper.ObjectStore;
import dev.loopgate.logshipper.ShippedPlace;
import dev.loopgate.logshipper.ShipperConfig;
import dev.loopgate.logshipper.ShipperStatus;
import dev.loopgate.logshipper.Stores;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// All sinks of a gateway, each with a shipper, a reader of the log and a commit log of its own.
/// Belongs to one thread; a look at their status: any thread.
final class Shippers {
  private record Running(String name, boolean required, LogShipper shipper, ObjectStore store) {}

  private final GuardedClock clock;
  private final List<Running> running = new ArrayList<>();

  private Shippers(GuardedClock clock) {
    this.clock = clock;
  }

  /// Whose entries are shipped.
  ///
  /// @param data the root of the data directory
  /// @param ofFleet models whose partitions always fit
  record From(Path data, Spool spool, Predicate<ModelIdentity> ofFleet) {}

  /// Starts a shipper for each sink.
  ///
  /// @throws StartException when one can't go on; what was started is stopped again
  static Shippers start(
      List<PlannedSink> sinks,
      Stores stores,
      From from,
      GuardedClock clock,
      ShipperTelemetry telemetry)
      throws StartException {
    Shippers shippers = new Shippers(clock);
    // All of them before one releases anything: see Spool.
    Map<PlannedSink, SpoolReader> readers = new LinkedHashMap<>();
    sinks.forEach(sink -> readers.put(sink, from.spool().anotherReader()));
    try {
      for (Map.Entry<PlannedSink, SpoolReader> sink : readers.entrySet()) {
        shippers.start(sink.getKey(), sink.getValue(), stores, from, telemetry);
      }
      return shippers;
    } catch (StartException e) {
      shippers.close();
      throw e;
    }
  }

  private void start(
      PlannedSink sink, SpoolReader reader, Stores stores, From from, ShipperTelemetry telemetry)
      throws StartException {
    String id = from.spool().id();
    try {
      Files.createDirectories(sink.base());
      ShippedPlace.claim(sink.base(), id, sink.place(from.data()));
      ObjectStore store =
          stores.open(sink.to(), sink.base(), ShipperConfig.instanceOf(id), sink.trust());
      try {
        LogShipper shipper =
            LogShipper.start(
                sink.config(),
                new LogShipper.Surroundings(
                    reader, id, store, from.ofFleet(), clock, telemetry.of(sink.name())));
        running.add(
            new Running(sink.name(), sink.config().sink().lagBytesMax() == 0, shipper, store));
      } catch (IOException e) {
        store.close();
        throw e;
      }
    } catch (IOException e) {
      throw new StartException(sink.name() + ": can't be continued: " + e.getMessage(), e);
    }
  }

  /// By the name of the sink, the files first.
  Map<String, ShipperStatus> status() {
    Map<String, ShipperStatus> all = new LinkedHashMap<>();
    running.forEach(each -> all.put(each.name(), each.shipper().status()));
    return all;
  }

  /// Of the first sink that keeps every entry.
  ShipperStatus keeper() {
    return running.stream().filter(Running::required).findFirst().orElseThrow().shipper().status();
  }

  /// Asks all of them to ship everything, without waiting.
  void beginFinish() {
    running.forEach(each -> each.shipper().beginFinish());
  }

  /// The sinks that have not come to the end of [#beginFinish], with what they say.
  Map<String, ShipperStatus> unfinished() {
    Map<String, ShipperStatus> all = status();
    running.stream()
        .filter(each -> each.shipper().hasShippedAll())
        .forEach(each -> all.remove(each.name()));
    return all;
  }

  /// Ships everything now, all sinks at the same time; the spool's intake must be closed.
  ///
  /// @param within the longest this takes
  /// @return the sinks that have not taken all of it
  List<String> finish(Duration within) {
    long end = clock.nanos() + within.toNanos();
    beginFinish();
    List<String> behind = new ArrayList<>();
    for (Running each : running) {
      long left = Math.max(0, end - clock.nanos());
      if (!each.shipper().finish(Duration.ofNanos(left))) {
        behind.add(each.name());
      }
    }
    return behind;
  }

  void close() {
    running.forEach(each -> each.shipper().beginClose());
    running.forEach(each -> each.store().close()); // frees who waits for an answer
    running.forEach(each -> each.shipper().close());
  }
}
