package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.loopgate.capture.Header;
import dev.loopgate.policy.RequestLine;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads one head after the other from a stream of bytes. Confined to one connection's event loop.
///
/// As strict as RFC 9112 allows a recipient to be, since what two readers understand differently is
/// how requests are smuggled: lines end in CRLF and nothing else, one space parts the start line,
/// no folded lines, no white space around a name, no control characters, and at most `bytesMax`
/// bytes. One empty line before a request is skipped (RFC 9112, section 2.2).
final class HeadReader {
  /*
   * Own code instead of HttpObjectDecoder: that one joins folded lines, skips control characters and
   * splits the start line at any white space, and tells nobody. It stays the oracle of a test: what is
   * accepted here is accepted there with the same fields.
   */
  private static final String RESPONSE_START = "HTTP/1.";
  private static final int MORE = 0;
  private static final int BAD = -1;
  private static final int TOO_LARGE = -2;

  private final byte[] scratch;
  private final int bytesMax;
  private final Names names;
  private final KnownHeaders known;
  private int scanned; // bytes behind the reader index that are looked at
  private int lineStart;
  private int previous;
  private boolean skippedEmptyLine;

  /// Heads of up to `scratch.length` bytes.
  ///
  /// @param scratch shared by all readers of an event loop
  /// @param names as well
  /// @param known as well
  HeadReader(byte[] scratch, Names names, KnownHeaders known) {
    this.scratch = scratch;
    this.bytesMax = scratch.length;
    this.names = names;
    this.known = known;
  }

  /// Takes a request's head from `in`, if it is all there.
  Parsed<RawHead> readRequest(ByteBuf in) {
    if (scanned == 0 && !skippedEmptyLine && in.isReadable() && at(in, 0) == '\r') {
      if (in.readableBytes() < 2) {
        return new Parsed.More<>();
      }
      if (at(in, 1) == '\n') {
        in.skipBytes(2);
        skippedEmptyLine = true;
      }
    }
    return read(in);
  }

  /// Takes a response's head from `in`, if it is all there.
  Parsed<RawHead> readResponse(ByteBuf in) {
    for (int i = scanned; i < Math.min(RESPONSE_START.length(), in.readableBytes()); i++) {
      if (at(in, i) != RESPONSE_START.charAt(i)) {
        return new Parsed.Refused<>(
            400, "this is no HTTP"); // who greets with one line sends no more
      }
    }
    return read(in);
  }

  /// Whether `value` can stand in a head as it is: no line end, which would be another line, no
  /// other control character but a tab, nothing beyond ISO-8859-1.
  static boolean isFieldText(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < 0x20 && c != '\t') || c == 0x7f || c > 0xff) {
        return false;
      }
    }
    return true;
  }

  private static int at(ByteBuf in, int offset) {
    return in.getByte(in.readerIndex() + offset) & 0xff;
  }

  private Parsed<RawHead> read(ByteBuf in) {
    int length = scan(in);
    return switch (length) {
      case MORE -> new Parsed.More<>();
      case BAD -> new Parsed.Refused<>(400, "the head has an illegal character or line end");
      case TOO_LARGE -> new Parsed.Refused<>(431, "the head is larger than " + bytesMax + " bytes");
      default -> {
        in.readBytes(scratch, 0, length);
        scanned = 0;
        lineStart = 0;
        previous = 0;
        skippedEmptyLine = false;
        yield parse(length);
      }
    };
  }

  // The length of the head with its empty line, or one of the constants.
  private int scan(ByteBuf in) {
    int start = in.readerIndex();
    int limit = Math.min(in.readableBytes(), bytesMax);
    for (int i = scanned; i < limit; i++) {
      int b = in.getByte(start + i) & 0xff;
      if (previous == '\r') {
        if (b != '\n') {
          return BAD;
        }
        if (i - lineStart == 1) {
          return lineStart == 0 ? BAD : i + 1; // an empty start line is none
        }
        lineStart = i + 1;
      } else if (b < 0x20 ? b != '\t' && b != '\r' : b == 0x7f) {
        return BAD;
      }
      previous = b;
    }
    scanned = limit;
    return in.readableBytes() >= bytesMax ? TOO_LARGE : MORE;
  }

  private Parsed<RawHead> parse(int length) {
    int end = endOfLine(0);
    int space1 = indexOf(' ', 0, end);
    if (space1 <= 0) {
      return new Parsed.Refused<>(400, "the start line is malformed");
    }
    // A reason phrase may hold spaces and be absent, a target may not: whoever needs it looks.
    int space2 = indexOf(' ', space1 + 1, end);
    int secondEnd = space2 < 0 ? end : space2;
    String third = space2 < 0 ? "" : names.of(scratch, space2 + 1, end);
    List<Header> headers = new ArrayList<>(16);
    String wrong = parseHeaders(end + 2, length - 2, headers);
    return wrong != null
        ? new Parsed.Refused<>(400, wrong)
        : new Parsed.Got<>(
            new RawHead(names.of(scratch, 0, space1), text(space1 + 1, secondEnd), third, headers));
  }

  private @Nullable String parseHeaders(int from, int to, List<Header> headers) {
    int at = from;
    while (at < to) {
      int end = endOfLine(at);
      Header header = known.find(scratch, at, end);
      if (header == null) {
        if (scratch[at] == ' ' || scratch[at] == '\t') {
          return "a header line is folded";
        }
        byte[] line = Arrays.copyOfRange(scratch, at, end);
        int colon = lowerName(at, end);
        if (colon == at || colon == end || scratch[colon] != ':') {
          return "a header name is malformed";
        }
        header = known.remember(line, names.of(scratch, at, colon), trimmed(colon + 1, end));
      }
      headers.add(header);
      at = end + 2;
    }
    return null;
  }

  // Where the name ends, which is lower case then.
  private int lowerName(int from, int to) {
    int at = from;
    while (at < to && RequestLine.isTokenByte(scratch[at] & 0xff)) {
      byte b = scratch[at];
      scratch[at] = b >= 'A' && b <= 'Z' ? (byte) (b + 'a' - 'A') : b;
      at++;
    }
    return at;
  }

  private String trimmed(int from, int to) {
    int start = from;
    int end = to;
    while (start < end && (scratch[start] == ' ' || scratch[start] == '\t')) {
      start++;
    }
    while (end > start && (scratch[end - 1] == ' ' || scratch[end - 1] == '\t')) {
      end--;
    }
    return text(start, end);
  }

  private String text(int from, int to) {
    return new String(scratch, from, to - from, ISO_8859_1);
  }

  private int endOfLine(int from) {
    int i = from;
    while (scratch[i] != '\r') {
      i++;
    }
    return i;
  }

  private int indexOf(char c, int from, int to) {
    for (int i = from; i < to; i++) {
      if (scratch[i] == c) {
        return i;
      }
    }
    return -1;
  }
}
