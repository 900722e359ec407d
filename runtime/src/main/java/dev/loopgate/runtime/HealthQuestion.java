package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Shown;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Asks a local server whether it is well, on a connection of its own, as every second of each
/// server's life needs it: no pool and no thread stays behind. Blocks; any thread that may wait.
final class HealthQuestion {
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})( .*)?");
  private static final int LINE_MAX = 1024;
  private static final int REST_MAX = 1 << 16;
  private static final int REST_MILLIS = 50;

  private final Duration timeout;
  private final LongSupplier nanos;

  /// @param timeout of one question
  /// @param nanos monotonic nanoseconds
  HealthQuestion(Duration timeout, LongSupplier nanos) {
    this.timeout = timeout;
    this.nanos = nanos;
  }

  /// Returns when the server says yes: it answers `GET path` with 2xx, or takes a connection where
  /// there is no path.
  ///
  /// @throws SocketTimeoutException when it says nothing in time
  /// @throws IOException when it says no
  void ask(Replica at, @Nullable String path) throws IOException {
    long deadline = nanos.getAsLong() + timeout.toNanos();
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(at.host(), at.port()), millisUntil(deadline));
      if (path == null) {
        staysOpen(socket);
        return;
      }
      String question =
          "GET "
              + path
              + " HTTP/1.1\r\nHost: "
              + at.hostHeader()
              + "\r\nUser-Agent: loopgate\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(question.getBytes(US_ASCII));
      String line = firstLine(socket, deadline);
      Matcher status = STATUS.matcher(line);
      if (!status.matches()) {
        throw new IOException(path + ": no HTTP/1.1");
      }
      if (!status.group(1).startsWith("2")) {
        throw new IOException(path + ": status=" + status.group(1));
      }
      readRest(socket);
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(Shown.of(String.valueOf(e.getMessage())), e);
    }
  }

  /// What listens in front of a server that is not there yet takes connections and closes them.
  private static void staysOpen(Socket socket) throws IOException {
    socket.setSoTimeout(REST_MILLIS);
    try {
      if (socket.getInputStream().read() < 0) {
        throw new IOException("closed at once");
      }
    } catch (SocketTimeoutException _) {
      // it waits to be asked something
    }
  }

  private String firstLine(Socket socket, long deadline) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    InputStream in = socket.getInputStream();
    while (line.size() < LINE_MAX) {
      socket.setSoTimeout(millisUntil(deadline));
      int next = in.read();
      if (next < 0) {
        throw new IOException("closed before an answer");
      }
      if (next == '\n') {
        return line.toString(US_ASCII).stripTrailing();
      }
      line.write(next);
    }
    throw new IOException("no HTTP/1.1");
  }

  /// What is closed with something unread is reset, and some servers then complain in their log.
  private static void readRest(Socket socket) {
    try {
      socket.setSoTimeout(REST_MILLIS);
      socket.getInputStream().readNBytes(REST_MAX);
    } catch (IOException _) {
      // it has said that it is ready
    }
  }

  private int millisUntil(long deadline) throws SocketTimeoutException {
    long left = TimeUnit.NANOSECONDS.toMillis(deadline - nanos.getAsLong());
    if (left <= 0) {
      throw new SocketTimeoutException("no answer within " + timeout);
    }
    return Math.toIntExact(left);
  }
}
