package dev.loopgate.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.ByteToMessageDecoder;
import org.jspecify.annotations.Nullable;

/// What a connection has received and nobody has read yet. Confined to the connection's event loop.
final class Unread {
  private @Nullable ByteBuf bytes;

  /// Takes what was received.
  void add(ByteBufAllocator buffers, ByteBuf received) {
    ByteBuf before = bytes;
    bytes =
        before == null
            ? received
            : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(buffers, before, received);
  }

  /// All of it, to be read from; null when there is none.
  @Nullable ByteBuf bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return length() == 0;
  }

  int length() {
    ByteBuf all = bytes;
    return all == null ? 0 : all.readableBytes();
  }

  /// Gives all of it away; null when there is none.
  @Nullable ByteBuf take() {
    ByteBuf all = bytes;
    bytes = null;
    return all;
  }

  /// Throws all of it away, and says how much that was.
  int release() {
    ByteBuf all = bytes;
    int length = length();
    bytes = null;
    if (all != null) {
      all.release();
    }
    return length;
  }

  /// Gives the memory back if all was read.
  void releaseIfRead() {
    if (isEmpty()) {
      release();
    }
  }
}
