package dev.loopgate.testkit;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/// One connection of a caller, by hand: it writes what it is told, and returns from [#receive] at
/// the very byte that completes the answer. Belongs to one thread; [#close] may come from any.
public final class Caller implements Closeable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int TEXT_BYTES_MAX = 16 << 20;

  private final Socket socket;
  private final WireReader in;
  private final OutputStream out;

  private Caller(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new WireReader(socket.getInputStream());
    this.out = new BufferedOutputStream(socket.getOutputStream(), 64 << 10);
  }

  /// Connects. An answer that is silent for a minute fails as a time-out.
  public static Caller connect(InetSocketAddress address) throws IOException {
    Socket socket = new Socket();
    socket.setTcpNoDelay(true);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.connect(address, (int) PATIENCE.toMillis());
    return new Caller(socket);
  }

  /// Writes these characters, one byte each, as they are.
  public void send(String latin1) throws IOException {
    out.write(latin1.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  /// Writes a request: `host` and the framing are added to the headers.
  public void send(
      String method, String target, Map<String, String> headers, Framing framing, Payload body)
      throws IOException {
    StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nhost: test\r\n");
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    head.append(
        switch (framing) {
          case LENGTH -> "content-length: " + body.length() + "\r\n";
          case CHUNKED -> "transfer-encoding: chunked\r\n";
          case NONE, UNTIL_CLOSE -> "";
        });
    out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    if (framing == Framing.CHUNKED) {
      ChunkedOutput chunked = new ChunkedOutput(out);
      body.writeTo(chunked, body.length());
      chunked.finish();
    } else if (framing == Framing.LENGTH) {
      body.writeTo(out, body.length());
    }
    out.flush();
  }

  /// The next answer, its body kept as text. Interim answers (1xx) are passed over.
  public Answer receive(String method) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    Answer answer =
        receive(
            method,
            (bytes, offset, count) -> {
              if (text.size() + count > TEXT_BYTES_MAX) {
                throw new IOException("answer: bytes max=" + TEXT_BYTES_MAX);
              }
              text.write(bytes, offset, count);
            });
    return new Answer(answer.head(), answer.length(), text.toString(StandardCharsets.ISO_8859_1));
  }

  /// The next answer, its body given to the sink.
  public Answer receive(String method, BodySink sink) throws IOException {
    WireHead head = in.head();
    while (head.status() / 100 == 1) {
      head = in.head();
    }
    boolean bodiless = method.equals("HEAD") || head.status() == 204 || head.status() == 304;
    Framing framing = bodiless ? Framing.NONE : head.framing(Framing.UNTIL_CLOSE);
    return new Answer(head, in.body(head, framing, sink), "");
  }

  /// The status of the next head, which is to be an interim one.
  public int interim() throws IOException {
    return in.head().status();
  }

  /// Whether the other side has closed and nothing more comes.
  public boolean isOver() throws IOException {
    return in.read() < 0;
  }

  /// Closes our sending half.
  public void finishSending() throws IOException {
    socket.shutdownOutput();
  }

  /// Goes without a word: an RST.
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
