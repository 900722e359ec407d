package dev.loopgate.spool;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.loopgate.capture.Body;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;

/// One entry as its protobuf bytes, in ranges: what a codec wrote, and between it the bodies, which
/// are not copied before they lie in the ring. Confined to a lane, used again for each entry.
final class EncodedEntry {
  /*
   * The size must be known before the claim. Writing everything but the bodies into a scratch array
   * gives it for the price of the copy that the strings need anyway; a pass of its own over all strings,
   * only to learn their sizes, would cost as much again.
   */

  private static final int SCRATCH_BYTES = 16 << 10;
  private static final int SCRATCH_BYTES_KEPT_MAX = 256 << 10;
  private static final int PREFIX_BYTES_MAX = 16;
  private static final int RANGES_MAX = 3;

  private byte[] scratch = new byte[SCRATCH_BYTES];
  private final int[] rangeEnd = new int[RANGES_MAX];
  private final Body[] bodies = {Body.EMPTY, Body.EMPTY};
  private int ranges;
  private int start;
  private int length;

  /// Begins an entry whose ranges take at most `bytesMax` bytes, bodies not among them.
  CodedOutputStream begin(int bytesMax) {
    int needed = bytesMax + PREFIX_BYTES_MAX;
    if (scratch.length < needed) {
      scratch = new byte[needed];
    }
    ranges = 0;
    bodies[0] = Body.EMPTY;
    bodies[1] = Body.EMPTY;
    return CodedOutputStream.newInstance(
        scratch, PREFIX_BYTES_MAX, scratch.length - PREFIX_BYTES_MAX);
  }

  /// The kept bytes of `body` come here.
  void body(CodedOutputStream out, Body body) {
    rangeEnd[ranges] = PREFIX_BYTES_MAX + out.getTotalBytesWritten();
    bodies[ranges++] = body;
  }

  /// The message is written; the field `number` of an entry message embraces it.
  void end(CodedOutputStream out, int number) throws IOException {
    int written = out.getTotalBytesWritten();
    rangeEnd[ranges++] = PREFIX_BYTES_MAX + written;
    int message = written + bodies[0].keptLength() + bodies[1].keptLength();
    int prefix =
        CodedOutputStream.computeTagSize(number)
            + CodedOutputStream.computeUInt32SizeNoTag(message);
    start = PREFIX_BYTES_MAX - prefix;
    CodedOutputStream head = CodedOutputStream.newInstance(scratch, start, prefix);
    head.writeTag(number, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    head.writeUInt32NoTag(message);
    length = prefix + message;
  }

  /// Bytes of the whole entry.
  int length() {
    return length;
  }

  /// Copies `count` bytes of the entry, from its byte `from` on, to `to`.
  void copyTo(MemorySegment to, long at, int from, int count) {
    int skip = from;
    int left = count;
    long target = at;
    int rangeStart = start;
    for (int i = 0; i < ranges && left > 0; i++) {
      int rangeLength = rangeEnd[i] - rangeStart;
      int take = Math.min(left, Math.max(0, rangeLength - skip));
      MemorySegment.copy(
          scratch,
          rangeStart + Math.min(skip, rangeLength),
          to,
          ValueLayout.JAVA_BYTE,
          target,
          take);
      skip = Math.max(0, skip - rangeLength);
      target += take;
      left -= take;
      rangeStart = rangeEnd[i];
      if (i < bodies.length && left > 0) {
        List<ByteBuffer> pieces = bodies[i].kept();
        for (int p = 0; p < pieces.size() && left > 0; p++) {
          ByteBuffer piece = pieces.get(p);
          int remaining = piece.remaining();
          int part = Math.min(left, Math.max(0, remaining - skip));
          if (part > 0) {
            MemorySegment.copy(MemorySegment.ofBuffer(piece), skip, to, target, part);
          }
          skip = Math.max(0, skip - remaining);
          target += part;
          left -= part;
        }
      }
    }
  }

  /// The entry is copied, or comes to nothing: lets go of its bodies and of a large scratch.
  void clear() {
    bodies[0] = Body.EMPTY;
    bodies[1] = Body.EMPTY;
    if (scratch.length > SCRATCH_BYTES_KEPT_MAX) {
      scratch = new byte[SCRATCH_BYTES];
    }
  }
}
