package dev.loopgate.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The machine's own disk, by `FileChannel`. Any thread.
public final class FileDisk implements Disk {
  private static final FileAttribute<Set<PosixFilePermission>> FILE_MODE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> DIRECTORY_MODE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final @Nullable OpenOption STRAIGHT = straightOption();

  /// A disk; there is nothing to set.
  public FileDisk() {}

  @Override
  public DiskFile create(Path file) throws IOException {
    return new ChannelFile(
        FileChannel.open(
            file,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
            FILE_MODE));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new ChannelFile(
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public DiskFile createPaged(Path file) throws IOException {
    DiskFile created = create(file);
    FileChannel straight = openStraight(file);
    return straight == null ? created : new PagedFile(created, straight);
  }

  @Override
  public DiskFile openPaged(Path file) throws IOException {
    DiskFile opened = open(file);
    FileChannel straight = openStraight(file);
    return straight == null ? opened : new PagedFile(opened, straight);
  }

  @Override
  public DiskFile openToRead(Path file) throws IOException {
    return new ChannelFile(FileChannel.open(file, StandardOpenOption.READ));
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(path);
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    Files.createDirectories(directory, DIRECTORY_MODE);
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    try (Stream<Path> names = Files.list(directory)) {
      return names.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void delete(Path file) throws IOException {
    Files.deleteIfExists(file);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public long writtenMillis(Path file) throws IOException {
    return Files.getLastModifiedTime(file).toMillis();
  }

  @Override
  public long freeBytes(Path directory) throws IOException {
    // One system call; a FileStore reads the table of all mounts first, some 100 us.
    long free = directory.toFile().getUsableSpace();
    return free > 0 ? free : Files.getFileStore(directory).getUsableSpace(); // 0, or an error
  }

  @Override
  public DiskLock lock(Path file) throws IOException {
    HeldFile held =
        HeldFile.lock(
            file,
            () ->
                FileChannel.open(
                    file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), FILE_MODE));
    if (held == null) {
      String holder = HeldFile.isOurs(file) ? "in this process" : "by another process";
      throw new IOException("lock: held " + holder + ": file=" + file);
    }
    return held::close;
  }

  // Null where it can't be had: not every file system knows it.
  private static @Nullable FileChannel openStraight(Path file) {
    if (STRAIGHT == null) {
      return null;
    }
    try {
      return FileChannel.open(file, StandardOpenOption.WRITE, STRAIGHT);
    } catch (IOException | UnsupportedOperationException _) {
      return null;
    }
  }

  // By name: javac warns of the JDK's own options although jdk.unsupported exports them.
  private static @Nullable OpenOption straightOption() {
    try {
      Class<?> options = Class.forName("com.sun.nio.file.ExtendedOpenOption");
      return (OpenOption) options.getField("DIRECT").get(null);
    } catch (ReflectiveOperationException _) {
      return null;
    }
  }

  /// A file and, beside the channel through the kernel's cache, one that goes past it. The kernel
  /// keeps both views the same.
  private static final class PagedFile implements DiskFile {
    private final DiskFile file;
    private @Nullable FileChannel straight;

    PagedFile(DiskFile file, FileChannel straight) {
      this.file = file;
      this.straight = straight;
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
      return file.read(target, offset);
    }

    @Override
    public void write(ByteBuffer source, long offset) throws IOException {
      FileChannel past = straight;
      if (past == null || !isPaged(source, offset)) {
        file.write(source, offset);
        return;
      }
      ByteBuffer whole = source.duplicate();
      try {
        long at = offset;
        while (source.hasRemaining()) {
          at += past.write(source, at);
        }
      } catch (IOException e) {
        // Larger blocks than our pages, or no such thing after all; or the disk fails, and says so
        // again.
        closeStraight();
        source.position(whole.position());
        try {
          file.write(source, offset);
        } catch (IOException second) {
          second.addSuppressed(e);
          throw second;
        }
      }
    }

    @Override
    public void force() throws IOException {
      file.force(); // of the file, whichever way its bytes went
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public void close() throws IOException {
      try {
        closeStraight();
      } finally {
        file.close();
      }
    }

    private void closeStraight() throws IOException {
      FileChannel past = straight;
      straight = null;
      if (past != null) {
        past.close();
      }
    }

    private static boolean isPaged(ByteBuffer source, long offset) {
      int page = SegmentLayout.PAGE_BYTES;
      return source.isDirect()
          && offset % page == 0
          && source.remaining() % page == 0
          && source.alignmentOffset(source.position(), page) == 0;
    }
  }

  private record ChannelFile(FileChannel channel) implements DiskFile {
    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
      int count = 0;
      while (target.hasRemaining()) {
        int more = channel.read(target, offset + count);
        if (more < 0) {
          break;
        }
        count += more;
      }
      return count;
    }

    @Override
    public void write(ByteBuffer source, long offset) throws IOException {
      long at = offset;
      while (source.hasRemaining()) {
        at += channel.write(source, at);
      }
    }

    @Override
    public void force() throws IOException {
      channel.force(
          false); // the size is part of it: fdatasync writes what is needed to read the data back
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
