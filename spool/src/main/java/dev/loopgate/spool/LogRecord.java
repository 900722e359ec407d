package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.proto.v1.NoteMessage;

/// One thing read from the log.
public sealed interface LogRecord {
  /// Where the record begins.
  LogPosition at();

  /// Where the next one begins.
  LogPosition next();

  /// An entry, known by its head alone; its content is read with [SpoolReader#read].
  ///
  /// @param seq dense over the spool's life
  /// @param timeMillis the entry's time, milliseconds since the epoch
  /// @param length bytes of the encoded entry
  record EntryAt(
      LogPosition at,
      LogPosition next,
      long seq,
      EntryKind kind,
      long timeMillis,
      ModelIdentity model,
      int length)
      implements LogRecord {}

  /// A note: ledger deltas, a gap, lost entries.
  record NoteAt(LogPosition at, LogPosition next, NoteMessage note) implements LogRecord {}
}
