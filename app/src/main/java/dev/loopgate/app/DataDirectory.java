package dev.loopgate.app;

import dev.loopgate.logshipper.FilesRoot;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The places under `--data`, and where files go.
///
/// @param root where all lies
/// @param files published ones
record DataDirectory(Path root, FilesRoot files) {
  private static final String FILES = "files";

  /// The directories, made where absent, after a look whether they can be written.
  ///
  /// @param files where they go, if not to `files/` below `root`
  /// @throws StartException with one line that names the directory
  static DataDirectory open(Path root, Optional<FilesRoot> files) throws StartException {
    Path absolute = root.toAbsolutePath().normalize();
    DataDirectory data = new DataDirectory(absolute, filesOf(absolute, files));
    List<Path> directories = new ArrayList<>(List.of(data.root(), data.spool(), data.models()));
    if (data.files() instanceof FilesRoot.Local(Path local)) {
      directories.add(1, local);
    }
    for (Path directory : directories) {
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

  /// Where the files of a data directory are.
  ///
  /// @param files where they go, if not to `files/` below `root`
  static FilesRoot filesOf(Path root, Optional<FilesRoot> files) {
    FilesRoot chosen = files.orElseGet(() -> new FilesRoot.Local(root.resolve(FILES)));
    return chosen instanceof FilesRoot.Local(Path local)
        ? new FilesRoot.Local(local.toAbsolutePath().normalize())
        : chosen;
  }

  /// Ring, ledger and log.
  Path spool() {
    return root.resolve("spool");
  }

  /// Logs and working directories of model servers that are declared.
  Path models() {
    return root.resolve("models");
  }

  /// What users declare.
  Path declared() {
    return root.resolve("declared");
  }
}
