package dev.loopgate.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/// What one connection is to be sent, up to its next flush: small pieces lie one behind the other
/// in the buffer of the head before them, so that a head with a small body is one buffer to the
/// kernel. Confined to the connection's event loop.
///
/// What waits here, up to a head and twice [#JOINED_BYTES_MAX], is not in the channel's own count
/// of what is to be written; it goes there with the next flush, and each read is followed by one.
final class Outgoing {
  /// The room behind a head. Copying so much costs less than one more buffer.
  static final int JOINED_BYTES_MAX = 1024;

  /// The buffer that small chunks share.
  private static final int CHUNKS_BYTES = 2 * JOINED_BYTES_MAX;

  private @Nullable ByteBuf open; // of our own, with room at its end

  /// Takes a head, whose room behind its end may be filled.
  void head(Channel channel, ByteBuf head) {
    pass(channel);
    if (channel.isActive()) {
      open = head;
    } else {
      channel.write(head); // which releases it
    }
  }

  /// Takes a piece, which is copied if it is small, and released then.
  void piece(Channel channel, ByteBuf piece) {
    ByteBuf before = open;
    if (before != null && piece.readableBytes() <= before.writableBytes()) {
      before.writeBytes(piece);
      piece.release();
    } else {
      pass(channel);
      channel.write(piece);
    }
  }

  /// Takes a piece as one chunk. A small one becomes one buffer with its frame, in which what
  /// follows finds room.
  void chunk(Channel channel, ByteBuf piece) {
    int length = piece.readableBytes();
    if (length > JOINED_BYTES_MAX) {
      piece(channel, HeadWriter.chunkStart(channel.alloc(), length));
      piece(channel, piece);
      piece(channel, HeadWriter.chunkEnd(channel.alloc()));
      return;
    }
    ByteBuf before = open;
    if (before != null && before.writableBytes() >= length + HeadWriter.CHUNK_FRAME_BYTES_MAX) {
      HeadWriter.writeChunk(before, piece);
    } else {
      ByteBuf fresh = channel.alloc().ioBuffer(CHUNKS_BYTES);
      HeadWriter.writeChunk(fresh, piece);
      head(channel, fresh);
    }
    piece.release();
  }

  /// All that was taken is the channel's now, not flushed yet.
  void pass(Channel channel) {
    ByteBuf before = open;
    if (before != null) {
      open = null;
      channel.write(before);
    }
  }

  /// The connection is gone.
  void release() {
    ByteBuf before = open;
    if (before != null) {
      open = null;
      before.release();
    }
  }
}
