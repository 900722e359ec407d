package dev.loopgate.app;

import dev.loopgate.logshipper.Inspection;
import dev.loopgate.logshipper.Verification;
import dev.loopgate.spool.Spool;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// What `verify` and `inspect` do: rooms that the command line does not know, asked on its behalf.
/// They change nothing and may look while a gateway runs.
final class Looks {
  private static final int OK = 0;

  private Looks() {}

  /// Prints the report on a data directory or a root of files; its verdict is the exit code.
  static int verify(Path directory, PrintWriter out) throws IOException {
    try {
      Verification.Report report = Verification.of(directory, spoolId(directory));
      report.lines().forEach(out::println);
      return report.verdict().exitCode();
    } catch (FileSystemException e) {
      throw named(e);
    }
  }

  /// Prints what lies in spool and files.
  static int inspect(Path directory, PrintWriter out) throws IOException {
    try {
      String id = spoolId(directory);
      if (id.isEmpty()) {
        out.println("spool: none in " + directory);
      } else {
        out.println("spool: id=" + id);
        files(directory.resolve("spool")).forEach(out::println);
        Inspection.of(directory, id).forEach(out::println);
      }
      return OK;
    } catch (FileSystemException e) {
      throw named(e);
    }
  }

  private static String spoolId(Path directory) throws IOException {
    return Spool.idIn(directory.resolve("spool"));
  }

  private static List<String> files(Path spool) throws IOException {
    try (Stream<Path> all = Files.walk(spool)) {
      return all.filter(Files::isRegularFile)
          .sorted(Comparator.naturalOrder())
          .map(file -> "  " + spool.relativize(file) + " " + sizeOf(file))
          .toList();
    }
  }

  private static String sizeOf(Path file) {
    try {
      return Kind.Bytes.shown(Files.size(file));
    } catch (IOException _) {
      return "(gone meanwhile)"; // a gateway that runs recycles them
    }
  }

  /// The JDK's message is the path alone.
  private static IOException named(FileSystemException e) {
    return new IOException(
        e.getFile() + ": can't be read (" + e.getClass().getSimpleName() + ")", e);
  }
}
