package dev.loopgate.spool;

import dev.loopgate.spool.SegmentLayout.GroupHeader;
import dev.loopgate.spool.SegmentLayout.Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What recovery finds in one segment's file: every whole group, wherever it is.
///
/// @param header null when damaged
/// @param generation from the header, or from the first group of this number
/// @param readable false: neither said a generation, so nothing in it can be told from older bytes
/// @param tornAt where a group of this generation begins that is not whole, after the last whole
///   one; -1
record FoundSegment(
    long number,
    Path path,
    long size,
    @Nullable Header header,
    long generation,
    boolean readable,
    List<FoundGroup> groups,
    long tornAt) {
  /// A whole group.
  record FoundGroup(long segment, long offset, GroupHeader header) {
    long end() {
      return offset + header.paddedLength();
    }
  }

  /// @throws IOException when it can't be read, or a later version wrote it
  static FoundSegment scan(Disk disk, Path path, long number) throws IOException {
    Header header = readHeader(disk, path);
    if (header != null && header.number() != number) {
      header = null;
    }
    Long generation =
        header != null ? Long.valueOf(header.generation()) : guess(disk, path, number);
    if (generation == null) {
      return new FoundSegment(number, path, 0, header, 0, false, List.of(), -1);
    }
    try (SegmentScan scan = new SegmentScan(disk.open(path), generation)) {
      List<FoundGroup> groups = new ArrayList<>();
      long torn = -1;
      long at = SegmentLayout.PAGE_BYTES;
      while (at < scan.size()) {
        GroupHeader group = scan.groupHeader(at, scan.size());
        if (group == null || group.segment() != number) {
          at += SegmentLayout.PAGE_BYTES;
        } else if (scan.wholeGroup(at, group) == null) {
          torn = torn < 0 ? at : torn;
          at += SegmentLayout.PAGE_BYTES;
        } else {
          groups.add(new FoundGroup(number, at, group));
          at += group.paddedLength();
          torn = -1;
        }
      }
      return new FoundSegment(
          number, path, scan.size(), header, generation, true, List.copyOf(groups), torn);
    }
  }

  /// The preamble, null when it is damaged.
  @Nullable FoundGroup preamble() {
    boolean there = !groups.isEmpty() && groups.getFirst().offset() == SegmentLayout.PAGE_BYTES;
    return there ? groups.getFirst() : null;
  }

  private static @Nullable Header readHeader(Disk disk, Path path) throws IOException {
    ByteBuffer page = ByteBuffer.allocate(SegmentLayout.PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (Disk.DiskFile file = disk.open(path)) {
      file.read(page, 0);
    }
    SegmentLayout.requireKnown(path, SegmentLayout.versionOf(page.flip()));
    return SegmentLayout.readHeader(page);
  }

  /// With the header gone: the generation of the first group that names this segment. Bytes of an
  /// earlier life name another number.
  private static @Nullable Long guess(Disk disk, Path path, long number) throws IOException {
    ByteBuffer page = ByteBuffer.allocate(SegmentLayout.PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (Disk.DiskFile file = disk.open(path)) {
      for (long at = SegmentLayout.PAGE_BYTES; at < file.size(); at += SegmentLayout.PAGE_BYTES) {
        page.clear();
        file.read(page, at);
        GroupHeader group = SegmentLayout.readGroupHeader(page.flip(), 0);
        if (group != null && group.segment() == number) {
          return group.generation();
        }
      }
    }
    return null;
  }
}
