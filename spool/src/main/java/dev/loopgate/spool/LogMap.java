package dev.loopgate.spool;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Which bytes of which segment are the log. `spool-writer` adds, its readers ask and recycle; any
/// thread.
///
/// Nearly always a segment's bytes are known by their own place. Recovery writes the last group
/// again to a fresh segment because the old bytes may be clean in the cache yet absent on disk;
/// readers may know its records by their old place already, so the copy keeps it.
final class LogMap {
  /// Some bytes of the log.
  ///
  /// @param start the place readers know them by
  /// @param bytes how many; a group or many
  /// @param segment the number of the segment they lie in
  /// @param offset and where in it
  record Extent(LogPosition start, long bytes, long segment, long offset) {
    LogPosition end() {
      return new LogPosition(start.segment(), start.offset() + bytes);
    }

    /// Where in the segment the bytes known by `place` lie.
    long offsetOf(LogPosition place) {
      return offset + place.offset() - start.offset();
    }
  }

  /// A segment's file.
  ///
  /// @param sound false: a write or force of it failed, or it is damaged; it is never used again
  record SegmentFile(long number, Path path, long generation, boolean sound) {}

  private final ReaderMarks readers = new ReaderMarks();
  private final TreeMap<LogPosition, Extent> extents = new TreeMap<>();
  private final TreeMap<Long, SegmentFile> files = new TreeMap<>();

  /// How far its readers are.
  ReaderMarks readers() {
    return readers;
  }

  synchronized void addFile(SegmentFile file) {
    files.put(file.number(), file);
  }

  synchronized void addExtent(Extent extent) {
    Map.Entry<LogPosition, Extent> before = extents.floorEntry(extent.start());
    if (before != null
        && before.getValue().segment() == extent.segment()
        && before.getValue().end().equals(extent.start())
        && before.getValue().offset() + before.getValue().bytes() == extent.offset()) {
      Extent joined =
          new Extent(
              before.getValue().start(),
              before.getValue().bytes() + extent.bytes(),
              extent.segment(),
              before.getValue().offset());
      extents.put(joined.start(), joined);
    } else {
      extents.put(extent.start(), extent);
    }
  }

  /// The segment's file failed.
  synchronized void spoil(long number) {
    SegmentFile file = files.get(number);
    if (file != null) {
      files.put(number, new SegmentFile(number, file.path(), file.generation(), false));
    }
  }

  /// The extent that holds the byte at `place`, or else the first one after it.
  synchronized @Nullable Extent atOrAfter(LogPosition place) {
    Map.Entry<LogPosition, Extent> floor = extents.floorEntry(place);
    if (floor != null && floor.getValue().end().compareTo(place) > 0) {
      return floor.getValue();
    }
    Map.Entry<LogPosition, Extent> after = extents.higherEntry(place);
    return after == null ? null : after.getValue();
  }

  synchronized @Nullable SegmentFile file(long number) {
    return files.get(number);
  }

  synchronized List<Extent> extents() {
    return List.copyOf(extents.values());
  }

  /// The numbers of all segments, in order.
  synchronized List<Long> numbers() {
    return List.copyOf(files.keySet());
  }

  synchronized int fileCount() {
    return files.size();
  }

  synchronized long bytesAfter(LogPosition from) {
    long sum = 0;
    for (Extent extent : extents.values()) {
      LogPosition end = extent.end();
      if (end.compareTo(from) > 0) {
        boolean inside = from.compareTo(extent.start()) > 0;
        sum += inside ? end.offset() - from.offset() : extent.bytes();
      }
    }
    return sum;
  }

  /// Forgets the segments of which nothing at or after `needed` is left, and says which. Never the
  /// newest one: it carries the numbers on.
  synchronized List<SegmentFile> takeBefore(LogPosition needed) {
    List<SegmentFile> free = new ArrayList<>();
    for (SegmentFile file : List.copyOf(files.values())) {
      boolean newest = file.number() == files.lastKey();
      if (!newest && file.number() < needed.segment() && !holdsAnyAfter(file.number(), needed)) {
        extents.values().removeIf(extent -> extent.segment() == file.number());
        files.remove(file.number());
        free.add(file);
      }
    }
    return free;
  }

  /// Forgets the segments that hold nothing of the log, except the newest and those in `kept`.
  synchronized List<SegmentFile> takeEmpty(Set<Long> kept) {
    List<SegmentFile> free = new ArrayList<>();
    for (SegmentFile file : List.copyOf(files.values())) {
      boolean empty = extents.values().stream().noneMatch(e -> e.segment() == file.number());
      if (empty && file.number() != files.lastKey() && !kept.contains(file.number())) {
        files.remove(file.number());
        free.add(file);
      }
    }
    return free;
  }

  private boolean holdsAnyAfter(long number, LogPosition needed) {
    return extents.values().stream()
        .anyMatch(extent -> extent.segment() == number && extent.end().compareTo(needed) > 0);
  }
}
