package dev.loopgate.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// Reads HTTP/1.1 from a socket and knows when the last byte has come: it never asks for one more.
/// Belongs to one thread.
final class WireReader {
  private static final int LINE_BYTES_MAX = 1 << 20;

  private final InputStream in;
  private final byte[] buffer = new byte[64 << 10];
  private int at;
  private int end;

  WireReader(InputStream in) {
    this.in = in;
  }

  /// The next byte, -1 at the end.
  int read() throws IOException {
    return fill() ? buffer[at++] & 0xff : -1;
  }

  /// The next head. An answer 1xx is a head like any other.
  ///
  /// @throws EOFException when the connection ends before it is whole
  WireHead head() throws IOException {
    String startLine = line();
    Map<String, String> headers = new HashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon <= 0) {
        throw new IOException("header without a name: line=" + line);
      }
      String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
      headers.merge(name, line.substring(colon + 1).strip(), (a, b) -> a + ", " + b);
    }
    return new WireHead(startLine, headers);
  }

  /// The body up to its last byte; its length.
  long body(WireHead head, Framing framing, BodySink sink) throws IOException {
    return switch (framing) {
      case NONE -> 0;
      case LENGTH -> exactly(Long.parseLong(head.header("content-length")), sink);
      case CHUNKED -> chunks(sink);
      case UNTIL_CLOSE -> untilClose(sink);
    };
  }

  private long exactly(long count, BodySink sink) throws IOException {
    long left = count;
    while (left > 0) {
      if (!fill()) {
        throw new EOFException("body: length=" + count + ", missing=" + left);
      }
      int now = (int) Math.min(left, end - at);
      sink.accept(buffer, at, now);
      at += now;
      left -= now;
    }
    return count;
  }

  private long chunks(BodySink sink) throws IOException {
    long length = 0;
    for (; ; ) {
      String size = line();
      long count = Long.parseLong(size.split(";", 2)[0].strip(), 16);
      if (count == 0) {
        while (!line().isEmpty()) {
          // trailers
        }
        return length;
      }
      length += exactly(count, sink);
      if (!line().isEmpty()) {
        throw new IOException("chunk without an end: size=" + size);
      }
    }
  }

  private long untilClose(BodySink sink) throws IOException {
    long length = 0;
    while (fill()) {
      sink.accept(buffer, at, end - at);
      length += end - at;
      at = end;
    }
    return length;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = read(); next != '\n'; next = read()) {
      if (next < 0) {
        throw new EOFException("connection ended: line=" + line);
      }
      if (line.length() == LINE_BYTES_MAX) {
        throw new IOException("line: length max=" + LINE_BYTES_MAX);
      }
      line.append((char) next);
    }
    int last = line.length() - 1;
    if (last >= 0 && line.charAt(last) == '\r') {
      line.setLength(last);
    }
    return line.toString();
  }

  private boolean fill() throws IOException {
    if (at < end) {
      return true;
    }
    at = 0;
    end = Math.max(0, in.read(buffer));
    return end > 0;
  }
}
