package dev.loopgate.spool;

import dev.loopgate.spool.Disk.DiskFile;
import dev.loopgate.spool.RecordLayout.Head;
import dev.loopgate.spool.SegmentLayout.GroupHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Walks the records and groups of one segment, also through damage: whatever is not proved by its
/// checksum is stepped over, 8 bytes at a time, until something is again. Confined to its user;
/// owns the file.
final class SegmentScan implements AutoCloseable {
  private static final int CHUNK_BYTES = 256 << 10;

  private final DiskFile file;
  private final long generation;
  private long size;
  private ByteBuffer window;
  private long base; // the segment's offset of the window's first byte

  private long offset;
  private Head head = new Head(0, (byte) 0, 0, 0, 0, 0);
  private long skipped;
  private long ringId;

  SegmentScan(DiskFile file, long generation) throws IOException {
    this(file, generation, ByteBuffer.allocate(0));
  }

  /// @param window of a scan that was closed, taken over; whatever is in it is of no use
  SegmentScan(DiskFile file, long generation, ByteBuffer window) throws IOException {
    this.file = file;
    this.generation = generation;
    this.size = file.size();
    this.window = window.clear().limit(0);
  }

  /// Goes to the first valid record that begins at or after `from` and ends before `limit`; false
  /// when there is none. Nothing beyond `limit` is read: it may be written at this moment.
  boolean seek(long from, long limit) throws IOException {
    skipped = 0;
    long at = from;
    boolean lost = false;
    while (at + RecordLayout.HEAD_BYTES <= limit) {
      boolean pageStart = at % SegmentLayout.PAGE_BYTES == 0;
      GroupHeader group = pageStart ? groupHeader(at, limit) : null;
      if (group != null) {
        ringId = group.ringId();
        at += SegmentLayout.GROUP_HEADER_BYTES;
        lost = false;
      } else if (isRecord(at, limit)) {
        offset = at;
        head = RecordLayout.readHead(window, (int) (at - base));
        return true;
      } else if (!lost
          && !pageStart
          && load(at, Long.BYTES, limit)
          && window.getLong((int) (at - base)) == 0) {
        at = SegmentLayout.padded(at); // the group's padding
      } else {
        lost = true;
        skipped += RecordLayout.ALIGNMENT;
        at += RecordLayout.ALIGNMENT;
      }
    }
    return false;
  }

  /// Where the record begins.
  long offset() {
    return offset;
  }

  /// Where the next one begins, or its group's padding.
  long nextOffset() {
    return offset + head.recordBytes();
  }

  Head head() {
    return head;
  }

  /// A view of the record's payload, valid until the next seek.
  ByteBuffer payload() {
    int at = (int) (offset - base) + RecordLayout.HEAD_BYTES;
    return window.slice(at, head.length()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Bytes stepped over by the last seek because they are damaged.
  long skipped() {
    return skipped;
  }

  /// The ring that the last group header passed names.
  long ringId() {
    return ringId;
  }

  long size() {
    return size;
  }

  /// The header of the group at `at` when it is of this generation, whole or not.
  @Nullable GroupHeader groupHeader(long at, long limit) throws IOException {
    if (!load(at, SegmentLayout.GROUP_HEADER_BYTES, limit)) {
      return null;
    }
    GroupHeader header = SegmentLayout.readGroupHeader(window, (int) (at - base));
    return header != null && header.generation() == generation ? header : null;
  }

  /// The bytes of the group at `at` when it is whole, valid until the next call; else null.
  @Nullable ByteBuffer wholeGroup(long at, GroupHeader header) throws IOException {
    if (header.length() < SegmentLayout.GROUP_HEADER_BYTES
        || header.length() > SegmentLayout.GROUP_BYTES_MAX
        || !load(at, header.length(), size)
        || !SegmentLayout.isWhole(window, (int) (at - base), header)) {
      return null;
    }
    return window.slice((int) (at - base), header.length()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// The buffer it reads into, for another scan once this one is closed.
  ByteBuffer window() {
    return window;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private boolean isRecord(long at, long limit) throws IOException {
    if (!load(at, RecordLayout.HEAD_BYTES, limit)) {
      return false;
    }
    int i = (int) (at - base);
    if (!RecordLayout.isPlausible(window, i)) {
      return false;
    }
    int length = RecordLayout.HEAD_BYTES + window.getInt(i);
    return load(at, length, limit) && RecordLayout.isValid(window, (int) (at - base), generation);
  }

  /// Makes `count` bytes from `at` part of the window; false when there are not so many before
  /// `limit`.
  private boolean load(long at, int count, long limit) throws IOException {
    if (at >= base && at + count <= base + window.limit()) {
      return true;
    }
    if (limit > size) {
      size = file.size(); // the first segment of all grows
    }
    long end = Math.min(limit, size);
    if (at + count > end) {
      return false;
    }
    int bytes = (int) Math.min(Math.max(count, CHUNK_BYTES), end - at);
    if (window.capacity() < bytes) {
      window = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
    window.clear().limit(0); // nothing is there, should the read fail
    ByteBuffer into = window.duplicate().clear().limit(bytes);
    int read = file.read(into, at);
    base = at;
    window.limit(into.position());
    return read >= count;
  }
}
