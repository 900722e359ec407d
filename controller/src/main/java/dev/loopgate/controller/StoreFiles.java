package dev.loopgate.controller;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// The few things that a [FileStore] asks of a disk, so that tests can let it fail. Any thread; an
/// interrupt changes nothing.
interface StoreFiles {
  /// A lock that is held until it is closed, or until the process dies.
  interface Held extends AutoCloseable {
    @Override
    void close() throws IOException;
  }

  /// Makes the directory and what is missing above it, 0700; nothing when it exists.
  void createDirectory(Path directory) throws IOException;

  /// Names in the directory, sorted.
  List<String> names(Path directory) throws IOException;

  /// Whether there is one of this name.
  boolean exists(Path path) throws IOException;

  /// Whether nobody but its owner may read the file or write it.
  boolean isPrivate(Path file) throws IOException;

  /// All of the file.
  ///
  /// @throws IOException also when it has more than `bytesMax`
  byte[] read(Path file, int bytesMax) throws IOException;

  /// Writes the whole file, new and 0600, and forces it. After a failure any part may be there.
  void write(Path file, byte[] bytes) throws IOException;

  /// Renames in one step, replacing what has the name `to`. After a failure nothing was renamed.
  void rename(Path from, Path to) throws IOException;

  /// Deletes the file; nothing when it is gone. After a failure nothing was deleted.
  void delete(Path file) throws IOException;

  /// Makes what was created, renamed and deleted in this directory durable.
  void forceDirectory(Path directory) throws IOException;

  /// Writes the whole file in place of the one that has its name, so that either is there, and
  /// makes it durable. After a failure it may be either.
  default void replace(Path directory, String name, byte[] bytes) throws IOException {
    Path fresh = directory.resolve(name + ".tmp");
    write(fresh, bytes);
    rename(fresh, directory.resolve(name));
    forceDirectory(directory);
  }

  /// Takes the lock of this file, made when absent.
  ///
  /// @throws IOException when another process or another one in this process holds it
  Held lock(Path file) throws IOException;
}
