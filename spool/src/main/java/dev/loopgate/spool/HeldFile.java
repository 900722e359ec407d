package dev.loopgate.spool;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A file that this process has locked, until it is closed or the process dies. Any thread.
final class HeldFile implements Closeable {
  // The kernel drops a process's locks of a file as soon as it closes any channel to it, also one
  // that was opened only to look: so what is here is opened by nobody else.
  private static final Set<Object> HELD = new HashSet<>(); // keys of files; guarded by itself

  /// Opens a channel to a file.
  @FunctionalInterface
  interface Opening {
    FileChannel open() throws IOException;
  }

  private final FileChannel channel;
  private final Object key;

  private HeldFile(FileChannel channel, Object key) {
    this.channel = channel;
    this.key = key;
  }

  /// Opens and locks the file at `path`, which need not be there before it is opened.
  ///
  /// @return null when it is held, by this process or by another one
  static @Nullable HeldFile lock(Path path, Opening opening) throws IOException {
    synchronized (HELD) {
      if (isOurs(path)) {
        return null;
      }
      FileChannel channel = opening.open();
      try {
        if (channel.tryLock() != null) {
          HeldFile held = new HeldFile(channel, key(path));
          HELD.add(held.key);
          return held;
        }
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      channel.close();
      return null;
    }
  }

  /// Whether this process or another one holds the file at `path`.
  ///
  /// @param opening to write
  static boolean isHeld(Path path, Opening opening) throws IOException {
    try (HeldFile mine = lock(path, opening)) {
      return mine == null;
    }
  }

  /// Whether this process holds the file at `path`: then nobody may open it.
  static boolean isOurs(Path path) throws IOException {
    synchronized (HELD) {
      return Files.exists(path, LinkOption.NOFOLLOW_LINKS) && HELD.contains(key(path));
    }
  }

  /// The file's channel.
  FileChannel channel() {
    return channel;
  }

  /// Gives the lock back and closes the channel.
  @Override
  public void close() throws IOException {
    synchronized (HELD) {
      if (channel.isOpen()) { // else another one may have it by now
        HELD.remove(key);
        channel.close();
      }
    }
  }

  private static Object key(Path path) throws IOException {
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    return key == null ? path.toRealPath() : key;
  }
}
