package dev.loopgate.runtime;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// A log file of bounded size: when full it becomes `<name>.1`, that one `<name>.2`, and what was
/// `.2` is gone. Confined to the thread that writes.
final class RotatingLog implements Closeable {
  private static final int OLDER_MAX = 2;

  private final Path file;
  private final long bytesMax;
  private OutputStream out;
  private long length;

  private RotatingLog(Path file, long bytesMax, OutputStream out, long length) {
    this.file = file;
    this.bytesMax = bytesMax;
    this.out = out;
    this.length = length;
  }

  /// Opens the log to write at its end.
  static RotatingLog open(Path file, long bytesMax) throws IOException {
    return new RotatingLog(file, bytesMax, append(file), Files.size(file));
  }

  /// Writes `count` bytes, turning to a new file first where they would make this one too large.
  void write(byte[] bytes, int count) throws IOException {
    if (length > 0 && length + count > bytesMax) {
      rotate();
    }
    out.write(bytes, 0, count);
    length += count;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }

  private void rotate() throws IOException {
    out.close();
    for (int older = OLDER_MAX; older > 0; older--) {
      Path from = older == 1 ? file : sibling(older - 1);
      if (Files.exists(from)) {
        Files.move(from, sibling(older), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    out = append(file);
    length = 0;
  }

  private Path sibling(int number) {
    return file.resolveSibling(file.getFileName() + "." + number);
  }

  private static OutputStream append(Path file) throws IOException {
    return Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
