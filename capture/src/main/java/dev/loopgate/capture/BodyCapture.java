package dev.loopgate.capture;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Copies the first bytes of a body as it passes, and counts all of it. Confined to the event loop
/// of its exchange.
public final class BodyCapture {
  private final CaptureBuffers buffers;
  private final int keptMax;
  private final List<ByteBuffer> pieces = new ArrayList<>(2);
  private long size;
  private int kept;
  private @Nullable CutReason cut;
  private boolean decoded; // what is kept is not in the wire's encoding any more
  private boolean missed; // less came here than passed
  private boolean released;

  /// Keeps at most `keptMax` bytes, in pieces of `buffers`.
  public BodyCapture(CaptureBuffers buffers, int keptMax) {
    this.buffers = buffers;
    this.keptMax = keptMax;
  }

  /// Copies from `chunk` what still fits and counts all of it. The caller keeps `chunk`; its
  /// position is left alone. After [#release] it only counts: an exchange that is over may still
  /// have bytes on the way.
  public void copyFrom(ByteBuffer chunk) {
    int length = chunk.remaining();
    size += length;
    if (cut != null || released || length == 0) {
      return; // what is kept is a prefix: nothing is added behind a hole
    }
    int fits = Math.min(length, keptMax - kept);
    int from = chunk.position();
    int left = fits;
    while (left > 0) {
      ByteBuffer piece = pieceWithRoom();
      if (piece == null) {
        cut = CutReason.BUDGET;
        return;
      }
      int part = Math.min(left, piece.remaining());
      piece.put(piece.position(), chunk, from, part).position(piece.position() + part);
      from += part;
      left -= part;
      kept += part;
    }
    if (fits < length) {
      cut = CutReason.LIMIT;
    }
  }

  /// So many bytes have passed, as others have counted: some of them not here. Nothing when as many
  /// did here.
  public void passed(long bytes) {
    missed |= bytes > size;
    size = Math.max(size, bytes);
  }

  /// Wire bytes that passed, kept or not.
  public long size() {
    return size;
  }

  /// Why less is kept than passed; null while all is.
  public @Nullable CutReason cut() {
    return cut;
  }

  /// How many bytes are kept.
  int keptLength() {
    return kept;
  }

  /// Copies what is kept to the beginning of `bytes`.
  void copyTo(byte[] bytes) {
    int at = 0;
    for (ByteBuffer piece : pieces) {
      piece.get(0, bytes, at, piece.position());
      at += piece.position();
    }
  }

  /// Takes what is to be kept in place of what passed: beyond the limit if need be, but not beyond
  /// all buffers together.
  BodyRewriter.Sink replacement() {
    return new BodyRewriter.Sink() {
      @Override
      public void restart() {
        keepNothing();
      }

      @Override
      public boolean put(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
          ByteBuffer piece = pieceWithRoom();
          if (piece == null) {
            return false;
          }
          int part = Math.min(to - at, piece.remaining());
          piece.put(bytes, at, part);
          at += part;
          kept += part;
        }
        return true;
      }
    };
  }

  /// What is kept has lost the wire's encoding.
  void decoded() {
    decoded = true;
  }

  /// Keeps nothing.
  void forget(CutReason reason) {
    keepNothing();
    cut = reason;
  }

  /// What is kept, lent until [#release].
  ///
  /// @param whole the sender's last byte has passed
  /// @param contentEncoding lower case, empty when none
  public Body view(boolean whole, String contentEncoding) {
    List<ByteBuffer> views = new ArrayList<>(pieces.size());
    for (ByteBuffer piece : pieces) {
      views.add(piece.asReadOnlyBuffer().flip());
    }
    return new Body(views, size, !whole || missed || cut != null, decoded ? "" : contentEncoding);
  }

  /// Gives the pieces back; views of them are void. Harmless when repeated.
  public void release() {
    released = true;
    giveBackPieces();
  }

  private void keepNothing() {
    giveBackPieces();
    kept = 0;
  }

  private void giveBackPieces() {
    for (ByteBuffer piece : pieces) {
      buffers.giveBack(piece);
    }
    pieces.clear();
  }

  private @Nullable ByteBuffer pieceWithRoom() {
    if (!pieces.isEmpty()) {
      ByteBuffer last = pieces.getLast();
      if (last.hasRemaining()) {
        return last;
      }
    }
    ByteBuffer piece = pieces.isEmpty() ? buffers.takeSmall() : buffers.takeLarge();
    if (piece == null && !pieces.isEmpty()) {
      piece = buffers.takeSmall();
    }
    if (piece != null) {
      pieces.add(piece);
    }
    return piece;
  }
}
