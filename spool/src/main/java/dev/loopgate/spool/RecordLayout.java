package dev.loopgate.spool;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// One record in a group. Little-endian, 8-byte aligned.
///
/// ```text
///  0        4      5       6       8            16    24       28       32
///  +--------+------+-------+-------+------------+-----+--------+--------+-----------
///  | length | type | flags | magic | event time | seq | key id | crc32c | payload...
///  +--------+------+-------+-------+------------+-----+--------+--------+-----------
///  length      uint32  bytes of payload
///  event time  int64   milliseconds since the epoch
///  seq         uint64  of the entry, dense; of an entry in parts its last part has it, the others 0;
///                      0 for dictionary, marker, note
///  key id      uint32  a dictionary record's name for (kind, model, version); 0 for note and marker
///  crc32c      covers the segment's generation (8 bytes), 0 ..< 28 and the payload
///
/// payload of a part
///  0          8      12       16      20      24     28     32                40              48
///  +----------+------+--------+-------+-------+------+------+-----------------+---------------+------
///  | entry id | lane | number | count | total | back | zero | before: segment | before: offset| bytes
///  +----------+------+--------+-------+-------+------+------+-----------------+---------------+------
///  total   uint32  bytes of the whole entry
///  back    uint32  bytes from the start of the part before to the start of this one, when both are in
///                  one group; else 0
///  before  place of the part before, when back is 0 and number is not
///
/// payload of a dictionary record
///  0      1          5      9
///  +------+----------+------+---------+
///  | kind | name len | name | version |
///  +------+----------+------+---------+
///  name len  uint32 bytes; name and version are UTF-8
/// ```
final class RecordLayout {
  static final int HEAD_BYTES = 32;
  static final int PART_HEAD_BYTES = 48;
  static final int ALIGNMENT = 8;

  static final byte DICTIONARY = 1;
  static final byte ENTRY = 2;
  static final byte PART = 3;
  static final byte NOTE = 4;
  static final byte MARKER = 5;

  static final int FLAG_FORCED = 1;

  private static final short MAGIC = 0x4C52;
  private static final int CRC_AT = 28;

  /// A record's head.
  record Head(int length, byte type, int flags, long timeMillis, long seq, int keyId) {
    /// Bytes from this record's start to the next one's.
    int recordBytes() {
      return recordLength(length);
    }
  }

  /// A part's head.
  record PartHead(
      long entryId,
      int lane,
      int number,
      int count,
      int totalLength,
      int back,
      LogPosition before) {
    /// The last of its set.
    boolean isLast() {
      return number == count - 1;
    }
  }

  private RecordLayout() {}

  /// Bytes a record with this payload takes.
  static int recordLength(int payloadLength) {
    return (HEAD_BYTES + payloadLength + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /// Writes the head; the checksum comes with [#seal], when the generation is known.
  static void writeHead(ByteBuffer bytes, int at, Head head) {
    bytes.putInt(at, head.length()).put(at + 4, head.type()).put(at + 5, (byte) head.flags());
    bytes.putShort(at + 6, MAGIC).putLong(at + 8, head.timeMillis());
    bytes.putLong(at + 16, head.seq()).putInt(at + 24, head.keyId());
  }

  /// Writes the checksum of the record at `at`.
  static void seal(ByteBuffer bytes, int at, long generation) {
    bytes.putInt(at + CRC_AT, checksum(bytes, at, generation));
  }

  /// True when a whole record of this generation is at `at`.
  static boolean isValid(ByteBuffer bytes, int at, long generation) {
    if (bytes.limit() - at < HEAD_BYTES || bytes.getShort(at + 6) != MAGIC) {
      return false;
    }
    int length = bytes.getInt(at);
    return length >= 0
        && length <= bytes.limit() - at - HEAD_BYTES
        && bytes.getInt(at + CRC_AT) == checksum(bytes, at, generation);
  }

  /// True when what is at `at` looks like a record; only its checksum can prove it.
  static boolean isPlausible(ByteBuffer bytes, int at) {
    int length = bytes.getInt(at);
    return bytes.getShort(at + 6) == MAGIC
        && length >= 0
        && length <= SegmentLayout.GROUP_BYTES_MAX;
  }

  /// The head at `at`, whatever it is.
  static Head readHead(ByteBuffer bytes, int at) {
    return new Head(
        bytes.getInt(at),
        bytes.get(at + 4),
        Byte.toUnsignedInt(bytes.get(at + 5)),
        bytes.getLong(at + 8),
        bytes.getLong(at + 16),
        bytes.getInt(at + 24));
  }

  /// Writes a part's head at `at`, the start of the payload.
  static void writePartHead(ByteBuffer bytes, int at, PartHead part) {
    bytes.putLong(at, part.entryId()).putInt(at + 8, part.lane()).putInt(at + 12, part.number());
    bytes.putInt(at + 16, part.count()).putInt(at + 20, part.totalLength());
    bytes.putInt(at + 24, part.back()).putInt(at + 28, 0);
    bytes.putLong(at + 32, part.before().segment()).putLong(at + 40, part.before().offset());
  }

  /// The part's head at `at`, the start of the payload.
  static PartHead readPartHead(ByteBuffer bytes, int at) {
    return new PartHead(
        bytes.getLong(at),
        bytes.getInt(at + 8),
        bytes.getInt(at + 12),
        bytes.getInt(at + 16),
        bytes.getInt(at + 20),
        bytes.getInt(at + 24),
        new LogPosition(bytes.getLong(at + 32), bytes.getLong(at + 40)));
  }

  private static int checksum(ByteBuffer bytes, int at, long generation) {
    CRC32C crc = new CRC32C();
    ByteBuffer salt = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    crc.update(salt.putLong(0, generation));
    crc.update(bytes.slice(at, CRC_AT));
    crc.update(bytes.slice(at + HEAD_BYTES, bytes.getInt(at)));
    return (int) crc.getValue();
  }
}
