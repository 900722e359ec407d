package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Path;
import java.util.Set;
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
