package dev.loopgate.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/// Each write becomes a chunk. Belongs to one thread.
final class ChunkedOutput extends OutputStream {
  private final OutputStream out;

  ChunkedOutput(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    if (count > 0) { // an empty chunk would end the body
      ascii(Integer.toHexString(count) + "\r\n");
      out.write(bytes, offset, count);
      ascii("\r\n");
    }
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  /// The last chunk.
  void finish() throws IOException {
    ascii("0\r\n\r\n");
    out.flush();
  }

  private void ascii(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
