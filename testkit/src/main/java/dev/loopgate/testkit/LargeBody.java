package dev.loopgate.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32C;

/// Drives bodies that fit no memory through a gateway, both ways, with a model and a caller who
/// stop now and then: whoever aggregates or does not hold the sender back runs out of memory.
public final class LargeBody {
  /// What one side has seen.
  public record Seen(long bytes, long crc) {}

  private static final int PIECE_BYTES = 64 << 10;
  private static final long STOP_EVERY_BYTES = 32 << 20;
  private static final long STOP_NANOS = 30_000_000;

  private LargeBody() {}

  /// What has been seen when `bytes` of our making arrived whole.
  public static Seen expected(long bytes) {
    CRC32C crc = new CRC32C();
    byte[] piece = piece();
    for (long left = bytes; left > 0; left -= piece.length) {
      crc.update(piece, 0, (int) Math.min(left, piece.length));
    }
    return new Seen(bytes, crc.getValue());
  }

  /// A model that takes a body with stops, then answers with one of `bytes` that begins with a line
  /// saying what it has seen.
  public static RawModel model(long bytes) throws IOException {
    return RawModel.start(with -> {
      with.readHead();
      Sink sink = new Sink();
      with.transferBody(sink);
      String seen = sink.seen() + "\n";
      with.send(
          "HTTP/1.1 200 OK\r\nContent-Length: " + (seen.length() + bytes) + "\r\n\r\n" + seen);
      send(with.out(), bytes);
    });
  }

  /// Posts a body of `bytes`, reads the answer with stops.
  ///
  /// @return what the model has seen, as it says, and what the caller has seen behind that line
  public static String post(InetSocketAddress door, String path, long bytes) throws IOException {
    try (Socket socket = new Socket(door.getAddress(), door.getPort())) {
      socket.setSoTimeout(30_000);
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST " + path + " HTTP/1.1\r\nHost: d\r\nContent-Length: " + bytes + "\r\n\r\n")
              .getBytes(ISO_8859_1));
      send(out, bytes);
      InputStream in = socket.getInputStream();
      String head = readThrough(in, "\r\n\r\n");
      long length = Long.parseLong(head.replaceAll("(?s).*content-length: ([0-9]+)\r\n.*", "$1"));
      String seenByModel = readThrough(in, "\n");
      Sink sink = new Sink();
      byte[] piece = new byte[PIECE_BYTES];
      long left = length - seenByModel.length();
      while (left > 0) {
        int read = in.read(piece, 0, (int) Math.min(left, piece.length));
        if (read < 0) {
          throw new EOFException("answer: left=" + left);
        }
        sink.write(piece, 0, read);
        left -= read;
      }
      return seenByModel.strip() + " " + sink.seen();
    }
  }

  private static String readThrough(InputStream in, String end) throws IOException {
    StringBuilder text = new StringBuilder();
    while (!text.toString().endsWith(end)) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("answer: read=" + text);
      }
      text.append((char) b);
    }
    return text.toString();
  }

  /// Writes a body of our making.
  public static void send(OutputStream out, long bytes) throws IOException {
    byte[] piece = piece();
    for (long left = bytes; left > 0; left -= piece.length) {
      out.write(piece, 0, (int) Math.min(left, piece.length));
    }
  }

  private static byte[] piece() {
    byte[] piece = new byte[PIECE_BYTES];
    for (int i = 0; i < piece.length; i++) {
      piece[i] = (byte) (i * 31 + (i >> 8));
    }
    return piece;
  }

  /// Takes a body, and stops now and then: its thread stands still. Confined to that thread.
  public static final class Sink extends OutputStream {
    private final CRC32C crc = new CRC32C();
    private long bytes;
    private long nextStop = STOP_EVERY_BYTES;

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) {
      crc.update(from, offset, length);
      bytes += length;
      if (bytes >= nextStop) {
        nextStop += STOP_EVERY_BYTES;
        LockSupport.parkNanos(STOP_NANOS); // long enough for every buffer on the way to fill up
      }
    }

    /// What came so far.
    public Seen seen() {
      return new Seen(bytes, crc.getValue());
    }
  }
}
