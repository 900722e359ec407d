package dev.loopgate.app;

import dev.loopgate.logshipper.Inspection;
import dev.loopgate.logshipper.LogShipper;
import dev.loopgate.logshipper.ShipperConfig;
import dev.loopgate.logshipper.Verification;
import dev.loopgate.spool.Spool;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;

/// What `verify` and `inspect` do: rooms that the command line does not know, asked on its behalf.
/// They change nothing and may look while a gateway runs.
final class Looks {
  private static final int OK = 0;

  private Looks() {}

  /// Prints the report on a data directory or a root of files; its verdict is the exit code.
  static int verify(Path directory, Path ringDirectory, PrintWriter out) throws IOException {
    try {
      Verification.Report report = Verification.of(directory, spoolId(directory), ringDirectory);
      report.lines().forEach(out::println);
      return report.verdict().exitCode();
    } catch (FileSystemException e) {
      throw named(e);
    }
  }

  /// Prints what lies in spool and files.
  static int inspect(Path directory, Path ringDirectory, PrintWriter out) throws IOException {
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
