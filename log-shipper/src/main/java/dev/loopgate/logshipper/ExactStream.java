package dev.loopgate.logshipper;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// The bytes of an answer that said how many there are: an end before that is a failure, not an
/// end. Confined to one thread.
final class ExactStream extends FilterInputStream {
  private final String what;
  private final long length;
  private long read;

  /// @param what for the message
  /// @param length bytes that were announced
  ExactStream(InputStream in, String what, long length) {
    super(in);
    this.what = what;
    this.length = length;
  }

  @Override
  public int read() throws IOException {
    int b = in.read();
    counted(b < 0 ? -1 : 1);
    return b;
  }

  @Override
  public int read(byte[] bytes, int from, int count) throws IOException {
    int now = in.read(bytes, from, count);
    counted(now);
    return now;
  }

  @Override
  public long skip(long count) throws IOException {
    long now = in.skip(count);
    read += now;
    return now;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private void counted(int now) throws EOFException {
    if (now >= 0) {
      read += now;
    } else if (read < length) {
      throw new EOFException(what + ": ended early: read=" + read + ", length=" + length);
    }
  }
}
