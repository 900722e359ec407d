package dev.loopgate.spool;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// One mapped file with a ledger and a ring. Little-endian.
///
/// ```text
///  0        8         12    16        24         28      32         68         72
///  +--------+---------+-----+---------+----------+-------+----------+----------+-----------+-----
///  | magic  | version | 0   | ring id | capacity | lanes | boot id  | dir len  | directory | 0
///  +--------+---------+-----+---------+----------+-------+----------+----------+-----------+-----
///  4092    4096
///  +-------+------------------+------+---------+
///  | crc32c| ledger           | ring | trailer |
///  +-------+------------------+------+---------+
///  ring id    uint64  random; one a process life; also the ledger's id
///  boot id    36 characters, of the machine's start that wrote it
///  directory  UTF-8, of the spool it belongs to
///  crc32c     uint32  over the 4,092 bytes before it
/// ```
final class RingFile implements AutoCloseable {
  /*
   * Ledger and ring share one file, so that one rename replaces both: with two files a kill between two
   * renames would leave a new ledger beside an old ring, and no way to tell whose counts are whose.
   *
   * Filled with real zeros before it is mapped. A sparse file on a full tmpfs kills the process with
   * SIGBUS at some later store; the fill fails at once, with an IOException, and the ring goes elsewhere.
   *
   * Mapped in an automatic arena: an event loop that still counts while the spool closes must never touch
   * unmapped memory, and a shared arena would make each access ask whether it is still alive.
   */

  static final int PAGE = 4096;
  static final int VERSION = 2;

  private static final long MAGIC = 0x31474e4952474cL; // "LGRING1"
  private static final int BOOT_ID_BYTES = 36;
  private static final int DIRECTORY_AT = 72;
  private static final int DIRECTORY_BYTES_MAX = 3072;
  private static final int CRC_AT = PAGE - 4;

  /// What the first page says.
  record Header(
      int version, long ringId, int capacity, int lanes, String bootId, String directory) {
    /// Of a file that this version makes.
    Header(long ringId, int capacity, int lanes, String bootId, String directory) {
      this(VERSION, ringId, capacity, lanes, bootId, directory);
    }

    long fileBytes() {
      return PAGE + shape().bytes(lanes) + capacity + Ring.TRAILER_BYTES;
    }

    private Ledger.Shape shape() {
      return version == 1 ? Ledger.Shape.FIRST : Ledger.Shape.NOW;
    }
  }

  private final Path path;
  private final Header header;
  private final Ledger ledger;
  private final Ring ring;
  private final Closeable open;

  private RingFile(Path path, Header header, Closeable open, MemorySegment memory) {
    this.path = path;
    this.header = header;
    this.open = open;
    long ledgerBytes = header.shape().bytes(header.lanes());
    this.ledger = new Ledger(memory.asSlice(PAGE, ledgerBytes), header.lanes(), header.shape());
    this.ring = new Ring(memory.asSlice(PAGE + ledgerBytes));
  }

  /// Makes the file under another name, zero-filled, and renames it over `path`: whatever was there
  /// is replaced in one step. The file is locked as long as it is open.
  static RingFile create(Path path, Header header) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    HeldFile held =
        HeldFile.lock(
            fresh,
            () ->
                FileChannel.open(
                    fresh,
                    Set.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE_NEW,
                        LinkOption.NOFOLLOW_LINKS),
                    PosixFilePermissions.asFileAttribute(
                        PosixFilePermissions.fromString("rw-------"))));
    if (held == null) {
      throw new IOException("ring file: held by another process");
    }
    try {
      FileChannel channel = held.channel();
      fillWithZeros(channel, header.fileBytes());
      ByteBuffer page = encode(header);
      while (page.hasRemaining()) {
        channel.write(page, page.position());
      }
      MemorySegment memory =
          channel.map(FileChannel.MapMode.READ_WRITE, 0, header.fileBytes(), Arena.ofAuto());
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return new RingFile(path, header, held, memory);
    } catch (IOException e) {
      closeAfter(e, held);
      deleteAfter(e, fresh);
      throw e;
    }
  }

  /// Opens what an earlier process left, to read only.
  ///
  /// @throws IOException when the file is no whole ring file of this version or an earlier one; the
  ///   message says why
  static RingFile openToRead(Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    try {
      Header header = readHeader(path, channel);
      if (channel.size() < header.fileBytes()) {
        throw new IOException(
            "ring file cut: file="
                + path
                + ", bytes="
                + channel.size()
                + ", expected="
                + header.fileBytes());
      }
      MemorySegment memory =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, header.fileBytes(), Arena.ofAuto());
      return new RingFile(path, header, channel, memory);
    } catch (IOException e) {
      closeAfter(e, channel);
      throw e;
    }
  }

  /// The first page of the ring file at `path`.
  static Header headerOf(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      return readHeader(path, channel);
    }
  }

  /// Whether a living process holds the file: if it is this one, nobody may open it.
  static boolean isHeld(Path path) throws IOException {
    return HeldFile.isHeld(
        path, () -> FileChannel.open(path, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
  }

  Path path() {
    return path;
  }

  Header header() {
    return header;
  }

  Ledger ledger() {
    return ledger;
  }

  Ring ring() {
    return ring;
  }

  /// Gives the lock back. The memory stays mapped as long as anybody uses it.
  @Override
  public void close() throws IOException {
    open.close();
  }

  private static void fillWithZeros(FileChannel channel, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(bytes, 1 << 20));
    long at = 0;
    while (at < bytes) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
      at += channel.write(zeros, at);
    }
  }

  private static ByteBuffer encode(Header header) throws IOException {
    byte[] directory = header.directory().getBytes(StandardCharsets.UTF_8);
    if (directory.length > DIRECTORY_BYTES_MAX) {
      throw new IOException(
          "spool directory: bytes=" + directory.length + ", max=" + DIRECTORY_BYTES_MAX);
    }
    ByteBuffer page = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
    page.putLong(0, MAGIC).putInt(8, header.version()).putLong(16, header.ringId());
    page.putInt(24, header.capacity()).putInt(28, header.lanes());
    byte[] boot = header.bootId().getBytes(StandardCharsets.US_ASCII);
    page.put(32, boot, 0, Math.min(boot.length, BOOT_ID_BYTES));
    page.putInt(DIRECTORY_AT - 4, directory.length).put(DIRECTORY_AT, directory);
    page.putInt(CRC_AT, crcOf(page));
    return page;
  }

  private static Header readHeader(Path path, FileChannel channel) throws IOException {
    ByteBuffer page = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
    while (page.hasRemaining() && channel.read(page, page.position()) > 0) {}
    if (page.hasRemaining()) {
      throw new IOException("ring file cut: file=" + path + ", bytes=" + page.position());
    }
    if (page.getLong(0) != MAGIC) {
      throw new IOException("no ring file: file=" + path);
    }
    int version = page.getInt(8);
    if (version < 1 || version > VERSION) {
      throw new IOException(
          "ring file of another version: file="
              + path
              + ", version="
              + version
              + ", known=1 to "
              + VERSION);
    }
    if (page.getInt(CRC_AT) != crcOf(page)) {
      throw new IOException("ring file damaged: file=" + path);
    }
    byte[] boot = new byte[BOOT_ID_BYTES];
    page.get(32, boot);
    byte[] directory = new byte[Math.clamp(page.getInt(DIRECTORY_AT - 4), 0, DIRECTORY_BYTES_MAX)];
    page.get(DIRECTORY_AT, directory);
    return new Header(
        version,
        page.getLong(16),
        page.getInt(24),
        page.getInt(28),
        new String(boot, StandardCharsets.US_ASCII).replace("\0", ""),
        new String(directory, StandardCharsets.UTF_8));
  }

  private static int crcOf(ByteBuffer page) {
    CRC32C crc = new CRC32C();
    crc.update(page.duplicate().position(0).limit(CRC_AT));
    return (int) crc.getValue();
  }

  private static void closeAfter(IOException first, Closeable open) {
    try {
      open.close();
    } catch (IOException e) {
      first.addSuppressed(e);
    }
  }

  private static void deleteAfter(IOException first, @Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      first.addSuppressed(e);
    }
  }
}
