package dev.loopgate.spool;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Many producers, one consumer, over mapped memory that outlives the process. Any thread may
/// claim, commit and abort; everything that peeks or releases belongs to the one consumer.
///
/// ```text
///  0        4      8           length        aligned to 8
///  +--------+------+-----------+-------------+
///  | length | type | payload   | zeros       |
///  +--------+------+-----------+-------------+
///  length  int32  header and payload; 0 nothing yet, negative claimed, positive committed
///  type    int32  1 a message, -1 padding up to the ring's end or an aborted claim
///
///  trailer, behind the last byte of the data: tail int64 at 128, head int64 at 256; both are positions
///  that only grow, the offset is the position modulo the capacity.
/// ```
final class Ring {
  /*
   * The layout of Agrona's ManyToOneRingBuffer, without its flag for the JVM and without its `read`,
   * which zeroes and advances even after an exception.
   *
   * All parts of a message are claimed with one exchange of the tail, so they lie side by side, there
   * either is room for all of them or for none, and a set is never mixed with another producer's. The
   * first part is committed last: whoever finds it committed finds all of them. So the consumer need
   * not look ahead, and a set that a kill interrupted never reaches the log.
   *
   * The consumer zeroes what it releases before it moves the head: a producer's memory is zero, and a kill
   * between the exchange of the tail and the first length leaves zeros that a recovery can step over.
   */

  /// Bytes in front of each payload.
  static final int HEADER_BYTES = 8;

  /// Bytes behind the data that hold tail and head.
  static final int TRAILER_BYTES = 384;

  /// No room.
  static final long FULL = -1;

  static final int TYPE_MESSAGE = 1;
  static final int TYPE_PADDING = -1;

  private static final int TAIL_OFFSET = 128;
  private static final int HEAD_OFFSET = 256;
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment memory;
  private final int capacity;
  private final long mask;
  private final long tailAt;
  private final long headAt;
  private volatile boolean sealed;

  /// A ring in `memory`, which is 8-byte aligned and holds a power of two of data and the trailer.
  Ring(MemorySegment memory) {
    this.memory = memory;
    this.capacity = Math.toIntExact(memory.byteSize() - TRAILER_BYTES);
    if (Integer.bitCount(capacity) != 1) {
      throw new IllegalArgumentException("ring: capacity=" + capacity + ", a power of two");
    }
    this.mask = capacity - 1L;
    this.tailAt = (long) capacity + TAIL_OFFSET;
    this.headAt = (long) capacity + HEAD_OFFSET;
  }

  int capacity() {
    return capacity;
  }

  /// The largest payload of one message.
  int payloadBytesMax() {
    return capacity / 8 - HEADER_BYTES;
  }

  /// Where producers are.
  long tail() {
    return (long) LONG.getAcquire(memory, tailAt);
  }

  /// Where the consumer is: what is before it was released.
  long head() {
    return (long) LONG.getAcquire(memory, headAt);
  }

  // Producers

  /// Claims `count` messages side by side: all of `length` bytes of payload, but the last of
  /// `lastLength`. They begin at [#placeOf] of the returned position, and each must be committed or
  /// aborted before the caller returns: an open claim blocks all behind it.
  ///
  /// @param reserveBytes of the ring that must stay free
  /// @return the position, or [#FULL]
  long claim(int count, int length, int lastLength, int reserveBytes) {
    long available = capacity - (long) reserveBytes;
    long head = head();
    long tail;
    long end;
    do {
      tail = tail();
      end = endOf(tail, count, length, lastLength);
      if (end - head > available) {
        head = head();
        if (end - head > available) {
          return FULL;
        }
      }
    } while (!LONG.compareAndSet(memory, tailAt, tail, end));
    openRecords(tail, count, length, lastLength);
    return tail;
  }

  /// Where a message of `length` bytes that follows on `position` begins: there, or at the ring's
  /// next start when it would not fit before the end.
  long placeOf(long position, int length) {
    long offset = position & mask;
    return offset + aligned(length) > capacity ? position + (capacity - offset) : position;
  }

  /// Where a message of `length` bytes at `place` ends.
  long endOf(long place, int length) {
    return place + aligned(length);
  }

  /// Offset in [#memory] of the payload of the message at `place`.
  long payloadAt(long place) {
    return (place & mask) + HEADER_BYTES;
  }

  MemorySegment memory() {
    return memory;
  }

  /// The message at `place` is whole. From here on it survives the process.
  void commit(long place, int length) {
    INT.setRelease(memory, place & mask, length + HEADER_BYTES);
  }

  /// The claim at `place` comes to nothing; the consumer steps over it.
  void abort(long place, int length) {
    long offset = place & mask;
    INT.set(memory, offset + 4, TYPE_PADDING);
    INT.setRelease(memory, offset, length + HEADER_BYTES);
  }

  // The consumer

  /// Bytes of payload of the committed message at `position`, 0 when there is none yet,
  /// [#TYPE_PADDING] for padding, which [#skip] steps over.
  int peek(long position) {
    long offset = position & mask;
    int length = (int) INT.getAcquire(memory, offset);
    if (length <= 0) {
      return 0;
    }
    return (int) INT.get(memory, offset + 4) == TYPE_PADDING ? TYPE_PADDING : length - HEADER_BYTES;
  }

  /// The position behind the committed record, message or padding, at `position`.
  long skip(long position) {
    int length = (int) INT.getAcquire(memory, position & mask);
    return position + aligned(length - HEADER_BYTES);
  }

  /// Gives everything before `position` back to the producers.
  void release(long position) {
    long head = head();
    while (head < position) {
      long offset = head & mask;
      long bytes = Math.min(position - head, capacity - offset);
      memory.asSlice(offset, bytes).fill((byte) 0);
      head += bytes;
    }
    LONG.setRelease(memory, headAt, position); // after the zeros: a producer must find them
  }

  /// Makes the ring full for good if nothing is in it, not even a claim; true when it is. A
  /// producer that was late then finds no room, where it else would put an entry that nobody takes
  /// any more.
  boolean sealEmpty() {
    if (!sealed) {
      long head = head();
      sealed = LONG.compareAndSet(memory, tailAt, head, head + capacity);
    }
    return sealed;
  }

  /// Bytes claimed or committed and not released. Any thread.
  long used() {
    return sealed ? 0 : Math.max(0, tail() - head());
  }

  /// The raw length word at `position`, for a recovery: what it finds may be cut anywhere.
  int lengthAt(long position) {
    return (int) INT.getAcquire(memory, position & mask);
  }

  /// The raw type word at `position`.
  int typeAt(long position) {
    return (int) INT.getAcquire(memory, (position & mask) + 4);
  }

  /// Bytes a message of `length` bytes of payload takes.
  static long aligned(int length) {
    return (length + HEADER_BYTES + 7L) & ~7L;
  }

  private long endOf(long tail, int count, int length, int lastLength) {
    long position = tail;
    for (int i = 1; i < count; i++) {
      position = placeOf(position, length) + aligned(length);
    }
    return placeOf(position, lastLength) + aligned(lastLength);
  }

  private void openRecords(long tail, int count, int length, int lastLength) {
    long position = tail;
    for (int i = 1; i <= count; i++) {
      int bytes = i < count ? length : lastLength;
      long place = placeOf(position, bytes);
      if (place != position) {
        int gap = (int) (place - position) - HEADER_BYTES;
        open(position, gap, TYPE_PADDING);
        commit(position, gap);
      }
      open(place, bytes, TYPE_MESSAGE);
      position = place + aligned(bytes);
    }
    VarHandle.releaseFence(); // no byte of a payload before the length that a recovery steps over
  }

  private void open(long position, int length, int type) {
    long offset = position & mask;
    INT.setRelease(memory, offset, -(length + HEADER_BYTES));
    VarHandle
        .releaseFence(); // the negative length first: a recovery reads it to step over the rest
    INT.set(memory, offset + 4, type);
  }
}
