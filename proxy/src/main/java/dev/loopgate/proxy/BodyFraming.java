package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.util.List;

/// How the end of a body is found.
///
/// @param length bytes, for [Kind#LENGTH] only
record BodyFraming(Kind kind, long length) {
  enum Kind {
    NONE,
    LENGTH,
    CHUNKED,
    UNTIL_CLOSE
  }

  static final BodyFraming NONE = new BodyFraming(Kind.NONE, 0);
  static final BodyFraming CHUNKED = new BodyFraming(Kind.CHUNKED, 0);
  static final BodyFraming UNTIL_CLOSE = new BodyFraming(Kind.UNTIL_CLOSE, 0);

  /// Longer is not taken for a number: 10^18 bytes are enough for a body.
  private static final int DIGITS_MAX = 18;

  static BodyFraming ofLength(long length) {
    return new BodyFraming(Kind.LENGTH, length);
  }

  /// No byte of body will come.
  boolean isEmpty() {
    return kind == Kind.NONE || (kind == Kind.LENGTH && length == 0);
  }

  /// What the headers of a message say; `absent` when they say nothing. Everything that two readers
  /// could understand differently is refused.
  static Parsed<BodyFraming> of(List<Header> headers, int minor, BodyFraming absent) {
    int lengths = RawHead.count(headers, "content-length");
    int encodings = RawHead.count(headers, "transfer-encoding");
    if (lengths > 1) {
      return new Parsed.Refused<>(400, "content-length stands more than once");
    }
    if (encodings > 0) {
      if (lengths > 0) {
        return new Parsed.Refused<>(400, "content-length stands beside transfer-encoding");
      }
      String encoding = RawHead.first(headers, "transfer-encoding");
      if (minor == 0 || encodings > 1 || !"chunked".equalsIgnoreCase(encoding)) {
        return new Parsed.Refused<>(400, "transfer-encoding is not exactly chunked");
      }
      return new Parsed.Got<>(CHUNKED);
    }
    if (lengths == 0) {
      return new Parsed.Got<>(absent);
    }
    String length = RawHead.first(headers, "content-length");
    if (length == null || !isNumber(length)) {
      return new Parsed.Refused<>(400, "content-length is not a number");
    }
    return new Parsed.Got<>(ofLength(Long.parseLong(length)));
  }

  private static boolean isNumber(String text) {
    if (text.isEmpty() || text.length() > DIGITS_MAX) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }
}
