package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.loopgate.fleet.Shown;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One request to a Docker Engine and its answer, in HTTP/1.1 over a connection of its own through
/// a unix socket. Confined to one thread that may wait; but any thread may [#close] it, which is
/// how it ends before its time and how its deadline ends it.
final class EngineCall implements Closeable {
  private static final int HEAD_BYTES_MAX = 16 << 10;
  private static final int BUFFER_BYTES = 8 << 10;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([1-5][0-9]{2})( .*)?");

  private final Path socket;
  private final SocketChannel channel;
  private final ByteBuffer in = ByteBuffer.allocate(BUFFER_BYTES).flip();
  private final Map<String, String> headers = new HashMap<>(); // names in lower case
  private CompletableFuture<Void> deadline = CompletableFuture.completedFuture(null);
  private volatile boolean late;
  private volatile boolean closed;

  /// Nothing is asked yet.
  EngineCall(Path socket) throws IOException {
    this.socket = socket;
    this.channel = SocketChannel.open(StandardProtocolFamily.UNIX);
  }

  /// Asks, and returns the status of the answer when its head is there.
  ///
  /// @param path printable ASCII without blanks, the query behind it
  /// @param more headers beside those that every request has
  /// @throws EngineException when there is no answer
  int ask(String method, String path, Map<String, String> more, byte[] body) throws IOException {
    StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: docker\r\n");
    head.append("User-Agent: loopgate\r\nConnection: close\r\n");
    more.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      write(ByteBuffer.wrap(head.toString().getBytes(US_ASCII)));
      write(ByteBuffer.wrap(body));
      int status = readHead();
      while (status / 100 == 1) {
        status = readHead();
      }
      return status;
    } catch (IOException | UnsupportedOperationException e) {
      throw failure(e);
    }
  }

  /// A header of the answer, by its name in lower case; empty when there is none.
  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /// From now on it may take so long; before that nothing bounds it but its end.
  void within(Duration time) {
    unbounded();
    CompletableFuture<Void> next = new CompletableFuture<>();
    deadline = next;
    var _ =
        next.completeOnTimeout(null, time.toNanos(), TimeUnit.NANOSECONDS)
            .thenRun(() -> {
              late = true;
              close();
            });
  }

  /// It may take as long as it takes.
  void unbounded() {
    deadline.cancel(false);
  }

  /// The body of the answer, to be read as it comes. An answer that is cut fails.
  InputStream body(int status) throws IOException {
    if (status == 204 || status == 304) {
      return InputStream.nullInputStream();
    }
    String encoding = header("transfer-encoding");
    String length = header("content-length");
    if (encoding.equalsIgnoreCase("chunked")) {
      return new Body(0, true);
    }
    if (!encoding.isEmpty() || !length.matches("[0-9]{1,15}")) {
      throw failure(new IOException("an answer without a length"));
    }
    return new Body(Long.parseLong(length), false);
  }

  /// All of the body.
  ///
  /// @throws EngineException when it is longer
  byte[] whole(int status, int bytesMax) throws IOException {
    byte[] read = body(status).readNBytes(bytesMax + 1);
    if (read.length > bytesMax) {
      throw failure(new IOException("an answer of more than " + bytesMax + " bytes"));
    }
    return read;
  }

  @Override
  public void close() {
    closed = true;
    deadline.cancel(false);
    try {
      channel.close();
    } catch (IOException _) {
      // nobody uses it any more
    }
  }

  private EngineException failure(Exception cause) {
    String said = late ? "no answer in time" : Shown.of(String.valueOf(cause.getMessage()));
    if (closed && !late) {
      said = "given up";
    }
    IOException told = cause instanceof IOException failed ? failed : new IOException(cause);
    return new EngineException(
        "Docker can't be reached at " + Shown.of(socket.toString()) + ": " + said, told);
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private int readHead() throws IOException {
    headers.clear();
    int left = HEAD_BYTES_MAX;
    String first = line(left);
    Matcher status = STATUS.matcher(first);
    if (!status.matches()) {
      throw new IOException("no HTTP/1.1");
    }
    left -= first.length();
    for (String line = line(left); !line.isEmpty(); line = line(left)) {
      left -= line.length();
      int colon = line.indexOf(':');
      if (colon < 1) {
        throw new IOException("no HTTP/1.1");
      }
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    return Integer.parseInt(status.group(1));
  }

  private String line(int bytesMax) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = next(); next != '\n'; next = next()) {
      if (line.size() >= bytesMax) {
        throw new IOException("a head that is too long");
      }
      line.write(next);
    }
    return line.toString(ISO_8859_1).stripTrailing();
  }

  private int next() throws IOException {
    fill();
    return in.get() & 0xFF;
  }

  /// Something is in the buffer after it.
  private void fill() throws IOException {
    if (in.hasRemaining()) {
      return;
    }
    in.clear();
    int count = channel.read(in);
    in.flip();
    if (count <= 0) {
      throw new IOException("cut off");
    }
  }

  /// A body in one of the two ways that an Engine frames them.
  private final class Body extends InputStream {
    private final boolean isChunked;
    private long left; // of the body, or of its chunk
    private boolean ended;
    private boolean begun;

    Body(long left, boolean isChunked) {
      this.left = left;
      this.isChunked = isChunked;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      try {
        if (left == 0 && isChunked && !ended) {
          beginChunk();
        }
        if (left == 0) {
          return -1;
        }
        fill();
        int count = (int) Math.min(Math.min(length, in.remaining()), left);
        in.get(into, offset, count);
        left -= count;
        return count;
      } catch (IOException e) {
        throw failure(e);
      }
    }

    private void beginChunk() throws IOException {
      if (begun && !line(HEAD_BYTES_MAX).isEmpty()) {
        throw new IOException("a chunk without an end");
      }
      begun = true;
      String size = line(HEAD_BYTES_MAX).replaceFirst("[ \t]*;.*", "");
      if (!size.matches("[0-9a-fA-F]{1,12}")) {
        throw new IOException("a chunk without a length");
      }
      left = Long.parseLong(size, 16);
      if (left == 0) {
        ended = true;
        readTrailers();
      }
    }

    private void readTrailers() throws IOException {
      int most = HEAD_BYTES_MAX;
      for (String line = line(most); !line.isEmpty(); line = line(most)) {
        most -= line.length();
      }
    }
  }
}
