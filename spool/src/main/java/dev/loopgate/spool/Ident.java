package dev.loopgate.spool;

import dev.loopgate.spool.Disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The file that says which spool this is. Little-endian.
///
/// ```text
///  0       8         12     16         32       36
///  +-------+---------+------+----------+--------+
///  | magic | version | zero | spool id | crc32c |
///  +-------+---------+------+----------+--------+
/// ```
final class Ident {
  static final int BYTES = 36;
  private static final long MAGIC = 0x31544E4544494C50L; // "PLIDENT1"
  private static final String NAME = "IDENT";

  private Ident() {}

  /// It was written, and is no more what was written.
  static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedException(Path file) {
      super(
          "IDENT damaged: file="
              + file
              + ", and no segment of the log says the spool's id; allowed: the file as it was, or none of it"
              + " (move it away, and the spool begins anew)");
    }
  }

  /// Where it lies.
  static Path in(Path directory) {
    return directory.resolve(NAME);
  }

  /// The id, null when there is none.
  ///
  /// @throws DamagedException when what is there is not what was written
  /// @throws IOException when it can't be read, or a later version wrote it; the message names the
  ///   file
  static @Nullable SpoolId read(Disk disk, Path directory) throws IOException {
    Path path = in(directory);
    if (!disk.exists(path)) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int count;
    try (DiskFile file = disk.openToRead(path)) {
      count = file.read(bytes, 0);
    } catch (IOException e) {
      throw new IOException(
          "IDENT can't be read: file="
              + path
              + " ("
              + (e instanceof FileSystemException ? e.getClass().getSimpleName() : e.getMessage())
              + "); allowed: a file that this user may read",
          e);
    }
    if (count < BYTES || bytes.getLong(0) != MAGIC || bytes.getInt(32) != crc(bytes)) {
      throw new DamagedException(path);
    }
    SegmentLayout.requireKnown(path, bytes.getInt(8));
    return new SpoolId(bytes.getLong(16), bytes.getLong(24));
  }

  /// Whether it is there as it was written.
  static boolean isWhole(Disk disk, Path directory) throws IOException {
    try {
      return read(disk, directory) != null;
    } catch (DamagedException _) {
      return false;
    }
  }

  /// Writes it, whole or not at all.
  static void write(Disk disk, Path directory, SpoolId id) throws IOException {
    Path fresh = directory.resolve(NAME + ".new");
    disk.delete(fresh);
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(0, MAGIC).putInt(8, SegmentLayout.VERSION);
    bytes.putLong(16, id.high()).putLong(24, id.low());
    bytes.putInt(32, crc(bytes));
    try (DiskFile file = disk.create(fresh)) {
      file.write(bytes, 0);
      file.force();
    }
    disk.rename(fresh, directory.resolve(NAME));
    disk.forceDirectory(directory);
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(0, 32));
    return (int) crc.getValue();
  }
}
