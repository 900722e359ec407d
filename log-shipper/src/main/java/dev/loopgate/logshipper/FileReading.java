package dev.loopgate.logshipper;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A published file that is read to its end, line by line, in memory that does not grow with it.
/// Whatever its bytes are is told by [#end]; only a store that does not give them is an exception.
/// Confined to one thread.
final class FileReading implements AutoCloseable {
  /// The store did not give what it has; the message names the object.
  static final class UnreadableException extends IOException {
    private static final long serialVersionUID = 1;

    UnreadableException(String what, Exception why) {
      super(what + ": " + why.getMessage(), why);
    }
  }

  /// What was in the file.
  ///
  /// @param checksum of the bytes as they were published
  /// @param records lines
  /// @param badLine the first line, from 1, that is no record; 0 when all are
  /// @param problem of that line
  /// @param broken why it can't be decompressed, or is no file of ours; empty when it can
  record Content(Checksum checksum, long records, long badLine, String problem, String broken) {}

  // After one that is none, lines are only counted: a file of junk may have a billion.
  private static final RecordReader.Line UNREAD = new RecordReader.Line("", "not looked at");

  private final Bytes bytes;
  private final Compression compression;
  private final RecordReader reader;
  private @Nullable InputStream plain;
  private @Nullable FileLines lines;
  private long badLine;
  private String problem = "";
  private String broken = "";
  private boolean over;

  /// @param name of the object, for messages
  /// @param in closed with this
  FileReading(String name, InputStream in, RecordReader reader) {
    this.bytes = new Bytes(in, name);
    this.compression = Compression.ofPath(name);
    this.reader = reader;
  }

  /// The bytes of an object, whose store's every failure is an [UnreadableException].
  static InputStream guarded(String name, InputStream in) {
    return new Bytes(in, name);
  }

  /// The next line; null when there is none, or none that can be read.
  RecordReader.@Nullable Line next() throws UnreadableException {
    if (over) {
      return null;
    }
    try {
      FileLines from = lines();
      if (!from.nextLine()) {
        over = true;
        return null;
      }
      RecordReader.Line line = badLine == 0 ? reader.read(from) : UNREAD;
      from.skipLine();
      if (from.isBrokenOff()) {
        line = new RecordReader.Line(line.requestId(), "no line break at the end");
      }
      if (!line.isRecord() && badLine == 0) {
        badLine = from.lines();
        problem = line.problem();
      }
      return line;
    } catch (UnreadableException e) {
      throw e;
    } catch (IOException e) {
      over = true;
      broken = String.valueOf(e.getMessage());
      return null;
    }
  }

  /// The number of the last line.
  long line() {
    return lines == null ? 0 : lines.lines();
  }

  /// Reads what is left.
  Content end() throws UnreadableException {
    while (next() != null) {
      // each is looked at
    }
    bytes.drain(); // what lies behind the compressed data is of the file, too
    long records = line() - (lines != null && lines.isBrokenOff() ? 1 : 0);
    return new Content(bytes.checksum(), records, badLine, problem, broken);
  }

  @Override
  public void close() throws IOException {
    if (plain != null) {
      plain.close();
    } else {
      bytes.close();
    }
  }

  /// Opened late: an empty file is none of gzip's.
  private FileLines lines() throws IOException {
    if (lines == null) {
      plain = compression.decompressing(bytes);
      lines = new FileLines(plain);
    }
    return lines;
  }

  /// The bytes as the store gives them, counted.
  private static final class Bytes extends FilterInputStream {
    private final String name;
    private final CRC32C crc = new CRC32C();
    private long size;

    private Bytes(InputStream in, String name) {
      super(in);
      this.name = name;
    }

    private Checksum checksum() {
      return new Checksum(size, (int) crc.getValue());
    }

    private void drain() throws UnreadableException {
      byte[] buffer = new byte[8192];
      while (read(buffer, 0, buffer.length) >= 0) {
        // counted
      }
    }

    @Override
    public int read() throws UnreadableException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws UnreadableException {
      Objects.checkFromIndexSize(from, length, buffer.length);
      try {
        int count = in.read(buffer, from, length);
        if (count > 0) {
          crc.update(buffer, from, count);
          size += count;
        }
        return count;
      } catch (IOException | RuntimeException e) {
        throw new UnreadableException(name, e); // clients of stores throw what they like
      }
    }
  }
}
