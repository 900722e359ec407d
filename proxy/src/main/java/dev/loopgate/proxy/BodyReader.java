package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.policy.RequestLine;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Takes the bytes of one body out of its framing. Confined to one connection's event loop.
///
/// Chunks are read as strictly as heads: hex digits right at the line's start, CRLF and nothing
/// else, bounded extensions, which are dropped as a recipient may (RFC 9112, section 7.1.1), and
/// bounded trailers.
final class BodyReader {
  /// Hex digits of a chunk's size: below 2^60.
  private static final int SIZE_DIGITS_MAX = 15;

  /// Bytes of all extensions, and of all trailers, of one body.
  private static final int EXTRAS_BYTES_MAX = 8 << 10;

  private enum State {
    DATA,
    UNTIL_CLOSE,
    SIZE,
    EXTENSION,
    SIZE_LF,
    CHUNK,
    CHUNK_CR,
    CHUNK_LF,
    TRAILER_START,
    TRAILER,
    TRAILER_LF,
    END_LF,
    DONE,
    MALFORMED
  }

  private State state;
  private long left; // of the body by length, or of the chunk
  private int digits;
  private int extras;
  private @Nullable StringBuilder trailerLine;
  private List<Header> trailers = List.of();

  BodyReader(BodyFraming framing) {
    this.left = framing.length();
    this.state =
        switch (framing.kind()) {
          case NONE -> State.DONE;
          case LENGTH -> framing.length() == 0 ? State.DONE : State.DATA;
          case CHUNKED -> State.SIZE;
          case UNTIL_CLOSE -> State.UNTIL_CLOSE;
        };
  }

  /// The body's last byte was taken.
  boolean isDone() {
    return state == State.DONE;
  }

  /// What stood behind a chunked body, names in lower case; all of it once the body is done.
  List<Header> trailers() {
    return trailers;
  }

  /// The framing is broken; nothing more can be read from this connection.
  boolean isMalformed() {
    return state == State.MALFORMED;
  }

  /// Whether the end of the connection is the end of this body.
  boolean endsWithConnection() {
    return state == State.UNTIL_CLOSE;
  }

  /// The next piece of the body, a slice of `in` that now belongs to the receiver; null when `in`
  /// has no more of it, or the body is over or malformed.
  @Nullable ByteBuf next(ByteBuf in) {
    while (in.isReadable()) {
      switch (state) {
        case UNTIL_CLOSE -> {
          return in.readRetainedSlice(in.readableBytes());
        }
        case DATA, CHUNK -> {
          int length = (int) Math.min(left, in.readableBytes());
          left -= length;
          if (left == 0) {
            state = state == State.DATA ? State.DONE : State.CHUNK_CR;
          }
          ByteBuf piece = in.readRetainedSlice(length);
          if (left == 0 && state == State.CHUNK_CR) {
            skipLineEnd(in); // so that a last chunk in hand is seen together with its data
          }
          return piece;
        }
        case DONE, MALFORMED -> {
          return null;
        }
        default -> frame(in.readByte() & 0xff);
      }
    }
    return null;
  }

  private void skipLineEnd(ByteBuf in) {
    while (in.isReadable() && (state == State.CHUNK_CR || state == State.CHUNK_LF)) {
      frame(in.readByte() & 0xff);
    }
  }

  private State startOfTrailer(int b) {
    if (b == ' ' || b == '\t') {
      return State.MALFORMED; // folded: as strict as a head
    }
    if (b == '\r') {
      return State.END_LF;
    }
    trailerLine = new StringBuilder();
    return trailer(b);
  }

  private State trailer(int b) {
    StringBuilder line = trailerLine;
    if (line != null && b != '\r') {
      line.append((char) b);
    }
    return extra(b, State.TRAILER_LF);
  }

  // One line of trailers is whole: as strict as one of a head.
  private State endOfTrailer() {
    String line = String.valueOf(trailerLine);
    int colon = line.indexOf(':');
    if (colon < 0 || !RequestLine.isToken(line.substring(0, colon))) {
      return State.MALFORMED;
    }
    String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
    if (trailers.isEmpty()) {
      trailers = new ArrayList<>(4);
    }
    trailers.add(new Header(name, withoutBlanks(line.substring(colon + 1))));
    return State.TRAILER_START;
  }

  private static String withoutBlanks(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isBlank(text.charAt(start))) {
      start++;
    }
    while (end > start && isBlank(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  // One byte of what stands around the chunks.
  private void frame(int b) {
    state =
        switch (state) {
          case SIZE -> size(b);
          case EXTENSION -> extra(b, State.SIZE_LF);
          case SIZE_LF -> b == '\n' ? afterSize() : State.MALFORMED;
          case CHUNK_CR -> b == '\r' ? State.CHUNK_LF : State.MALFORMED;
          case CHUNK_LF -> b == '\n' ? startOfSize() : State.MALFORMED;
          case TRAILER_START -> startOfTrailer(b);
          case TRAILER -> trailer(b);
          case TRAILER_LF -> b == '\n' ? endOfTrailer() : State.MALFORMED;
          case END_LF -> b == '\n' ? State.DONE : State.MALFORMED;
          case DATA, UNTIL_CLOSE, CHUNK, DONE, MALFORMED -> State.MALFORMED;
        };
  }

  private State startOfSize() {
    digits = 0;
    left = 0;
    return State.SIZE;
  }

  private State size(int b) {
    int digit = Character.digit(b, 16);
    if (digit >= 0 && b < 0x80) {
      left = (left << 4) | digit;
      return ++digits > SIZE_DIGITS_MAX ? State.MALFORMED : State.SIZE;
    }
    if (digits == 0) {
      return State.MALFORMED;
    }
    return b == '\r' ? State.SIZE_LF : b == ';' ? State.EXTENSION : State.MALFORMED;
  }

  private State afterSize() {
    return left == 0 ? State.TRAILER_START : State.CHUNK;
  }

  private State extra(int b, State afterCr) {
    if (b == '\r') {
      return afterCr;
    }
    if (++extras > EXTRAS_BYTES_MAX || (b < 0x20 && b != '\t') || b == 0x7f) {
      return State.MALFORMED;
    }
    return state == State.EXTENSION ? State.EXTENSION : State.TRAILER;
  }
}
