package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.ModelIdentity;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// What stands in front of each message of the ring, so that the writer need not parse what it
/// moves. Little-endian.
///
/// ```text
///  0      1       2      4      6      8            16       24         32         40
///  +------+-------+------+------+------+------------+--------+----------+----------+
///  | kind | flags | slot | lane | zero | event time | ticket | entry id | position |
///  +------+-------+------+------+------+------------+--------+----------+----------+
///  40     42      44       48          52             56       60
///  +------+-------+--------+-----------+--------------+--------+------+---------+-----------
///  | part | parts | length | name len  | version len  | crc32c | name | version | payload
///  +------+-------+--------+-----------+--------------+--------+------+---------+-----------
///  flags       uint8   1 forced: a feedback waits for it; 2 checked: the CRC is there
///  slot        uint16  of the ledger
///  event time  int64   milliseconds since the epoch; its hour is the entry's
///  ticket      int64   who waits for the force; 0 nobody
///  entry id    int64   of this ring: the position of its first claimed byte; all parts share it
///  position    int64   of this message in the ring, so that what an earlier lap left is told apart
///  part        uint16  from 0
///  parts       uint16  1 for an entry in one piece
///  length      uint32  bytes of the whole entry
///  name len    uint32  bytes of the model's name, at most [#NAME_BYTES_MAX]; the version alike
///  crc32c      uint32  over head and entry with these four bytes zero; zero when not checked
/// ```
///
/// @param headLength bytes of all this, names included
record EntryHead(
    EntryKind kind,
    int flags,
    int slot,
    int lane,
    long timeMillis,
    long ticket,
    long entryId,
    long position,
    int part,
    int parts,
    int entryLength,
    ModelIdentity model,
    int headLength) {

  /// Bytes before the names.
  static final int FIXED_BYTES = 60;

  /// A name longer than this is cut in the head; the entry has it whole.
  static final int NAME_BYTES_MAX = 1024;

  static final int FLAG_FORCED = 1;
  static final int FLAG_CHECKED = 2;

  private static final int CRC_AT = 56;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  boolean isForced() {
    return (flags & FLAG_FORCED) != 0;
  }

  boolean isChecked() {
    return (flags & FLAG_CHECKED) != 0;
  }

  boolean isLastPart() {
    return part == parts - 1;
  }

  /// Hours since the epoch.
  long hour() {
    return Ledger.hourOf(timeMillis);
  }

  /// The model's name or version as the head carries it.
  static byte[] nameBytes(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= NAME_BYTES_MAX) {
      return bytes;
    }
    int length = NAME_BYTES_MAX;
    while ((bytes[length] & 0xc0) == 0x80) {
      length--; // not amid a character
    }
    return Arrays.copyOf(bytes, length);
  }

  /// Writes the head of one part; the names follow at [#FIXED_BYTES].
  static void write(
      MemorySegment to, long at, Facts facts, long position, int part, int parts, int entryLength) {
    to.set(ValueLayout.JAVA_BYTE, at, (byte) facts.kind.number());
    to.set(ValueLayout.JAVA_BYTE, at + 1, (byte) facts.flags);
    to.set(SHORT, at + 2, (short) facts.slot);
    to.set(SHORT, at + 4, (short) facts.lane);
    to.set(SHORT, at + 6, (short) 0);
    to.set(LONG, at + 8, facts.timeMillis);
    to.set(LONG, at + 16, facts.ticket);
    to.set(LONG, at + 24, facts.entryId);
    to.set(LONG, at + 32, position);
    to.set(SHORT, at + 40, (short) part);
    to.set(SHORT, at + 42, (short) parts);
    to.set(INT, at + 44, entryLength);
    to.set(INT, at + 48, facts.name.length);
    to.set(INT, at + 52, facts.version.length);
    to.set(INT, at + CRC_AT, 0);
    long names = at + FIXED_BYTES;
    MemorySegment.copy(facts.name, 0, to, ValueLayout.JAVA_BYTE, names, facts.name.length);
    MemorySegment.copy(
        facts.version,
        0,
        to,
        ValueLayout.JAVA_BYTE,
        names + facts.name.length,
        facts.version.length);
  }

  /// Puts the checksum over the `length` bytes of head and entry at `at` into the head.
  static void seal(MemorySegment memory, long at, int length) {
    memory.set(INT, at + CRC_AT, crcOf(memory, at, length));
  }

  /// Whether the checksum over the `length` bytes of head and entry at `at` holds.
  static boolean holds(MemorySegment memory, long at, int length) {
    int stored = memory.get(INT, at + CRC_AT);
    CRC32C crc = new CRC32C();
    crc.update(memory.asSlice(at, CRC_AT).asByteBuffer());
    crc.update(new byte[4]);
    crc.update(memory.asSlice(at + CRC_AT + 4, length - CRC_AT - 4L).asByteBuffer());
    return stored == (int) crc.getValue();
  }

  /// The head of the message of `length` bytes at `at`, or null when no entry begins like this.
  static @Nullable EntryHead read(MemorySegment memory, long at, int length) {
    if (length < FIXED_BYTES) {
      return null;
    }
    int kind = memory.get(ValueLayout.JAVA_BYTE, at);
    int nameLength = memory.get(INT, at + 48);
    int versionLength = memory.get(INT, at + 52);
    if (kind < 0
        || kind >= Ledger.KINDS
        || nameLength < 1
        || nameLength > NAME_BYTES_MAX
        || versionLength < 1
        || versionLength > NAME_BYTES_MAX
        || FIXED_BYTES + nameLength + versionLength > length) {
      return null;
    }
    int part = memory.get(SHORT, at + 40) & 0xffff;
    int parts = memory.get(SHORT, at + 42) & 0xffff;
    int slot = memory.get(SHORT, at + 2) & 0xffff;
    if (part >= parts || slot > Ledger.SLOTS_MAX) {
      return null;
    }
    long names = at + FIXED_BYTES;
    return new EntryHead(
        EntryKind.ofNumber(kind),
        memory.get(ValueLayout.JAVA_BYTE, at + 1),
        slot,
        memory.get(SHORT, at + 4) & 0xffff,
        memory.get(LONG, at + 8),
        memory.get(LONG, at + 16),
        memory.get(LONG, at + 24),
        memory.get(LONG, at + 32),
        part,
        parts,
        memory.get(INT, at + 44),
        new ModelIdentity(
            text(memory, names, nameLength), text(memory, names + nameLength, versionLength)),
        FIXED_BYTES + nameLength + versionLength);
  }

  private static int crcOf(MemorySegment memory, long at, int length) {
    CRC32C crc = new CRC32C();
    ByteBuffer bytes = memory.asSlice(at, length).asByteBuffer();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static String text(MemorySegment memory, long at, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at, bytes, 0, length);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /// What all parts of an entry have in common; a lane fills it anew for each. Confined to its
  /// lane.
  static final class Facts {
    EntryKind kind = EntryKind.PREDICTION;
    int flags;
    int slot;
    int lane;
    long timeMillis;
    long ticket;
    long entryId;
    byte[] name = {};
    byte[] version = {};

    int headLength() {
      return FIXED_BYTES + name.length + version.length;
    }
  }
}
