package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/// The few things we ask of a file system, so that tests can cut its power. Files and directories
/// are made with the modes of the user's umask, if nothing else is said: other tools of the user
/// read them. Any thread, one thread per file that is written.
///
/// What is written is durable after [NewFile#force]; what was created, linked or deleted, after
/// [#forceDirectory] of its directory.
interface FileTree {
  /// A file that is being written, from its start to its end. Confined to one thread, which must
  /// never be interrupted.
  interface NewFile extends AutoCloseable {
    /// Appends. After a failure any part of it may be there.
    void write(byte[] bytes, int from, int length) throws IOException;

    /// Makes what was written durable. After a failure the file can't be trusted; it is not forced
    /// again.
    void force() throws IOException;

    @Override
    void close() throws IOException;
  }

  /// Makes a new file.
  ///
  /// @throws java.nio.file.FileAlreadyExistsException when the name exists
  NewFile create(Path file) throws IOException;

  /// The same, for its owner alone where the file system has such modes.
  default NewFile createPrivate(Path file) throws IOException {
    return create(file);
  }

  /// Reads a file from its start.
  ///
  /// @throws java.nio.file.NoSuchFileException when there is none
  InputStream open(Path file) throws IOException;

  boolean exists(Path path) throws IOException;

  boolean isDirectory(Path path) throws IOException;

  /// Bytes in the file.
  ///
  /// @throws java.nio.file.NoSuchFileException when there is none
  long size(Path file) throws IOException;

  /// Whether both names, which exist, are of one file.
  boolean sameFile(Path one, Path other) throws IOException;

  /// Gives a file one more name, in one step.
  ///
  /// @throws java.nio.file.FileAlreadyExistsException when the name exists
  /// @throws LinksRefusedException when the file system has no such thing
  void link(Path file, Path name) throws IOException;

  /// Makes one directory; nothing when it exists.
  void createDirectory(Path directory) throws IOException;

  /// Names in the directory, sorted; none when there is no directory.
  List<String> list(Path directory) throws IOException;

  /// Deletes the file; nothing when it is gone.
  void delete(Path file) throws IOException;

  /// Makes creates, links and deletes in this directory durable.
  void forceDirectory(Path directory) throws IOException;

  /// The file system refuses links (some CSI, NFS, FUSE).
  final class LinksRefusedException extends IOException {
    private static final long serialVersionUID = 1;

    LinksRefusedException(Path file, Throwable cause) {
      super("link: refused: file=" + file, cause);
    }
  }
}
