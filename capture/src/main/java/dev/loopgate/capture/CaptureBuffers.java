package dev.loopgate.capture;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// One event loop's share of `capture.bytes-max`: off-heap pieces that bodies are copied into, and
/// that come back when their exchange is over. Confined to one event loop.
///
/// Two sizes of piece: most bodies fit one small one, and a large body does not pay for thousands.
/// What is handed out and what waits here for use together never exceed the share.
public final class CaptureBuffers {
  /// A first piece, bytes.
  public static final int SMALL_BYTES = 4 << 10;

  /// Every further piece, bytes.
  public static final int LARGE_BYTES = 64 << 10;

  private final long bytesMax;
  private final ArrayDeque<ByteBuffer> small = new ArrayDeque<>();
  private final ArrayDeque<ByteBuffer> large = new ArrayDeque<>();
  private long bytesAllocated;
  private long bytesInUse;

  /// A share of `bytesMax` bytes; nothing is allocated before it is needed.
  public CaptureBuffers(long bytesMax) {
    if (bytesMax < 0) {
      throw new IllegalArgumentException("capture bytes: max=" + bytesMax + ", allowed=0 and up");
    }
    this.bytesMax = bytesMax;
  }

  /// A cleared small piece, or null when the share is used up.
  @Nullable ByteBuffer takeSmall() {
    return take(small, SMALL_BYTES, large);
  }

  /// A cleared large piece, or null when the share is used up.
  @Nullable ByteBuffer takeLarge() {
    return take(large, LARGE_BYTES, small);
  }

  /// Takes back a piece that came from here.
  void giveBack(ByteBuffer piece) {
    bytesInUse -= piece.capacity();
    piece.clear();
    (piece.capacity() == SMALL_BYTES ? small : large).push(piece);
  }

  /// Takes room of the share for bytes that lie elsewhere; [#giveBack(int)] gives it back.
  ///
  /// @return false when the share is used up
  public boolean takeRoom(int bytes) {
    if (bytesInUse + bytes > bytesMax) {
      return false;
    }
    while (bytesAllocated + bytes > bytesMax) {
      bytesAllocated -= (large.isEmpty() ? small : large).pop().capacity();
    }
    bytesAllocated += bytes;
    bytesInUse += bytes;
    return true;
  }

  /// Gives back room that was taken.
  public void giveBack(int bytes) {
    bytesAllocated -= bytes;
    bytesInUse -= bytes;
  }

  /// Bytes that bodies hold now.
  public long bytesInUse() {
    return bytesInUse;
  }

  /// Bytes that bodies hold and that wait here for the next ones; never above the share.
  public long bytesAllocated() {
    return bytesAllocated;
  }

  /// The share.
  public long bytesMax() {
    return bytesMax;
  }

  private @Nullable ByteBuffer take(
      ArrayDeque<ByteBuffer> pieces, int bytes, ArrayDeque<ByteBuffer> others) {
    ByteBuffer piece = pieces.poll();
    if (piece == null) {
      if (bytesInUse + bytes > bytesMax) {
        return null; // before anything idle is given up for nothing
      }
      // Idle pieces, all of the other size, make room: the collector frees their memory.
      while (bytesAllocated + bytes > bytesMax) {
        bytesAllocated -= others.pop().capacity();
      }
      piece = ByteBuffer.allocateDirect(bytes);
      bytesAllocated += bytes;
    }
    bytesInUse += bytes;
    return piece;
  }
}
