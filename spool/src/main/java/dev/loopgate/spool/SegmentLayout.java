package dev.loopgate.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A segment's header and its groups. Little-endian; 4 KiB pages.
///
/// ```text
/// segment header, one page
///  0         8         12     16          32           40       48          56     60
///  +---------+---------+------+-----------+------------+--------+-----------+------+--------+
///  | magic   | version | zero | spool id  | generation | number | first seq | zero | crc32c |
///  +---------+---------+------+-----------+------------+--------+-----------+------+--------+
///  crc32c covers 0 ..< 60
///
/// group header, at the start of a page, then the records, then zeros to the end of the page
///  0       4        8       12      16          24        32          40             56       72
///  +-------+--------+-------+-------+-----------+---------+-----------+--------------+--------+
///  | magic | length | count | flags | generation| segment | first seq | previous end | place  |
///  +-------+--------+-------+-------+-----------+---------+-----------+--------------+--------+
///  72        80         88            92       96
///  +---------+----------+-------------+--------+----------
///  | ring id | ring end | head crc32c | crc32c | records...
///  +---------+----------+-------------+--------+----------
///  length        uint32  bytes of header and records, without the padding
///  count         uint32  entries that take a seq
///  flags         uint32  1: nothing but markers, so that nothing is lost when it is
///  previous end  segment and offset up to which the log was durable when this group was written
///  place         segment and offset that readers know the group by: its own, or, for a copy that
///                recovery made, those of the group it is a copy of
///  head crc32c   covers 0 ..< 88
///  crc32c        covers 0 ..< 92 and the records
/// ```
final class SegmentLayout {
  static final int PAGE_BYTES = 4096;

  /// 2 has entries of the kind `access_log`, and is else as 1.
  static final int VERSION = 2;

  static final int GROUP_HEADER_BYTES = 96;
  static final int GROUP_BYTES_MAX = 8 << 20;

  /// No record's length: tells a group's start from a record.
  static final int GROUP_MAGIC = 0xA7474C70;

  private static final long SEGMENT_MAGIC = 0x31544745534C504CL; // "LPLSEGT1"
  private static final int MARKERS_ONLY = 1;
  private static final int HEADER_CRC_AT = 60;
  private static final int HEAD_CRC_AT = 88;
  private static final int CRC_AT = 92;

  /// What a segment says of itself.
  record Header(SpoolId spoolId, long generation, long number, long firstSeq) {}

  /// What a group says of itself.
  record GroupHeader(
      int length,
      int count,
      boolean markersOnly,
      long generation,
      long segment,
      long firstSeq,
      LogPosition previousEnd,
      LogPosition place,
      long ringId,
      long ringEnd) {
    /// Bytes on disk.
    long paddedLength() {
      return padded(length);
    }

    /// The seq after its last one.
    long nextSeq() {
      return firstSeq + count;
    }
  }

  private SegmentLayout() {}

  /// A direct buffer that begins at a page: it can be written past the kernel's cache.
  static ByteBuffer pages(int bytes) {
    return ByteBuffer.allocateDirect(bytes + 2 * PAGE_BYTES)
        .alignedSlice(PAGE_BYTES)
        .slice(0, bytes)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Rounded up to whole pages.
  static long padded(long bytes) {
    return (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
  }

  /// Writes the header page into the first bytes of `page`.
  static void writeHeader(ByteBuffer page, Header header) {
    page.putLong(0, SEGMENT_MAGIC).putInt(8, VERSION).putInt(12, 0);
    page.putLong(16, header.spoolId().high()).putLong(24, header.spoolId().low());
    page.putLong(32, header.generation()).putLong(40, header.number());
    page.putLong(48, header.firstSeq()).putInt(56, 0);
    page.putInt(HEADER_CRC_AT, crc(page, 0, HEADER_CRC_AT));
  }

  /// The header in the first bytes of `page`, null when it is damaged or of a later version.
  static @Nullable Header readHeader(ByteBuffer page) {
    int version = versionOf(page);
    if (version < 1 || version > VERSION) {
      return null;
    }
    return new Header(
        new SpoolId(page.getLong(16), page.getLong(24)),
        page.getLong(32),
        page.getLong(40),
        page.getLong(48));
  }

  /// Refuses what a later version wrote: an earlier one would take its groups for rot.
  ///
  /// @throws IOException one line that names the file and what is allowed
  static void requireKnown(Path file, int version) throws IOException {
    if (version > VERSION) {
      throw new IOException(
          "spool of a later version: file="
              + file
              + ", version="
              + version
              + ", known="
              + VERSION
              + "; allowed: the Loopgate that wrote it, or a later one (nothing was changed)");
    }
  }

  /// The version that the header in the first bytes of `page` says, 0 when it is damaged.
  static int versionOf(ByteBuffer page) {
    boolean whole =
        page.limit() >= HEADER_CRC_AT + 4
            && page.getLong(0) == SEGMENT_MAGIC
            && page.getInt(HEADER_CRC_AT) == crc(page, 0, HEADER_CRC_AT);
    return whole ? page.getInt(8) : 0;
  }

  /// Writes the group's header before its records, which are in `group` already.
  static void writeGroupHeader(ByteBuffer group, GroupHeader header) {
    group.putInt(0, GROUP_MAGIC).putInt(4, header.length()).putInt(8, header.count());
    group.putInt(12, header.markersOnly() ? MARKERS_ONLY : 0);
    group.putLong(16, header.generation()).putLong(24, header.segment());
    group.putLong(32, header.firstSeq());
    group.putLong(40, header.previousEnd().segment()).putLong(48, header.previousEnd().offset());
    group.putLong(56, header.place().segment()).putLong(64, header.place().offset());
    group.putLong(72, header.ringId()).putLong(80, header.ringEnd());
    group.putInt(HEAD_CRC_AT, crc(group, 0, HEAD_CRC_AT));
    group.putInt(CRC_AT, groupCrc(group, 0, header.length()));
  }

  /// The group's header at `at`, null when it is damaged. Its records are not looked at.
  static @Nullable GroupHeader readGroupHeader(ByteBuffer bytes, int at) {
    if (bytes.limit() - at < GROUP_HEADER_BYTES
        || bytes.getInt(at) != GROUP_MAGIC
        || bytes.getInt(at + HEAD_CRC_AT) != crc(bytes, at, HEAD_CRC_AT)) {
      return null;
    }
    return new GroupHeader(
        bytes.getInt(at + 4),
        bytes.getInt(at + 8),
        (bytes.getInt(at + 12) & MARKERS_ONLY) != 0,
        bytes.getLong(at + 16),
        bytes.getLong(at + 24),
        bytes.getLong(at + 32),
        new LogPosition(bytes.getLong(at + 40), bytes.getLong(at + 48)),
        new LogPosition(bytes.getLong(at + 56), bytes.getLong(at + 64)),
        bytes.getLong(at + 72),
        bytes.getLong(at + 80));
  }

  /// True when the whole group at `at` is as it was written.
  static boolean isWhole(ByteBuffer bytes, int at, GroupHeader header) {
    return header.length() >= GROUP_HEADER_BYTES
        && header.length() <= bytes.limit() - at
        && bytes.getInt(at + CRC_AT) == groupCrc(bytes, at, header.length());
  }

  private static int groupCrc(ByteBuffer bytes, int at, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(at, CRC_AT));
    crc.update(bytes.slice(at + GROUP_HEADER_BYTES, length - GROUP_HEADER_BYTES));
    return (int) crc.getValue();
  }

  private static int crc(ByteBuffer bytes, int at, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(at, length));
    return (int) crc.getValue();
  }
}
