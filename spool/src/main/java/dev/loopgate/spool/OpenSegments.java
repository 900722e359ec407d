package dev.loopgate.spool;

import dev.loopgate.spool.Disk.DiskFile;
import dev.loopgate.spool.LogMap.SegmentFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;

/// The segments that a reader has open: those used last, so many at most. A window is read group by
/// group, and each group goes through all of the window's segments: opening them anew every time
/// would read their dictionaries as often as there are groups. Confined to its reader; owns the
/// files.
final class OpenSegments {
  /// A window of 256 MiB lies over 5 segments of the usual size. One costs a file handle and a
  /// buffer of 256 KiB, or of its largest record: a little more than 1 MiB.
  static final int OF_A_WINDOW = 8;

  /// For the parts of an entry, which lie one after the other: no dictionary is read for them.
  static final int OF_PARTS = 1;

  /// All buffers together, but for the one that was used last: fewer stay open where records are
  /// large.
  private static final int BUFFER_BYTES_MAX = OF_A_WINDOW * (256 << 10);

  private static final ByteBuffer NONE = ByteBuffer.allocate(0);

  private final Disk disk;
  private final LogMap map;
  private final int openMax;
  private final LinkedHashMap<Long, OpenSegment> open = new LinkedHashMap<>(); // used last is last
  private ByteBuffer spare = NONE; // of the one that was closed last

  OpenSegments(Disk disk, LogMap map, int openMax) {
    this.disk = disk;
    this.map = map;
    this.openMax = openMax;
  }

  /// The segment of that number, opened when it is not open.
  ///
  /// @throws IOException when it is gone or can't be opened
  OpenSegment of(long number) throws IOException {
    OpenSegment segment = open.remove(number);
    if (segment == null) {
      segment = open(number);
    }
    open.put(number, segment);
    while (open.size() > 1 && bufferBytes() > BUFFER_BYTES_MAX) {
      close(open.firstEntry().getKey());
    }
    return segment;
  }

  /// Closes those before `number`: their files may have other bytes from now on.
  void closeBefore(long number) throws IOException {
    IOException failed = null;
    for (long each : List.copyOf(open.keySet())) {
      if (each < number) {
        try {
          close(each);
        } catch (IOException e) {
          failed = e; // the others go all the same
        }
      }
    }
    if (failed != null) {
      throw failed;
    }
  }

  private OpenSegment open(long number) throws IOException {
    SegmentFile file = map.file(number);
    if (file == null) {
      throw new IOException("log: segment gone: number=" + number);
    }
    if (open.size() >= openMax) {
      close(open.firstEntry().getKey());
    }
    DiskFile opened = disk.open(file.path());
    try {
      return new OpenSegment(new SegmentScan(opened, file.generation(), spare));
    } catch (IOException e) {
      opened.close();
      throw e;
    } finally {
      spare = NONE;
    }
  }

  private long bufferBytes() {
    long bytes = 0;
    for (OpenSegment segment : open.values()) {
      bytes += segment.scan().window().capacity();
    }
    return bytes;
  }

  private void close(long number) throws IOException {
    OpenSegment segment = open.remove(number);
    if (segment != null) {
      spare = segment.scan().window(); // off the heap, where nothing frees it for long
      segment.scan().close();
    }
  }
}
