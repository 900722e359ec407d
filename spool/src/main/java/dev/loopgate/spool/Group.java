package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.NoteMessage;
import java.nio.ByteBuffer;

/// Records that become durable together. One is made by [Log#newGroup], used again and again,
/// confined to `spool-writer`: `begin`, `add...`, `end`, [Log#append]; after a failed append it is
/// unchanged.
@SuppressWarnings("DoNotCallSuggester") // signatures first
final class Group {
  /// One part of an entry too long for one record.
  ///
  /// @param lane number of the lane it came through; a lane has one open set at most
  /// @param entryId the set's own number, never reused within one ring
  /// @param number of the part, from 0
  /// @param count parts in the set
  /// @param totalLength bytes of the whole entry
  record Part(int lane, long entryId, int number, int count, int totalLength) {}

  Group() {}

  /// Empties the group; its records come from the ring with this id.
  void begin(long ringId) {
    throw new UnsupportedOperationException();
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
    throw new UnsupportedOperationException();
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
    throw new UnsupportedOperationException();
  }

  /// Copies a note; false: it does not fit.
  boolean addNote(NoteMessage note, long timeMillis) {
    throw new UnsupportedOperationException();
  }

  /// A marker, so that the last group before silence is confirmed by a later one.
  boolean addMarker(long timeMillis) {
    throw new UnsupportedOperationException();
  }

  /// No more records; the ring is consumed up to `ringEnd` when this group is durable.
  void end(long ringEnd) {
    throw new UnsupportedOperationException();
  }

  /// Whole entries in it (an entry in parts counts with its last part).
  int entries() {
    throw new UnsupportedOperationException();
  }

  /// Bytes so far.
  int bytes() {
    throw new UnsupportedOperationException();
  }

  /// True with no record in it.
  boolean isEmpty() {
    throw new UnsupportedOperationException();
  }

  /// The longest payload that fits an empty group.
  int payloadBytesMax() {
    throw new UnsupportedOperationException();
  }
}
