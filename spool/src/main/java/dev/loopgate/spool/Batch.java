package dev.loopgate.spool;

import dev.loopgate.proto.v1.NoteMessage;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// One group of the log in the making: entries out of a ring and, at its end, the note that counts
/// them. Confined to `spool-writer`, or to a recovery.
final class Batch {
  private static final int SLACK_BYTES = 1024; // heads of records

  private final Log log;
  private final Group group;
  private final LedgerNotes notes;
  private final long ringId;
  private final int bytesMax;
  private int entries;
  private long consumedTo;
  private boolean ended;

  /// An empty batch of what lies in the ring `ringId` from `position` on.
  ///
  /// @param group lent, and emptied
  Batch(Log log, Group group, LedgerNotes notes, long ringId, long position) {
    this.log = log;
    this.group = group;
    this.notes = notes;
    this.ringId = ringId;
    this.consumedTo = position;
    group.begin(ringId);
    this.bytesMax = group.payloadBytesMax();
  }

  /// Copies the message of `length` bytes at `at`; false when this batch must be appended first.
  ///
  /// @param end position in the ring behind the message
  boolean add(MemorySegment memory, long at, int length, EntryHead head, long end) {
    if (!group.isEmpty() && group.bytes() + length + notes.bytesMax() > bytesMax - SLACK_BYTES) {
      return false;
    }
    ByteBuffer payload =
        memory.asSlice(at + head.headLength(), length - head.headLength()).asByteBuffer();
    boolean fits =
        head.parts() == 1
            ? group.addEntry(
                head.kind(),
                head.isForced(),
                head.timeMillis(),
                head.model().name(),
                head.model().version(),
                payload)
            : group.addPart(
                new Group.Part(
                    head.lane(), head.entryId(), head.part(), head.parts(), head.entryLength()),
                head.kind(),
                head.isForced(),
                head.timeMillis(),
                head.model().name(),
                head.model().version(),
                payload);
    if (fits && head.isLastPart()) {
      notes.accepted(head);
      entries++;
      consumedTo = end; // never amid a set: a recovery offers it again from its first part on
    }
    return fits;
  }

  /// Copies a note of its own, a gap; false when this batch must be appended first.
  boolean addNote(NoteMessage note, long timeMillis) {
    return group.addNote(note, timeMillis);
  }

  /// Copies a marker; false when this batch must be appended first.
  boolean addMarker(long timeMillis) {
    return group.addMarker(timeMillis);
  }

  /// Writes and forces; after a failure the same batch is appended again by calling this again.
  void append(long timeMillis) throws LogFailedException {
    if (!ended) {
      if (notes.isPending()) {
        NoteMessage note = notes.seal(bytesMax - group.bytes() - SLACK_BYTES);
        if (!group.addNote(note, timeMillis)) {
          throw new IllegalStateException(
              "note: bytes=" + note.getSerializedSize() + ", group=" + group.bytes());
        }
      }
      group.end(consumedTo);
      ended = true;
    }
    log.append(group, notes::snapshot);
    notes.logged();
  }

  /// Empties the batch after [#append].
  void clear() {
    group.begin(ringId);
    entries = 0;
    ended = false;
  }

  /// Everything before it in the ring is in this batch or was in one before.
  long consumedTo() {
    return consumedTo;
  }

  /// Nothing but padding lay before `position`.
  void skipTo(long position) {
    consumedTo = position;
  }

  int entries() {
    return entries;
  }

  int bytes() {
    return group.bytes();
  }

  boolean isEmpty() {
    return group.isEmpty();
  }
}
