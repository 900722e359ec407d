package dev.loopgate.proxy;

import io.netty.buffer.ByteBuf;
import java.util.List;

/// Tells from what a caller says first whether it speaks HTTP. Looks at each byte once; confined to
/// one connection's event loop.
///
/// HTTP is a line, behind empty ones or none, that begins with a method (a token of at most 32
/// bytes) and a blank, and names `HTTP/`, of version 1 as of 2's preface, even if it is malformed
/// otherwise: then it is answered as such, and never passed unread. The same holds for a line that
/// [#isLikeHttp] when it is broken by a control character, is longer than `lineBytesMax` with the
/// empty ones, or does not come to its end in time.
///
/// A line that ends and names no version is none, not even one of HTTP/0.9; nor one that begins
/// with a blank or has none behind its method.
final class FirstBytes {
  /// What is known.
  enum Verdict {
    /// Nothing yet.
    MORE,
    HTTP,
    /// A handshake begins.
    TLS,
    OTHER
  }

  private enum Part {
    START,
    TLS_RECORD,
    METHOD,
    SPACE,
    TARGET,
    /// A carriage return came, which ends the line if a line feed follows.
    TARGET_END
  }

  private static final int METHOD_BYTES_MAX = 32;
  private static final int HANDSHAKE = 0x16;
  private static final int CLIENT_HELLO = 1;
  private static final int TLS_HEADER_BYTES = 5;
  private static final String VERSION = "HTTP/";
  private static final String TOKEN = "!#$%&'*+-.^_`|~";

  /// Those of HTTP itself (RFC 9110, section 9.3; RFC 5789), and how HTTP/2's preface begins.
  private static final List<String> METHODS =
      List.of(
          "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI");

  private final int lineBytesMax;
  private Part part = Part.START;
  private int looked; // bytes behind the reader index
  private final StringBuilder method = new StringBuilder();
  private boolean likeHttp; // as method and target begin
  private int versionMatched;

  FirstBytes(int lineBytesMax) {
    this.lineBytesMax = lineBytesMax;
  }

  /// @param in all that came so far, what was there before included; nothing is taken
  Verdict of(ByteBuf in) {
    while (looked < in.readableBytes()) {
      int c = in.getByte(in.readerIndex() + looked) & 0xff;
      Verdict verdict = look(c);
      if (verdict != Verdict.MORE) {
        return verdict;
      }
      looked++;
      if (looked > lineBytesMax) {
        return isLikeHttp() ? Verdict.HTTP : Verdict.OTHER;
      }
    }
    return Verdict.MORE;
  }

  /// Whether what came so far, though no whole line, is more likely HTTP than not: nothing but
  /// empty lines, the beginning of a method of HTTP's own, or any method and a target like HTTP's.
  boolean isLikeHttp() {
    return switch (part) {
      case START -> true;
      case TLS_RECORD -> false;
      case METHOD -> METHODS.stream().anyMatch(each -> each.startsWith(method.toString()));
      case SPACE -> isMethodOfHttp();
      case TARGET, TARGET_END -> likeHttp || versionMatched == VERSION.length();
    };
  }

  private Verdict look(int c) {
    return switch (part) {
      case START -> start(c);
      case TLS_RECORD -> tls(c);
      case METHOD -> method(c);
      case SPACE -> {
        if (isSpace(c)) {
          yield Verdict.MORE;
        }
        part = Part.TARGET;
        likeHttp = isMethodOfHttp() || c == '/' || c == '*' || c == 'h' || c == 'H';
        yield target(c);
      }
      case TARGET -> target(c);
      case TARGET_END -> c == '\n' ? Verdict.OTHER : Verdict.HTTP;
    };
  }

  private Verdict start(int c) {
    if (looked == 0 && c == HANDSHAKE) {
      part = Part.TLS_RECORD;
      return Verdict.MORE;
    }
    if (isLineEnd(c)) {
      return Verdict.MORE; // some servers pass over empty lines
    }
    part = Part.METHOD;
    return method(c);
  }

  // Type, version 3.x, two bytes of length, and what kind of handshake message begins.
  private Verdict tls(int c) {
    boolean fits =
        switch (looked) {
          case 1 -> c == 3;
          case 2 -> c <= 4;
          case TLS_HEADER_BYTES -> c == CLIENT_HELLO;
          default -> true;
        };
    if (!fits) {
      return Verdict.OTHER;
    }
    return looked == TLS_HEADER_BYTES ? Verdict.TLS : Verdict.MORE;
  }

  private Verdict method(int c) {
    if (isSpace(c) && !method.isEmpty()) {
      part = Part.SPACE;
      return Verdict.MORE;
    }
    if (!isToken(c) || method.length() == METHOD_BYTES_MAX) {
      return Verdict.OTHER;
    }
    method.append((char) c);
    return Verdict.MORE;
  }

  private Verdict target(int c) {
    if (versionMatched == VERSION.length()) {
      return isLineEnd(c) ? Verdict.HTTP : Verdict.MORE;
    }
    if (c == '\r' && likeHttp) {
      part = Part.TARGET_END;
      return Verdict.MORE;
    }
    if (isLineEnd(c)) {
      return Verdict.OTHER;
    }
    if ((c < ' ' && c != '\t') || c == 0x7f) {
      return likeHttp ? Verdict.HTTP : Verdict.OTHER;
    }
    if (c == VERSION.charAt(versionMatched)) {
      versionMatched++;
    } else {
      versionMatched = c == VERSION.charAt(0) ? 1 : 0;
    }
    return Verdict.MORE;
  }

  private boolean isMethodOfHttp() {
    return METHODS.contains(method.toString());
  }

  private static boolean isSpace(int c) {
    return c == ' ' || c == '\t';
  }

  private static boolean isLineEnd(int c) {
    return c == '\r' || c == '\n';
  }

  private static boolean isToken(int c) {
    return (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9')
        || TOKEN.indexOf(c) >= 0;
  }
}
