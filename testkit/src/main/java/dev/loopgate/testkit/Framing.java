package dev.loopgate.testkit;

/// How a body's end is told.
public enum Framing {
  /// `content-length`.
  LENGTH,
  /// `transfer-encoding: chunked`.
  CHUNKED,
  /// The connection closes.
  UNTIL_CLOSE,
  /// The head is all: 204, 304, HEAD.
  NONE
}
