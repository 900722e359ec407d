package dev.loopgate.spool;

import dev.loopgate.capture.TimeSource;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/// The write-ahead log. What changes it belongs to the one thread named `spool-writer`, which must
/// never be interrupted; what only asks is for any thread.
@SuppressWarnings("DoNotCallSuggester") // signatures first
final class Log implements AutoCloseable {
  private Log() {}

  /// Opens and recovers the log of `config.directory()`; never refuses for damage.
  ///
  /// @param random for the spool's id and the segments' generations
  /// @throws SpoolException when another process holds the directory or it cannot be written
  static Log open(
      Disk disk, SpoolConfig config, SpoolEvents events, TimeSource time, RandomGenerator random)
      throws SpoolException {
    throw new SpoolException("spool: directory=" + config.directory());
  }

  /// 32 lower-case hex digits.
  String spoolId() {
    throw new UnsupportedOperationException();
  }

  /// A group over its own 8 MiB direct buffer; one is enough.
  Group newGroup() {
    throw new UnsupportedOperationException();
  }

  /// One write, one force; then the durable end has moved. An empty group does nothing. After a
  /// failure the same group goes to the next segment.
  ///
  /// @param snapshot asked when a segment begins: the ledger's totals as the notes before this
  ///   group left them, empty when there are none
  /// @throws LogFailedException after the second failure
  void append(Group group, Supplier<Optional<NoteMessage>> snapshot) throws LogFailedException {
    throw new UnsupportedOperationException();
  }

  /// After a [LogFailedException], every 10 s: tries to begin a segment. True: append the group
  /// again.
  boolean probe(Supplier<Optional<NoteMessage>> snapshot) {
    throw new UnsupportedOperationException();
  }

  /// One step of at most 1 MiB towards a full pool; true when it did something. Call when idle and
  /// between groups. A full disk is no failure.
  boolean fillPool() {
    throw new UnsupportedOperationException();
  }

  /// The seq the next entry gets.
  long nextSeq() {
    throw new UnsupportedOperationException();
  }

  /// Everything before it is forced. Any thread.
  LogPosition durableEnd() {
    throw new UnsupportedOperationException();
  }

  /// The highest ring end that a durable group of this ring names, found at open; empty when none
  /// does.
  Optional<Long> recoveredRingEnd(long ringId) {
    throw new UnsupportedOperationException();
  }

  /// By ledger id, the last totals noted, found at open.
  Map<Long, Map<LedgerKey, LedgerRow>> recoveredLedgers() {
    throw new UnsupportedOperationException();
  }

  /// The time of the latest record found at open, 0 when there is none.
  long recoveredTimeMillis() {
    throw new UnsupportedOperationException();
  }

  /// Entries found at open.
  long recoveredEntries() {
    throw new UnsupportedOperationException();
  }

  /// Used share of what the budget and the file system allow, in percent, 100 at most. Any thread.
  int fillPercent() {
    throw new UnsupportedOperationException();
  }

  /// Bytes of segments in use. Any thread.
  long bytesUsed() {
    throw new UnsupportedOperationException();
  }

  /// Gives the reserve's 16 MiB back to the file system, for a commit log on a full disk. Any
  /// thread.
  void releaseReserve() throws IOException {
    throw new UnsupportedOperationException();
  }

  /// Makes the reserve again; false while there is no room. Any thread.
  boolean refillReserve() {
    throw new UnsupportedOperationException();
  }

  /// The one reader.
  LogReader reader(EntryDecoder decoder) {
    throw new UnsupportedOperationException();
  }

  /// Closes the files and gives the lock back. Appends no marker: its caller does.
  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }
}
