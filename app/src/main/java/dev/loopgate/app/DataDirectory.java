package dev.loopgate.app;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The places under `--data`.
///
/// @param root where all lies
record DataDirectory(Path root) {
  /// The directories, made where absent, after a look whether they can be written.
  ///
  /// @throws StartException with one line that names the directory
  static DataDirectory open(Path root) throws StartException {
    DataDirectory data = new DataDirectory(root.toAbsolutePath().normalize());
    for (Path directory : new Path[] {data.root(), data.files(), data.spool(), data.models()}) {
      try {
        Files.createDirectories(directory);
        Path probe = Files.createTempFile(directory, ".loopgate-", ".probe");
        Files.delete(probe);
      } catch (FileAlreadyExistsException _) {
        throw new StartException(
            "data: " + directory + " is no directory; allowed: a directory that can be written");
      } catch (IOException e) {
        throw new StartException(
            "data: "
                + directory
                + " can't be written ("
                + e.getClass().getSimpleName()
                + "); allowed: a directory that can be written (--data DIR)",
            e);
      }
    }
    return data;
  }

  /// Published files.
  Path files() {
    return root.resolve("files");
  }

  /// Ring, ledger and log.
  Path spool() {
    return root.resolve("spool");
  }

  /// Logs and working directories of model servers.
  Path models() {
    return root.resolve("models");
  }
}
