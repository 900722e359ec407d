package dev.loopgate.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/// Another disk, to look at: whatever would change it is refused, and a file that went since it was
/// listed is an empty one. Any thread.
record ReadOnlyDisk(Disk disk) implements Disk {
  @Override
  public DiskFile create(Path file) throws IOException {
    throw refused(file);
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return openToRead(file);
  }

  @Override
  public DiskFile openToRead(Path file) throws IOException {
    try {
      return disk.openToRead(file);
    } catch (NoSuchFileException _) {
      return new Gone(file);
    }
  }

  @Override
  public boolean exists(Path path) throws IOException {
    return disk.exists(path);
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    throw refused(directory);
  }

  /// None when there is no such directory.
  @Override
  public List<String> list(Path directory) throws IOException {
    try {
      return disk.list(directory);
    } catch (NoSuchFileException _) {
      return List.of();
    }
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    throw refused(from);
  }

  @Override
  public void delete(Path file) throws IOException {
    throw refused(file);
  }

  @Override
  public void forceDirectory(Path directory) {
    // Whoever only looks promises nothing that a power cut could break.
  }

  @Override
  public long writtenMillis(Path file) throws IOException {
    return disk.writtenMillis(file);
  }

  @Override
  public long freeBytes(Path directory) throws IOException {
    return disk.freeBytes(directory);
  }

  @Override
  public DiskLock lock(Path file) throws IOException {
    throw refused(file);
  }

  private record Gone(Path path) implements DiskFile {
    @Override
    public long size() {
      return 0;
    }

    @Override
    public int read(ByteBuffer target, long offset) {
      return 0;
    }

    @Override
    public void write(ByteBuffer source, long offset) throws IOException {
      throw refused(path);
    }

    @Override
    public void force() throws IOException {
      throw refused(path);
    }

    @Override
    public void truncate(long size) throws IOException {
      throw refused(path);
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  private static IOException refused(Path file) {
    return new IOException("looked at, never changed: file=" + file);
  }
}
