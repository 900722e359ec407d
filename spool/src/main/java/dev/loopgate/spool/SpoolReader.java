package dev.loopgate.spool;

import dev.loopgate.capture.Entry;
import dev.loopgate.proto.v1.SeqRange;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Reads what is durable, in the order of the log. Belongs to the one thread of its sink; each sink
/// has a reader of its own. An entry in parts is one record, joined.
public interface SpoolReader {
  /// The end of what may be read: everything before it is forced.
  LogPosition durableEnd();

  /// The first position that is still there; what is before it was recycled.
  LogPosition start();

  /// The first record at or after `from`, empty at [#durableEnd]. Damaged records were replaced by
  /// a lost note when the spool was opened; one that turns bad later is skipped, counted and
  /// reported by [SpoolEvents], never thrown.
  Optional<LogRecord> next(LogPosition from) throws IOException;

  /// The whole entry. Its bodies share a buffer that is valid until the next call.
  Entry read(LogRecord.EntryAt entry) throws IOException;

  /// Seqs whose records were gone when the spool was opened: notes of the log name them lost. Those
  /// of a record that turns bad later are missing between its neighbours'.
  List<SeqRange> lost();

  /// Nothing before `position` is needed by this reader any more: whole segments that no reader
  /// needs go back to the pool.
  void release(LogPosition position) throws IOException;

  /// Gives the spool's reserve back to the file system: room on a full disk to stage and commit
  /// what waits, so that its segments can be used again. Nothing when it was given before.
  void releaseReserve() throws IOException;

  /// Makes the reserve when it is missing; false while there is no room for it.
  boolean refillReserve();

  /// Bytes of log between `from` and [#durableEnd].
  long bytesAfter(LogPosition from);
}
