package dev.loopgate.app;

import dev.loopgate.cli.Verbs;
import dev.loopgate.logshipper.Destination;
import dev.loopgate.logshipper.FilesRoot;
import dev.loopgate.logshipper.FluentdAddress;
import dev.loopgate.logshipper.Inspection;
import dev.loopgate.logshipper.LogShipper;
import dev.loopgate.logshipper.ObjectStore;
import dev.loopgate.logshipper.ShippedPlace;
import dev.loopgate.logshipper.ShipperConfig;
import dev.loopgate.logshipper.SpoolSinks;
import dev.loopgate.logshipper.Stores;
import dev.loopgate.logshipper.Verification;
import dev.loopgate.logshipper.VerifiedPlace;
import dev.loopgate.spool.Spool;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// What `verify` and `inspect` do: rooms that the command line does not know, asked on its behalf.
/// They change nothing and may look while a gateway runs.
final class Looks {
  /// What `verify` may be told beside settings.
  static final List<Verbs.Flag> VERIFY_FLAGS =
      List.of(
          new Verbs.Flag("json", "Print one JSON document, for programs."),
          new Verbs.Flag(
              "deep",
              "Look at every field of every record too, and whether both streams have each"
                  + " prediction."));

  /// Option of `verify`: one sink alone.
  static final Verbs.SettingOption SINK_OPTION =
      new Verbs.SettingOption(
          "sink", "NAME", "Look at this sink alone; files is the one of the files.");

  static final String SINK = SINK_OPTION.name();
  private static final String FILES = ShipperConfig.Sink.FILES.name();
  private static final int OK = 0;

  private Looks() {}

  /// Prints the report on a data directory or a root of files, local or not; its verdict is the
  /// exit code.
  ///
  /// @param asked a path or a URL
  static int verify(Verbs.Asked asked, Settings settings, PrintWriter out)
      throws IOException, UsageException {
    boolean json = asked.flags().contains("json");
    Verification.Depth depth =
        asked.flags().contains("deep") ? Verification.Depth.FIELDS : Verification.Depth.LINES;
    String only = asked.options().get(SINK);
    Map<String, Verification.Report> reports = new LinkedHashMap<>();
    // Its line is gone before anything is printed on the same terminal.
    try (ProgressLine progress = ProgressLine.onTerminal(Terminal.isAttached())) {
      Verification.How how = new Verification.How(depth, json, progress::at);
      FilesRoot root = rootAt(asked.place());
      Map<String, Path> sinks = sinksIn(root);
      if (only != null && !only.equals(FILES) && !sinks.containsKey(only)) {
        throw new UsageException(
            "sink: value "
                + Shown.of(only)
                + " is none of this spool; allowed: "
                + String.join(", ", withFiles(sinks)));
      }
      if (only == null ? hasFiles(root, settings, sinks) : only.equals(FILES)) {
        reports.put(FILES, report(root, settings, how));
      }
      for (Map.Entry<String, Path> sink : sinks.entrySet()) {
        if (only == null ? !json || reports.isEmpty() : only.equals(sink.getKey())) {
          reports.put(sink.getKey(), sinkReport(sink.getValue(), settings, how));
        }
      }
    } catch (FileSystemException e) {
      throw named(e);
    }
    return print(reports, json, out);
  }

  private static int print(Map<String, Verification.Report> reports, boolean json, PrintWriter out)
      throws IOException {
    Verification.Verdict worst = Verification.Verdict.BALANCED;
    for (Map.Entry<String, Verification.Report> each : reports.entrySet()) {
      Verification.Report report = each.getValue();
      if (json) {
        report.document().writeTo(out);
        out.println();
      } else {
        if (!each.getKey().equals(FILES)) {
          out.println("sink " + each.getKey() + ":");
        }
        report.lines().forEach(out::println);
      }
      boolean worse =
          report.verdict() == Verification.Verdict.NOT_BALANCED
              || worst == Verification.Verdict.BALANCED;
      worst = worse ? report.verdict() : worst;
    }
    return worst.exitCode();
  }

  /// Where the spool beside the files keeps what it knows of each other sink.
  private static Map<String, Path> sinksIn(FilesRoot root) throws IOException {
    return root instanceof FilesRoot.Local(Path directory) && !spoolId(directory).isEmpty()
        ? SpoolSinks.in(directory.resolve("spool"))
        : Map.of();
  }

  private static List<String> withFiles(Map<String, Path> sinks) {
    List<String> names = new ArrayList<>(List.of(FILES));
    names.addAll(sinks.keySet());
    return names;
  }

  /// Not so where a gateway ships to sinks alone.
  private static boolean hasFiles(FilesRoot root, Settings settings, Map<String, Path> sinks)
      throws IOException, UsageException {
    if (sinks.isEmpty() || !(root instanceof FilesRoot.Local(Path directory))) {
      return true;
    }
    return settings
            .get(StoreSettings.FILES)
            .filter(files -> !(files instanceof FilesRoot.Nowhere))
            .isPresent()
        || SpoolSinks.isKnown(directory.resolve("spool"));
  }

  private static Verification.Report sinkReport(Path base, Settings settings, Verification.How how)
      throws IOException, UsageException {
    Path spool = Objects.requireNonNull(Objects.requireNonNull(base.getParent()).getParent());
    Optional<String> place = ShippedPlace.of(base);
    if (place.isEmpty()) {
      throw new IOException(base + ": does not say where it ships to; allowed: a sink's folder");
    }
    Stores stores = new Rooms(settings, Memory.ofThisProcess()).stores();
    OfSpool of = new OfSpool(spool, Spool.idIn(spool), settings.get(SettingsTable.RING_DIRECTORY));
    return sinkReport(
        ShippedPlace.destinationOf(place.get(), dataOf(spool)), base, of, stores, how);
  }

  private static Verification.Report report(FilesRoot root, Settings settings, Verification.How how)
      throws IOException, UsageException {
    Stores stores = new Rooms(settings, Memory.ofThisProcess()).stores();
    if (!(root instanceof FilesRoot.Local(Path directory))) {
      try (ObjectStore store = stores.reading(root)) {
        return Verification.of(store, root.toString(), how);
      }
    }
    Path ring = settings.get(SettingsTable.RING_DIRECTORY);
    String id = spoolId(directory);
    Optional<FilesRoot> named = settings.get(StoreSettings.FILES);
    FilesRoot files = DataDirectory.filesOf(directory, named);
    if (id.isEmpty() && files.isRemote()) {
      throw new IOException(directory + ": no spool is there; its files alone: verify " + files);
    }
    if (id.isEmpty()) {
      return Verification.of(directory, id, ring, how);
    }
    if (named.isEmpty() && files instanceof FilesRoot.Local(Path elsewhere)) {
      if (!Files.isDirectory(elsewhere)) {
        throw new IOException(
            directory
                + ": its files are elsewhere; say where by --files or --config, as the gateway");
      }
    }
    Path spool = directory.resolve("spool");
    return sinkReport(files, spool, new OfSpool(spool, id, ring), stores, how);
  }

  private static Path dataOf(Path spool) {
    return Objects.requireNonNull(spool.toAbsolutePath().getParent());
  }

  /// A spool that is looked at.
  private record OfSpool(Path spool, String id, Path ring) {}

  /// @param base of what the spool keeps for the sink
  private static Verification.Report sinkReport(
      Destination to, Path base, OfSpool of, Stores stores, Verification.How how)
      throws IOException {
    return switch (to) {
      case FluentdAddress _ ->
          Verification.of(
              VerifiedPlace.fluentd(base, of.id()), of.spool(), of.id(), of.ring(), how);
      case FilesRoot.Local(Path root) ->
          Verification.of(
              VerifiedPlace.local(root, base, of.id()), of.spool(), of.id(), of.ring(), how);
      case FilesRoot root -> {
        try (ObjectStore store = stores.reading(root)) {
          yield Verification.of(
              VerifiedPlace.remote(store, base), of.spool(), of.id(), of.ring(), how);
        }
      }
    };
  }

  private static FilesRoot rootAt(String place) throws UsageException {
    FilesRoot root;
    try {
      root = FilesRoot.parse(place);
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "DIR: value " + Shown.of(place) + " is not allowed; allowed: " + e.getMessage());
    }
    if (root instanceof FilesRoot.Local(Path directory) && !Files.isDirectory(directory)) {
      throw new UsageException(
          "DIR: value " + Shown.of(place) + " is no directory; allowed: an existing one, or a URL");
    }
    return root;
  }

  /// Prints what lies in spool and files.
  static int inspect(Verbs.Asked asked, Settings settings, PrintWriter out)
      throws IOException, UsageException {
    Path directory = Path.of(asked.place());
    Path ringDirectory = settings.get(SettingsTable.RING_DIRECTORY);
    try {
      String id = spoolId(directory);
      if (id.isEmpty()) {
        out.println("spool: none in " + directory);
      } else {
        // All of it before the first line: what can't be read is then the only line.
        List<String> lines = Inspection.of(directory, id, ringDirectory);
        out.println("spool: id=" + id);
        lines.forEach(out::println);
      }
      return OK;
    } catch (FileSystemException e) {
      throw named(e);
    }
  }

  /// Whether a gateway could go on with this spool and all its sinks, as far as reading tells.
  ///
  /// @throws StartException with one line that names the file and what is allowed
  static void requireReadable(Path spool) throws StartException {
    try {
      String id = Spool.idIn(spool);
      if (id.isEmpty()) {
        return;
      }
      LogShipper.requireReadable(ShipperConfig.in(spool), id);
      for (Path base : SpoolSinks.in(spool).values()) {
        LogShipper.requireReadable(ShipperConfig.in(base), id);
      }
    } catch (FileSystemException e) {
      throw new StartException("data: " + named(e).getMessage(), e);
    } catch (IOException e) {
      throw new StartException("data: " + e.getMessage(), e);
    }
  }

  private static String spoolId(Path directory) throws IOException {
    return Spool.idIn(directory.resolve("spool"));
  }

  /// The JDK's message is the path alone.
  static IOException named(FileSystemException e) {
    return new IOException(
        e.getFile()
            + ": can't be read ("
            + e.getClass().getSimpleName()
            + (e.getReason() == null ? "" : ": " + e.getReason())
            + ")",
        e);
  }
}
