package dev.loopgate.spool;

import dev.loopgate.spool.Disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

  /// The id, null when there is none or it is damaged.
  static @Nullable SpoolId read(Disk disk, Path directory) throws IOException {
    Path path = directory.resolve(NAME);
    if (!disk.exists(path)) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (DiskFile file = disk.openToRead(path)) {
      if (file.read(bytes, 0) < BYTES) {
        return null;
      }
    }
    boolean fits = bytes.getLong(0) == MAGIC && bytes.getInt(32) == crc(bytes);
    return fits ? new SpoolId(bytes.getLong(16), bytes.getLong(24)) : null;
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
