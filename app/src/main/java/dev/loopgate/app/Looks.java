package dev.loopgate.app;

import dev.loopgate.cli.Verbs;
import dev.loopgate.logshipper.FilesRoot;
import dev.loopgate.logshipper.Inspection;
import dev.loopgate.logshipper.LogShipper;
import dev.loopgate.logshipper.ObjectStore;
import dev.loopgate.logshipper.ShipperConfig;
import dev.loopgate.logshipper.Stores;
import dev.loopgate.logshipper.Verification;
import dev.loopgate.spool.Spool;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    Verification.Report report;
    // Its line is gone before anything is printed on the same terminal.
    try (ProgressLine progress = ProgressLine.onTerminal(Terminal.isAttached())) {
      report =
          report(rootAt(asked.place()), settings, new Verification.How(depth, json, progress::at));
    } catch (FileSystemException e) {
      throw named(e);
    }
    if (json) {
      report.document().writeTo(out);
      out.println();
    } else {
      report.lines().forEach(out::println);
    }
    return report.verdict().exitCode();
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
    if (files instanceof FilesRoot.Local(Path elsewhere)) {
      if (named.isEmpty() && !Files.isDirectory(elsewhere)) {
        throw new IOException(
            directory
                + ": its files are elsewhere; say where by --files or --config, as the gateway");
      }
      return Verification.of(elsewhere, directory, id, ring, how);
    }
    try (ObjectStore store = stores.reading(files)) {
      return Verification.of(store, directory, id, ring, how);
    }
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

  /// Whether a gateway could go on with this data directory, as far as reading tells.
  ///
  /// @throws StartException with one line that names the file and what is allowed
  static void requireReadable(DataDirectory data) throws StartException {
    try {
      String id = Spool.idIn(data.spool());
      if (!id.isEmpty()) {
        LogShipper.requireReadable(ShipperConfig.in(data.spool()), id);
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
  private static IOException named(FileSystemException e) {
    return new IOException(
        e.getFile() + ": can't be read (" + e.getClass().getSimpleName() + ")", e);
  }
}
