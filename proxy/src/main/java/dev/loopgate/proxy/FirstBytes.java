package dev.loopgate.proxy;

import io.netty.buffer.ByteBuf;

/// Tells from what a caller says first whether it speaks HTTP. Looks at each byte once; confined to
/// one connection's event loop.
///
/// HTTP is a line that begins with a method and names `HTTP/`, of version 1 as of 2's preface, even
/// if it is malformed otherwise: then it is answered as such, and never passed unread. A line of
/// more than `lineBytesMax` is HTTP if its target looks like one.
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
    TARGET
  }

  private static final int METHOD_BYTES_MAX = 32;
  private static final int EMPTY_BYTES_MAX = 8; // some servers pass over empty lines
  private static final int HANDSHAKE = 0x16;
  private static final int CLIENT_HELLO = 1;
  private static final int TLS_HEADER_BYTES = 5;
  private static final String VERSION = "HTTP/";
  private static final String TOKEN = "!#$%&'*+-.^_`|~";

  private final int lineBytesMax;
  private Part part = Part.START;
  private int looked; // bytes behind the reader index
  private int methodBytes;
  private boolean likeTarget;
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

  /// Whether what came so far, though no whole line, is more likely HTTP than not.
  boolean isLikeHttp() {
    return part == Part.TARGET && likeTarget;
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
        likeTarget = c == '/' || c == '*' || c == 'h' || c == 'H';
        yield target(c);
      }
      case TARGET -> target(c);
    };
  }

  private Verdict start(int c) {
    if (looked == 0 && c == HANDSHAKE) {
      part = Part.TLS_RECORD;
      return Verdict.MORE;
    }
    if (isLineEnd(c)) {
      return looked < EMPTY_BYTES_MAX ? Verdict.MORE : Verdict.OTHER;
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
    if (isSpace(c) && methodBytes > 0) {
      part = Part.SPACE;
      return Verdict.MORE;
    }
    methodBytes++;
    return isToken(c) && methodBytes <= METHOD_BYTES_MAX ? Verdict.MORE : Verdict.OTHER;
  }

  private Verdict target(int c) {
    if (versionMatched == VERSION.length()) {
      return isLineEnd(c) ? Verdict.HTTP : Verdict.MORE;
    }
    if (isLineEnd(c) || (c < ' ' && c != '\t') || c == 0x7f) {
      return Verdict.OTHER;
    }
    if (c == VERSION.charAt(versionMatched)) {
      versionMatched++;
    } else {
      versionMatched = c == VERSION.charAt(0) ? 1 : 0;
    }
    return Verdict.MORE;
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
