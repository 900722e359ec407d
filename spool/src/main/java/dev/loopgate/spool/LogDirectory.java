package dev.loopgate.spool;

import dev.loopgate.spool.Disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Where the log keeps what.
///
/// ```text
/// <spool>/  LOCK  IDENT  reserve  ring.closed
///           wal/<number>.seg   pool/<any>.seg   quarantine/
/// ```
///
/// A segment is named by its number, 16 hex digits: after a failed force one may begin with the
/// same seq as the one before it.
record LogDirectory(Path root) {
  private static final String SUFFIX = ".seg";

  /// Makes what is missing.
  static LogDirectory make(Disk disk, Path root) throws IOException {
    LogDirectory made = new LogDirectory(root);
    disk.createDirectory(root);
    disk.createDirectory(made.wal());
    disk.createDirectory(made.pool());
    disk.createDirectory(made.quarantine());
    disk.forceDirectory(root);
    return made;
  }

  Path lock() {
    return root.resolve("LOCK");
  }

  Path wal() {
    return root.resolve("wal");
  }

  Path pool() {
    return root.resolve("pool");
  }

  Path quarantine() {
    return root.resolve("quarantine");
  }

  Path segment(long number) {
    return wal().resolve(HexName.of(number) + SUFFIX);
  }

  /// The segment's number, -1 when this is no segment's name.
  static long numberOf(String name) {
    return HexName.parse(name, SUFFIX);
  }

  /// The spool's id: from `IDENT`, else from a segment, else a new one; then `IDENT` says it.
  ///
  /// @throws IOException as [#known]
  SpoolId identify(Disk disk, RandomGenerator random) throws IOException {
    SpoolId known = known(disk, root);
    SpoolId id = known == null ? new SpoolId(random.nextLong(), random.nextLong()) : known;
    if (known == null) {
      noteThatNoRingIs(disk); // before IDENT says that there is a spool
    }
    if (!Ident.isWhole(disk, root)) {
      Ident.write(disk, root, id);
    }
    return id;
  }

  /// Whether no ring holds anything: after a clean stop, and before the first ring is made.
  boolean hasNoRing(Disk disk) throws IOException {
    return disk.exists(noRing());
  }

  /// Makes [#hasNoRing] true, also after a power cut.
  void noteThatNoRingIs(Disk disk) throws IOException {
    if (!disk.exists(noRing())) {
      try (DiskFile out = disk.create(noRing())) {
        out.write(ByteBuffer.wrap(new byte[] {'\n'}), 0);
        out.force();
      }
    }
    disk.forceDirectory(root);
  }

  /// Makes [#hasNoRing] false.
  void noteThatARingIs(Disk disk) throws IOException {
    if (disk.exists(noRing())) {
      disk.delete(noRing());
      disk.forceDirectory(root);
    }
  }

  /// When the spool was made, milliseconds of the epoch, as the file system has it.
  long madeMillis(Disk disk) throws IOException {
    return disk.writtenMillis(Ident.in(root));
  }

  private Path noRing() {
    return root.resolve("ring.closed");
  }

  /// The id of the spool in this directory, null when there is none.
  ///
  /// @throws IOException when there is one that can't be told: a new id would leave ring and commit
  ///   log without their owner; one line names the file and what to do
  static @Nullable SpoolId known(Disk disk, Path root) throws IOException {
    try {
      SpoolId id = Ident.read(disk, root);
      return id == null ? ofSegments(disk, root) : id;
    } catch (Ident.DamagedException e) {
      SpoolId id = ofSegments(disk, root);
      if (id == null) {
        throw e;
      }
      return id;
    }
  }

  private static @Nullable SpoolId ofSegments(Disk disk, Path root) throws IOException {
    Path wal = new LogDirectory(root).wal();
    SpoolId found = null;
    for (String name : disk.list(wal)) {
      ByteBuffer page =
          ByteBuffer.allocate(SegmentLayout.PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      try (DiskFile file = disk.openToRead(wal.resolve(name))) {
        file.read(page, 0);
      }
      SegmentLayout.requireKnown(wal.resolve(name), SegmentLayout.versionOf(page.flip()));
      SegmentLayout.Header header = SegmentLayout.readHeader(page);
      found = header == null ? found : header.spoolId();
    }
    return found;
  }

  /// Gives the reserve back to the file system.
  void releaseReserve(Disk disk) throws IOException {
    disk.delete(reserve());
    disk.forceDirectory(root);
  }

  /// Makes the reserve when it is missing; false while there is no room.
  boolean refillReserve(Disk disk, int bytes) {
    try {
      if (disk.exists(reserve())) {
        return true;
      }
      ByteBuffer zeros = ByteBuffer.allocateDirect(Math.min(bytes, 1 << 20));
      try (DiskFile file = disk.create(reserve())) {
        for (long at = 0; at < bytes; at += zeros.capacity()) {
          file.write(zeros.duplicate(), at);
        }
        file.force();
      }
      return true;
    } catch (IOException e) {
      return giveUp(disk, e);
    }
  }

  private boolean giveUp(Disk disk, IOException e) {
    try {
      disk.delete(reserve());
    } catch (IOException second) {
      e.addSuppressed(second);
    }
    return false;
  }

  private Path reserve() {
    return root.resolve("reserve");
  }
}
