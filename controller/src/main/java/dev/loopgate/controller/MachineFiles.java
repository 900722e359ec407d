package dev.loopgate.controller;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The machine's own disk.
final class MachineFiles implements StoreFiles {
  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rw-------");
  private static final FileAttribute<Set<PosixFilePermission>> FILE_MODE =
      PosixFilePermissions.asFileAttribute(OWNER);
  private static final FileAttribute<Set<PosixFilePermission>> DIRECTORY_MODE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  // What this process holds. The kernel drops a process's locks of a file as soon as it closes any
  // channel to it, also one that was opened only to find out: so nothing is opened that is here.
  private static final Set<Path> HELD = new HashSet<>(); // guarded by itself

  @Override
  public void createDirectory(Path directory) throws IOException {
    Files.createDirectories(directory, DIRECTORY_MODE);
  }

  @Override
  public List<String> names(Path directory) throws IOException {
    try (Stream<Path> names = Files.list(directory)) {
      return names.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(path);
  }

  @Override
  public boolean isPrivate(Path file) throws IOException {
    return OWNER.containsAll(Files.getPosixFilePermissions(file));
  }

  @Override
  public byte[] read(Path file, int bytesMax) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(bytesMax);
      if (in.read() >= 0) {
        throw new IOException("larger than " + bytesMax + " bytes");
      }
      return bytes;
    }
  }

  @Override
  public void write(Path file, byte[] bytes) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(file, FILE_MODE);
    // A stream, which no interrupt closes: its caller may be one that is given up.
    try (FileOutputStream out = new FileOutputStream(file.toFile())) {
      out.write(bytes);
      out.getFD().sync();
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
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
          channel.force(true);
          return;
        } catch (ClosedByInterruptException _) {
          interrupted |= Thread.interrupted(); // once more: only this channel was lost
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public Held lock(Path file) throws IOException {
    synchronized (HELD) {
      try {
        Files.createFile(file, FILE_MODE);
      } catch (FileAlreadyExistsException _) {
        // Of an earlier life, or held: either way nothing of it was opened.
      }
      Path real = file.toRealPath();
      if (HELD.contains(real)) {
        throw held(file, null);
      }
      FileChannel channel = FileChannel.open(real, StandardOpenOption.WRITE);
      try {
        if (channel.tryLock() == null) {
          throw held(file, null);
        }
      } catch (OverlappingFileLockException e) {
        channel.close();
        throw held(file, e);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      HELD.add(real);
      return new Lock(real, channel);
    }
  }

  /// A lock of this process. Any thread.
  private static final class Lock implements Held {
    private final Path real;
    private final FileChannel channel;
    private boolean released; // guarded by HELD

    Lock(Path real, FileChannel channel) {
      this.real = real;
      this.channel = channel;
    }

    @Override
    public void close() throws IOException {
      synchronized (HELD) {
        if (released) {
          return; // another one may have it by now
        }
        channel.close();
        released = true;
        HELD.remove(real);
      }
    }
  }

  private static IOException held(Path file, @Nullable Throwable cause) {
    return new IOException(
        "declared state: another process has it: file=" + file + ", allowed=one process", cause);
  }
}
