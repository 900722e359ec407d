package dev.loopgate.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/// The few things we ask of a disk, so that tests can cut its power. Any thread, one thread per
/// open file. Directories are made 0700, files 0600.
///
/// What is written is durable after [DiskFile#force]; what was created, renamed or deleted, after
/// [#forceDirectory] of its directory.
public interface Disk {
  /// An open file. Confined to one thread; must never meet an interrupt, which closes it.
  interface DiskFile extends AutoCloseable {
    /// Bytes in the file.
    long size() throws IOException;

    /// Reads from `offset` until `target` is full or the file ends; answers the count, 0 at the
    /// end.
    int read(ByteBuffer target, long offset) throws IOException;

    /// Writes all of `source` at `offset`. After a failure any part of it may be there.
    void write(ByteBuffer source, long offset) throws IOException;

    /// Makes what was written durable. After a failure nothing unforced can be trusted, and forcing
    /// once more proves nothing.
    void force() throws IOException;

    /// Cuts the file to `size` bytes.
    void truncate(long size) throws IOException;

    @Override
    void close() throws IOException;
  }

  /// A lock that is held until it is closed, or until the process dies.
  interface DiskLock extends AutoCloseable {
    @Override
    void close() throws IOException;
  }

  /// Makes a new file; fails when the name exists.
  DiskFile create(Path file) throws IOException;

  /// Opens a file that exists, to read and write.
  DiskFile open(Path file) throws IOException;

  /// As [#create], for a file that is written in whole pages: where file system and kernel allow
  /// it, a page-aligned write of a page-aligned direct buffer goes to the disk itself and leaves
  /// nothing in the kernel's cache. Only the cost differs; such a write is durable after
  /// [DiskFile#force], too.
  default DiskFile createPaged(Path file) throws IOException {
    return create(file);
  }

  /// As [#open], and the same.
  default DiskFile openPaged(Path file) throws IOException {
    return open(file);
  }

  /// Opens a file that exists, to read alone: also where nothing can be written.
  DiskFile openToRead(Path file) throws IOException;

  /// True when a file or directory of this name exists.
  boolean exists(Path path) throws IOException;

  /// When the file was written last, milliseconds of the epoch.
  long writtenMillis(Path file) throws IOException;

  /// Makes the directory and what is missing above it; nothing when it exists.
  void createDirectory(Path directory) throws IOException;

  /// Names in the directory, sorted.
  List<String> list(Path directory) throws IOException;

  /// Renames in one step, replacing what has the name `to`.
  void rename(Path from, Path to) throws IOException;

  /// Deletes the file; nothing when it is gone.
  void delete(Path file) throws IOException;

  /// Makes creates, renames and deletes in this directory durable.
  void forceDirectory(Path directory) throws IOException;

  /// Bytes an ordinary user may still write on the directory's file system.
  long freeBytes(Path directory) throws IOException;

  /// Takes the exclusive lock of this file, made when absent.
  ///
  /// @throws IOException when another process or another opener in this one holds it
  DiskLock lock(Path file) throws IOException;
}
