package dev.loopgate.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Flushes and pauses after every so many bytes: the slow side of a connection. Belongs to one
/// thread.
final class PausingOutput extends OutputStream {
  private final OutputStream out;
  private final long everyBytes;
  private final Duration pause;
  private long since;

  PausingOutput(OutputStream out, long everyBytes, Duration pause) {
    this.out = out;
    this.everyBytes = Math.max(1, everyBytes);
    this.pause = pause;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    int at = offset;
    int end = offset + count;
    while (at < end) {
      int now = (int) Math.min(end - at, everyBytes - since);
      out.write(bytes, at, now);
      at += now;
      since += now;
      if (since == everyBytes) {
        since = 0;
        out.flush();
        LockSupport.parkNanos(pause.toNanos());
      }
    }
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }
}
