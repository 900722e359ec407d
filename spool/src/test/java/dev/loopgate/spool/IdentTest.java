package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IdentTest {
  private static final SpoolId ID = new SpoolId(0x0123456789abcdefL, 0x0fedcba987654321L);

  @TempDir Path directory;
  private final Disk disk = new FileDisk();

  @BeforeEach
  void write() throws IOException {
    Ident.write(disk, directory, ID);
  }

  @Test
  void isReadWhereNothingCanBeWritten() throws IOException {
    assertThat(Ident.read(refusing(disk), directory)).isEqualTo(ID);
    assertThat(Spool.idIn(directory)).isEqualTo(ID.hex());
  }

  /// Row 20 of the fault matrix: not taken for damage, for which a segment would be asked instead.
  @Test
  void ofALaterVersionIsRefusedInOneLineAndLeftAsItIs() throws IOException {
    Path file = directory.resolve("IDENT");
    ByteBuffer later =
        ByteBuffer.wrap(Files.readAllBytes(file))
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(8, SegmentLayout.VERSION + 1);
    CRC32C crc = new CRC32C();
    crc.update(later.array(), 0, 32);
    Files.write(file, later.putInt(32, (int) crc.getValue()).array());

    assertThatThrownBy(() -> Ident.read(disk, directory))
        .hasMessageStartingWith("spool of a later version: file=" + file + ", version=3, known=2")
        .message()
        .doesNotContain("\n");
    SpoolFixture fixture = new SpoolFixture(disk, directory, directory, 64 << 10);
    assertThatThrownBy(fixture::open).isInstanceOf(SpoolException.class);

    assertThat(file).hasBinaryContent(later.array());
    assertThat(disk.list(directory.resolve("wal"))).isEmpty();
  }

  @Test
  void noBitOfItMayBeAnother() throws IOException {
    Path file = directory.resolve("IDENT");
    byte[] whole = Files.readAllBytes(file);
    for (int bit = 0; bit < whole.length * 8; bit++) {
      byte[] bad = whole.clone();
      bad[bit / 8] ^= (byte) (1 << (bit % 8));
      Files.write(file, bad);

      assertThatThrownBy(() -> Ident.read(disk, directory))
          .as("bit=%d", bit)
          .isInstanceOf(Ident.DamagedException.class);
    }
  }

  // A file's mode would not keep root from writing; what the kernel was asked for does.
  @Test
  void aFileOpenedToReadCanNotBeWritten() throws IOException {
    try (Disk.DiskFile file = disk.openToRead(directory.resolve("IDENT"))) {
      assertThat(file.size()).isEqualTo(Ident.BYTES);
      assertThatThrownBy(() -> file.write(ByteBuffer.wrap(new byte[1]), 0))
          .isInstanceOf(NonWritableChannelException.class);
    }
  }

  /// A disk that is mounted to be read: everything else is refused.
  static Disk refusing(Disk disk) {
    Set<String> reading = Set.of("openToRead", "exists", "list", "freeBytes");
    return (Disk)
        Proxy.newProxyInstance(
            Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (_, method, arguments) -> {
              if (!reading.contains(method.getName())) {
                throw new IOException("read-only file system: " + method.getName());
              }
              try {
                return method.invoke(disk, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
