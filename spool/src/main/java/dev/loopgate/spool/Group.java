package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.spool.RecordLayout.Head;
import dev.loopgate.spool.RecordLayout.PartHead;
import dev.loopgate.spool.SegmentLayout.GroupHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Records that become durable together. One is made by [Log#newGroup], used again and again,
/// confined to `spool-writer`: `begin`, `add...`, `end`, [Log#append]; after a failed append it is
/// unchanged.
final class Group {
  /// One part of an entry too long for one record.
  ///
  /// @param lane number of the lane it came through; a lane has one open set at most
  /// @param entryId the set's own number, never reused within one ring
  /// @param number of the part, from 0
  /// @param count parts in the set
  /// @param totalLength bytes of the whole entry
  record Part(int lane, long entryId, int number, int count, int totalLength) {}

  private record PlacedPart(PartHead part, int offset) {}

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final ByteBuffer buffer; // group header, then records
  private final Dictionary dictionary;
  private final PartSets sets;
  private final SeqSource seqs;
  private final Map<ModelKey, Integer> newKeys =
      new LinkedHashMap<>(); // key to bytes of its record
  private final List<PlacedPart> parts = new ArrayList<>();

  private long firstSeq;
  private int entries;
  private boolean markersOnly = true;
  private long ringId;
  private long ringEnd;
  private @Nullable LogPosition place; // for a copy, the place of what it copies

  /// Where a group's first seq comes from.
  @FunctionalInterface
  interface SeqSource {
    long nextSeq();
  }

  Group(int bytesMax, Dictionary dictionary, PartSets sets, SeqSource seqs) {
    this.buffer = SegmentLayout.pages(bytesMax);
    this.dictionary = dictionary;
    this.sets = sets;
    this.seqs = seqs;
    buffer.position(SegmentLayout.GROUP_HEADER_BYTES);
  }

  /// Empties the group; its records come from the ring with this id.
  void begin(long ringId) {
    newKeys.forEach(dictionary::remove); // of a group that was never appended
    forget();
    if (dictionary.isOverfull()) {
      dictionary.clear(); // before any record of this group uses a number
    }
    this.ringId = ringId;
    sets.ring(ringId);
    firstSeq = seqs.nextSeq();
  }

  /// Copies an entry. False: it does not fit any more, append this group first (an entry that does
  /// not fit an empty group never will: [#payloadBytesMax]).
  boolean addEntry(
      EntryKind kind,
      boolean forced,
      long timeMillis,
      String modelName,
      String modelVersion,
      ByteBuffer payload) {
    ModelKey key = new ModelKey(kind, modelName, modelVersion);
    if (!fits(key, RecordLayout.recordLength(payload.remaining()))) {
      return false;
    }
    int keyId = keyId(key, timeMillis);
    int flags = forced ? RecordLayout.FLAG_FORCED : 0;
    long seq = firstSeq + entries++;
    put(
        new Head(payload.remaining(), RecordLayout.ENTRY, flags, timeMillis, seq, keyId),
        NOTHING,
        payload);
    return true;
  }

  /// Copies a part of an entry. A part that does not continue its lane's open set is left out
  /// (true).
  boolean addPart(
      Part part,
      EntryKind kind,
      boolean forced,
      long timeMillis,
      String modelName,
      String modelVersion,
      ByteBuffer payload) {
    ModelKey key = new ModelKey(kind, modelName, modelVersion);
    int length = RecordLayout.PART_HEAD_BYTES + payload.remaining();
    if (!fits(key, RecordLayout.recordLength(length))) {
      return false;
    }
    PlacedPart inGroup = lastInGroup(part.lane());
    PartSets.Open open = sets.of(part.lane());
    if (part.number() > 0 && !continues(part, inGroup, open)) {
      return true;
    }
    int keyId = keyId(key, timeMillis);
    int at = buffer.position();
    PartHead head = headOf(part, at, inGroup, open);
    ByteBuffer headBytes =
        ByteBuffer.allocate(RecordLayout.PART_HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    RecordLayout.writePartHead(headBytes, 0, head);
    int flags = forced ? RecordLayout.FLAG_FORCED : 0;
    long seq = head.isLast() ? firstSeq + entries++ : 0;
    put(new Head(length, RecordLayout.PART, flags, timeMillis, seq, keyId), headBytes, payload);
    parts.add(new PlacedPart(head, at));
    return true;
  }

  /// Copies a note; false: it does not fit.
  boolean addNote(NoteMessage note, long timeMillis) {
    return addOwn(RecordLayout.NOTE, ByteBuffer.wrap(note.toByteArray()), timeMillis, 0);
  }

  /// A marker, so that the last group before silence is confirmed by a later one.
  boolean addMarker(long timeMillis) {
    return addOwn(RecordLayout.MARKER, NOTHING, timeMillis, 0);
  }

  /// A dictionary record, at the start of a segment.
  boolean addKey(ModelKey key, int id, long timeMillis) {
    return addOwn(RecordLayout.DICTIONARY, key.encoded(), timeMillis, id);
  }

  /// Makes this group the copy of another whose bytes lie in `source`: the same records, the same
  /// seqs, the same place.
  void copyOf(ByteBuffer source, GroupHeader header) {
    forget();
    buffer.put(
        source.slice(
            SegmentLayout.GROUP_HEADER_BYTES, header.length() - SegmentLayout.GROUP_HEADER_BYTES));
    firstSeq = header.firstSeq();
    entries = header.count();
    markersOnly = header.markersOnly();
    ringId = header.ringId();
    ringEnd = header.ringEnd();
    place = header.place();
  }

  /// No more records; the ring is consumed up to `ringEnd` when this group is durable.
  void end(long ringEnd) {
    this.ringEnd = ringEnd;
  }

  /// Whole entries in it (an entry in parts counts with its last part).
  int entries() {
    return entries;
  }

  /// Bytes so far.
  int bytes() {
    return buffer.position();
  }

  /// True with no record in it.
  boolean isEmpty() {
    return buffer.position() == SegmentLayout.GROUP_HEADER_BYTES;
  }

  /// The longest payload that fits an empty group, with the longest model names.
  int payloadBytesMax() {
    int keyBytes = 5 + 2 * 3 * ModelKey.NAME_LENGTH_MAX; // three UTF-8 bytes a char at most
    return buffer.capacity()
        - SegmentLayout.GROUP_HEADER_BYTES
        - RecordLayout.recordLength(keyBytes)
        - RecordLayout.recordLength(RecordLayout.PART_HEAD_BYTES)
        - RecordLayout.ALIGNMENT;
  }

  long nextSeq() {
    return firstSeq + entries;
  }

  /// The place readers know it by when it is written at `own`.
  LogPosition place(LogPosition own) {
    return place == null ? own : place;
  }

  /// Bytes on disk.
  int paddedLength() {
    return (int) SegmentLayout.padded(buffer.position());
  }

  /// The whole group as it goes to disk at `own`: checksums, header, padding. Valid until the next
  /// call.
  ByteBuffer seal(long generation, LogPosition own, LogPosition previousEnd) {
    int length = buffer.position();
    for (int at = SegmentLayout.GROUP_HEADER_BYTES; at < length; ) {
      RecordLayout.seal(buffer, at, generation);
      at += RecordLayout.recordLength(buffer.getInt(at));
    }
    SegmentLayout.writeGroupHeader(
        buffer,
        new GroupHeader(
            length,
            entries,
            markersOnly,
            generation,
            own.segment(),
            firstSeq,
            previousEnd,
            place(own),
            ringId,
            ringEnd));
    for (int at = length; at < paddedLength(); at++) {
      buffer.put(at, (byte) 0);
    }
    return buffer.duplicate().position(0).limit(paddedLength());
  }

  /// The group is durable at `own`: its parts have places now. Empty afterwards.
  void appended(LogPosition own) {
    for (PlacedPart placed : parts) {
      sets.add(placed.part(), new LogPosition(own.segment(), own.offset() + placed.offset()));
    }
    forget();
    firstSeq = seqs.nextSeq();
  }

  private void forget() {
    newKeys.clear();
    parts.clear();
    entries = 0;
    markersOnly = true;
    place = null;
    buffer.clear().position(SegmentLayout.GROUP_HEADER_BYTES);
  }

  private boolean fits(ModelKey key, int recordBytes) {
    int keyBytes =
        dictionary.idOf(key) >= 0 ? 0 : RecordLayout.recordLength(key.encoded().remaining());
    return keyBytes + recordBytes <= buffer.remaining();
  }

  private int keyId(ModelKey key, long timeMillis) {
    int known = dictionary.idOf(key);
    if (known >= 0) {
      return known;
    }
    int id = dictionary.nextId();
    int before = buffer.position();
    addKey(key, id, timeMillis);
    int recordBytes = buffer.position() - before;
    dictionary.add(key, recordBytes);
    newKeys.put(key, recordBytes);
    return id;
  }

  private boolean addOwn(byte type, ByteBuffer payload, long timeMillis, int keyId) {
    if (RecordLayout.recordLength(payload.remaining()) > buffer.remaining()) {
      return false;
    }
    put(new Head(payload.remaining(), type, 0, timeMillis, 0, keyId), NOTHING, payload);
    return true;
  }

  private void put(Head head, ByteBuffer before, ByteBuffer payload) {
    markersOnly &= head.type() == RecordLayout.MARKER;
    int at = buffer.position();
    RecordLayout.writeHead(buffer, at, head);
    buffer.position(at + RecordLayout.HEAD_BYTES);
    buffer.put(before.duplicate()).put(payload.duplicate());
    while (buffer.position() < at + head.recordBytes()) {
      buffer.put((byte) 0);
    }
  }

  private @Nullable PlacedPart lastInGroup(int lane) {
    for (int i = parts.size() - 1; i >= 0; i--) {
      if (parts.get(i).part().lane() == lane) {
        return parts.get(i);
      }
    }
    return null;
  }

  private static boolean continues(
      Part part, @Nullable PlacedPart inGroup, PartSets.@Nullable Open open) {
    if (inGroup != null) {
      return inGroup.part().entryId() == part.entryId()
          && inGroup.part().number() + 1 == part.number();
    }
    return open != null && open.entryId() == part.entryId() && open.next() == part.number();
  }

  private static PartHead headOf(
      Part part, int at, @Nullable PlacedPart inGroup, PartSets.@Nullable Open open) {
    int back = 0;
    LogPosition before = LogPosition.START;
    if (part.number() > 0) {
      if (inGroup != null) {
        back = at - inGroup.offset();
      } else if (open != null) {
        before = open.last();
      }
    }
    return new PartHead(
        part.entryId(), part.lane(), part.number(), part.count(), part.totalLength(), back, before);
  }
}
