package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;

/// A caller that says byte for byte what a test wants.
final class RawCaller implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;

  RawCaller(InetSocketAddress address) throws IOException {
    this(new Socket(address.getAddress(), address.getPort()));
  }

  /// Over a connection that is open already.
  RawCaller(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(20_000);
    in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
  }

  /// What comes, for whoever reads it otherwise.
  InputStream input() {
    return in;
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
  }

  void send(byte[] bytes, int length) throws IOException {
    socket.getOutputStream().write(bytes, 0, length);
  }

  int read(byte[] into) throws IOException {
    return in.read(into);
  }

  /// Reads up to and with `end`.
  String readThrough(String end) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.length() < end.length()
        || !text.substring(text.length() - end.length()).equals(end)) {
      int b;
      try {
        b = in.read();
      } catch (SocketTimeoutException e) {
        throw new AssertionError("still open, without " + end + ": " + text, e);
      }
      if (b < 0) {
        throw new AssertionError("ended before " + end + ": " + text);
      }
      text.append((char) b);
    }
    return text.toString();
  }

  /// Reads exactly so many bytes.
  String readExactly(int length) throws IOException {
    return new String(in.readNBytes(length), ISO_8859_1);
  }

  /// Reads to the end of the connection.
  String readToEnd() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    in.transferTo(all);
    return all.toString(ISO_8859_1);
  }

  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
