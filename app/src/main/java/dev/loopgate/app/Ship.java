package dev.loopgate.app;

import dev.loopgate.logshipper.FilesRoot;
import dev.loopgate.logshipper.ShippedPlace;
import dev.loopgate.logshipper.ShipperStatus;
import dev.loopgate.logshipper.SpoolSinks;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `ship`: publishes what a spool holds whose gateway is gone, with the manifests of its hours. It
/// may be ended at any time; the next one goes on. Belongs to one thread.
final class Ship {
  private static final Duration LOOK_EVERY = Duration.ofMillis(200);

  private final Settings settings;
  private final Path spool;
  private final String id;
  private final PrintWriter out;

  private Ship(Settings settings, Path spool, String id, PrintWriter out) {
    this.settings = settings;
    this.spool = spool;
    this.id = id;
    this.out = out;
  }

  /// Of a spool's directory, or of a data directory that has one.
  ///
  /// @throws UsageException when there is no spool
  static Ship of(String given, Settings settings, PrintWriter out)
      throws StartException, UsageException {
    try {
      Path directory = Path.of(given).toAbsolutePath().normalize();
      for (Path place : List.of(directory, directory.resolve("spool"))) {
        String id = Spool.idIn(place);
        if (!id.isEmpty()) {
          return new Ship(settings, place, id, out);
        }
      }
    } catch (FileSystemException e) {
      throw new StartException("spool: " + Looks.named(e).getMessage(), e);
    } catch (IOException e) {
      throw new StartException("spool: " + e.getMessage(), e);
    } catch (InvalidPathException _) {
      // no path at all: the same answer as for one without a spool
    }
    throw new UsageException(
        "spool: no spool is in "
            + Shown.of(given)
            + "; allowed: the spool's directory, or the data directory above it");
  }

  /// Ships until all is published, or until it is told to stop.
  ///
  /// @return the exit code
  int run(TerminationSignal signal) throws StartException, UsageException, InterruptedException {
    Looks.requireReadable(spool); // before anything is changed
    GuardedClock clock = GuardedClock.ofSystem();
    Telemetry telemetry = Telemetry.of(clock);
    Rooms rooms = new Rooms(settings, Memory.ofThisProcess());
    // Nothing is written any more that a slow sink could keep from being taken.
    List<PlannedSink> sinks =
        rooms.sinks().all(files(), spool).stream().map(PlannedSink::neverSkipped).toList();
    requireAllSinks(sinks);
    try (Spool opened = Spool.open(rooms.spool(spool), clock, telemetry.spool())) {
      Shippers shippers =
          Shippers.start(
              sinks,
              rooms.stores(),
              new Shippers.From(data(), opened, _ -> false),
              clock,
              telemetry.shipper());
      try {
        opened.closeIntake(); // what is in the ring goes to the log
        return finish(shippers, signal);
      } finally {
        shippers.close();
      }
    } catch (SpoolException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  private int finish(Shippers shippers, TerminationSignal signal) throws InterruptedException {
    shippers.beginFinish();
    try (ProgressLine progress = ProgressLine.onTerminal(Terminal.isAttached())) {
      return await(shippers, signal, progress);
    }
  }

  private int await(Shippers shippers, TerminationSignal signal, ProgressLine progress)
      throws InterruptedException {
    while (true) {
      Map<String, ShipperStatus> left = shippers.unfinished();
      progress.show(shown(left.values()));
      if (left.isEmpty()) {
        long entries =
            shippers.status().values().stream()
                .mapToLong(ShipperStatus::committedEntries)
                .max()
                .orElse(0);
        out.println("shipped: spool=" + id + ", entries=" + entries + ", nothing is left");
        return 0;
      }
      if (left.values().stream().noneMatch(status -> status.parked().isEmpty())) {
        out.println("not shipped: " + shown(left.values()) + "; all of it is kept, run it again");
        return 1;
      }
      if (signal.await(LOOK_EVERY)) {
        out.println("stopped: " + shown(left.values()) + "; all of it is kept, run it again");
        return 1;
      }
    }
  }

  private static String shown(Collection<ShipperStatus> left) {
    long bytes = left.stream().mapToLong(ShipperStatus::unshippedBytes).max().orElse(0);
    return "bytes of log left=" + bytes;
  }

  /// Where the files go: as somebody says, else where they have gone.
  private FilesRoot files() throws StartException, UsageException {
    Optional<FilesRoot> said = settings.get(StoreSettings.FILES);
    if (said.isPresent()) {
      return DataDirectory.filesOf(data(), said);
    }
    try {
      Optional<String> before = ShippedPlace.of(spool);
      return before.isPresent()
              && ShippedPlace.destinationOf(before.get(), data()) instanceof FilesRoot root
          ? root
          : DataDirectory.filesOf(data(), Optional.empty());
    } catch (IOException e) {
      throw new StartException("spool: " + e.getMessage(), e);
    }
  }

  /// A sink that the gateway had and nobody names now would never get the rest.
  private void requireAllSinks(List<PlannedSink> sinks) throws StartException, UsageException {
    try {
      for (Map.Entry<String, Path> one : SpoolSinks.in(spool).entrySet()) {
        if (sinks.stream().noneMatch(sink -> sink.name().equals(one.getKey()))) {
          throw new UsageException(
              "sinks: this spool has shipped to the sink "
                  + Shown.of(one.getKey())
                  + " ("
                  + ShippedPlace.of(one.getValue()).orElse("nowhere yet")
                  + "), which is not named; allowed: --sinks or --config as the gateway had it, or no "
                  + one.getValue());
        }
      }
    } catch (IOException e) {
      throw new StartException("spool: its sinks can't be read: " + e.getMessage(), e);
    }
  }

  private Path data() {
    Path above = spool.getParent();
    return above == null ? spool : above;
  }
}
