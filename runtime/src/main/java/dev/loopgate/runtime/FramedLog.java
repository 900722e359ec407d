package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Takes what a container printed out of the frames that an Engine sends it in, into a
/// [RotatingLog], both streams as they come. Confined to one thread.
final class FramedLog {
  /*
   * A frame: stream (1 byte), 0 0 0, length (4 bytes), the time of its line, a blank, the line or a part of it.
   * Parts of a long line have the same time. So what a connection had already shown is told by the time up to
   * which an earlier one had come, and by nothing within the same connection.
   */

  private static final int HEAD = 8;
  private static final int TIME = "2026-11-28T05:42:27.257250709Z ".length();
  private static final int STREAMS_MAX = 2;
  private static final int FRAME = 20 << 10; // an Engine's has 16 KiB of a line at most

  private final RotatingLog log;
  private @Nullable Instant last; // that was written

  FramedLog(RotatingLog log) {
    this.log = log;
  }

  /// From when on there is something new: seconds and nanoseconds since 1970.
  String since() {
    return last == null ? "0" : last.getEpochSecond() + "." + String.format("%09d", last.getNano());
  }

  /// Copies up to the end of `frames`.
  ///
  /// @throws LogException when the log can't be written
  /// @throws IOException when the frames are cut off, or none
  void copy(InputStream frames) throws IOException, LogException {
    Instant known = last;
    byte[] head = new byte[HEAD];
    byte[] chunk = new byte[FRAME]; // whole, unless somebody sends larger ones
    while (true) {
      int count = frames.readNBytes(head, 0, HEAD);
      if (count == 0) {
        return;
      }
      if (count < HEAD || head[0] < 0 || head[0] > STREAMS_MAX) {
        throw new EOFException("a frame without a head");
      }
      long left = ByteBuffer.wrap(head, 4, 4).getInt() & 0xFFFFFFFFL;
      int first = frames.readNBytes(chunk, 0, (int) Math.min(left, TIME));
      Instant time = first == TIME ? time(chunk) : null;
      boolean isNew = time == null || known == null || time.isAfter(known);
      if (time == null) {
        write(chunk, first);
      }
      for (left -= first; left > 0; ) {
        int wanted = (int) Math.min(left, chunk.length);
        if (frames.readNBytes(chunk, 0, wanted) < wanted) {
          throw new EOFException("a frame without an end");
        }
        if (isNew) {
          write(chunk, wanted);
        }
        left -= wanted;
      }
      last = isNew && time != null ? time : last; // a frame that was cut comes again
    }
  }

  private void write(byte[] bytes, int count) throws LogException {
    try {
      log.write(bytes, count);
    } catch (IOException e) {
      throw new LogException(e);
    }
  }

  private static @Nullable Instant time(byte[] chunk) {
    try {
      return chunk[TIME - 1] == ' '
          ? Instant.parse(new String(chunk, 0, TIME - 1, US_ASCII))
          : null;
    } catch (DateTimeException _) {
      return null; // it is what was printed
    }
  }

  /// The log can't be written any more.
  static final class LogException extends Exception {
    private static final long serialVersionUID = 1L;

    private LogException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
