package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/// The lines of a file, one after the other: reading ends where the line does, until [#nextLine]
/// goes on. Bounded in memory whatever the file is, since whatever reads a line may keep a piece of
/// it. Confined to one thread.
final class FileLines extends InputStream {
  /// What no line of ours can be: a decoded body has at most 16 MiB, and each byte of it at most
  /// six in JSON.
  static final long LINE_BYTES_MAX = 128L << 20;

  /// What a file of ours may have in all: see [Compression#RENDERED_TIMES_MAX], and one line more.
  static final long FILE_BYTES_MAX = (1L << 30) + LINE_BYTES_MAX;

  /// What a number may have: a feedback's are as long as a feedback may be.
  static final int WORD_BYTES_MAX = 16 << 20;

  /// No file of ours looks like this; the message says what.
  static final class NotOursException extends IOException {
    private static final long serialVersionUID = 1;

    private NotOursException(String message) {
      super(message);
    }
  }

  private final InputStream in;
  private final byte[] buffer = new byte[64 << 10];
  private int at;
  private int end;
  private boolean inLine;
  private boolean inText;
  private boolean escaped;
  private long lineBytes;
  private long wordBytes;
  private long fileBytes;
  private long lines;
  private boolean brokenOff;

  /// Reads the decompressed `in`, which the caller closes.
  FileLines(InputStream in) {
    this.in = in;
  }

  /// Goes to the next line, over what is left of the one before; false when there is none.
  boolean nextLine() throws IOException {
    skipLine();
    if (at == end && !fill()) {
      return false;
    }
    inLine = true;
    inText = false;
    escaped = false;
    lineBytes = 0;
    wordBytes = 0;
    lines++;
    return true;
  }

  /// Reads the line at hand to its end.
  void skipLine() throws IOException {
    while (inLine) {
      at += scan(end - at);
      fillWithinLine();
    }
  }

  /// Lines so far, the one at hand among them.
  long lines() {
    return lines;
  }

  /// Whether the last line had no line break.
  boolean isBrokenOff() {
    return brokenOff;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    Objects.checkFromIndexSize(from, length, bytes.length);
    fillWithinLine();
    if (!inLine) {
      return -1;
    }
    if (length == 0) {
      return 0;
    }
    int start = at;
    int count = scan(Math.min(length, end - at));
    System.arraycopy(buffer, start, bytes, from, count);
    at += count;
    if (count == 0) {
      fillWithinLine(); // over the line break
      return -1;
    }
    return count;
  }

  /// How many of the next `most` bytes are of this line.
  private int scan(int most) throws IOException {
    int count = 0;
    while (count < most && buffer[at + count] != '\n') {
      look(buffer[at + count]);
      count++;
    }
    lineBytes += count;
    if (lineBytes > LINE_BYTES_MAX || wordBytes > WORD_BYTES_MAX) {
      throw new NotOursException(
          lineBytes > LINE_BYTES_MAX
              ? "a line has more than " + LINE_BYTES_MAX + " bytes"
              : "a number or word has more than " + WORD_BYTES_MAX + " bytes");
    }
    return count;
  }

  private void look(byte b) {
    if (inText) {
      inText = escaped || b != '"';
      escaped = !escaped && b == '\\';
      return;
    }
    switch (b) {
      case '"' -> {
        inText = true;
        wordBytes = 0;
      }
      case ' ', ',', ':', '[', ']', '{', '}' -> wordBytes = 0;
      default -> wordBytes++;
    }
  }

  /// Has a byte of the line ready, or sees that the line is over.
  private void fillWithinLine() throws IOException {
    if (inLine && at == end && !fill()) {
      inLine = false;
      brokenOff = true;
    } else if (inLine && buffer[at] == '\n') {
      at++;
      inLine = false;
    }
  }

  private boolean fill() throws IOException {
    int count = in.read(buffer, 0, buffer.length);
    at = 0;
    end = Math.max(count, 0);
    fileBytes += end;
    if (fileBytes > FILE_BYTES_MAX) {
      throw new NotOursException("it has more than " + FILE_BYTES_MAX + " bytes when decompressed");
    }
    return count > 0;
  }
}
