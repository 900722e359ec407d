package dev.loopgate.capture;

import java.nio.ByteBuffer;
import java.util.List;

/// What is kept of one body.
///
/// @param kept the kept prefix in pieces, each a read-only view from its position to its limit;
///   valid as long as the capture buffers they lend from
/// @param size wire bytes after transfer decoding, kept or not
/// @param truncated fewer are kept than the sender had to send
/// @param contentEncoding the wire's `content-encoding`, lower case, empty when none
public record Body(List<ByteBuffer> kept, long size, boolean truncated, String contentEncoding) {
  /// No body.
  public static final Body EMPTY = new Body(List.of(), 0, false, "");

  public Body {
    kept = List.copyOf(kept);
  }

  /// A whole body of `bytes`, which the body now shares.
  public static Body of(byte[] bytes) {
    return bytes.length == 0
        ? EMPTY
        : new Body(List.of(ByteBuffer.wrap(bytes).asReadOnlyBuffer()), bytes.length, false, "");
  }

  /// How many bytes are kept.
  public int keptLength() {
    int length = 0;
    for (ByteBuffer piece : kept) {
      length += piece.remaining();
    }
    return length;
  }

  /// The kept bytes in an array of their own.
  public byte[] copyKept() {
    byte[] bytes = new byte[keptLength()];
    int at = 0;
    for (ByteBuffer piece : kept) {
      int length = piece.remaining();
      piece.get(piece.position(), bytes, at, length);
      at += length;
    }
    return bytes;
  }

  /// The same facts with no byte kept.
  public Body withoutBytes() {
    return new Body(List.of(), size, truncated || !kept.isEmpty(), contentEncoding);
  }
}
