package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The files that wait to be published, in the store's staging directory. Belongs to the one thread
/// named `shipper`.
final class Staging {
  static final int BUFFER_BYTES = 64 << 10;

  /// Our own disk did not take what was to be staged, or did not force it.
  static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    private RefusedException(IOException why) {
      super(why.getMessage(), why);
    }
  }

  private static final String PRIVATE = "rwx------";

  private final FileTree tree;
  private final Path directory;
  private final boolean isPrivate;

  Staging(FileTree tree, ObjectStore store) {
    this.tree = tree;
    this.directory = store.staging();
    this.isPrivate = store.isRemote(); // a local store gives the same file its public name
  }

  /// Makes the directory, for its owner alone where the file system has such modes.
  static void makePrivate(Path directory) throws IOException {
    Files.createDirectories(directory);
    if (Files.getFileStore(directory).supportsFileAttributeView(PosixFileAttributeView.class)) {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(PRIVATE));
    }
  }

  /// A file of a window.
  static String nameOf(long window, int file) {
    return HexFormat.of().toHexDigits(window) + '-' + file;
  }

  /// A revision of an hour's manifest.
  static String nameOfManifest(long hour, int revision) {
    return "manifest-" + Partition.hourWord(hour) + "-r" + revision;
  }

  Path pathOf(String name) {
    return directory.resolve(name);
  }

  /// Makes a file, replacing what an attempt that failed left.
  Output create(String name) throws IOException {
    try {
      tree.delete(pathOf(name));
      Path path = pathOf(name);
      return new Output(isPrivate ? tree.createPrivate(path) : tree.create(path), name);
    } catch (IOException e) {
      throw new RefusedException(e);
    }
  }

  /// Makes the names of all files durable; before any plan names one.
  void force() throws IOException {
    try {
      tree.forceDirectory(directory);
    } catch (IOException e) {
      throw new RefusedException(e);
    }
  }

  /// Whether the file is still what the plan says.
  boolean isIntact(String name, long size, int crc32c) throws IOException {
    try (InputStream in = tree.open(pathOf(name))) {
      return Checksum.of(in).equals(new Checksum(size, crc32c));
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  /// Deletes a file that is committed or was never planned, and what the store noted of it.
  void delete(String name) throws IOException {
    tree.delete(pathOf(name));
    tree.delete(pathOf(name + LocalStore.MARKER_SUFFIX));
  }

  /// Deletes all but the files of these names and what the store noted of them.
  void deleteAllBut(Set<String> names) throws IOException {
    Set<String> kept = new HashSet<>(names);
    names.forEach(name -> kept.add(name + LocalStore.MARKER_SUFFIX));
    for (String name : tree.list(directory)) {
      if (!kept.contains(name)) {
        tree.delete(pathOf(name));
      }
    }
  }

  /// A file that is being staged: counts what is written. Closed and forced by [#finish], or closed
  /// alone when it is given up.
  static final class Output extends OutputStream {
    private final FileTree.NewFile file;
    private final String name;
    private final CRC32C crc = new CRC32C();
    private long size;
    private @Nullable Checksum finished;

    private Output(FileTree.NewFile file, String name) {
      this.file = file;
      this.name = name;
    }

    String name() {
      return name;
    }

    /// Bytes written so far.
    long size() {
      return size;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (length > 0) {
        try {
          file.write(bytes, from, length);
        } catch (IOException e) {
          throw new RefusedException(e);
        }
        crc.update(bytes, from, length);
        size += length;
      }
    }

    /// Forces and closes; what the plan says of it.
    Checksum finish() throws IOException {
      try {
        file.force();
        file.close();
      } catch (IOException e) {
        throw new RefusedException(e);
      }
      Checksum checksum = new Checksum(size, (int) crc.getValue());
      finished = checksum;
      return checksum;
    }

    @Override
    public void close() throws IOException {
      if (finished == null) {
        try {
          file.close();
        } catch (IOException e) {
          throw new RefusedException(e); // it may stand for what made it be given up
        }
      }
    }
  }
}
