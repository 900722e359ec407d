package dev.loopgate.logshipper;

import dev.loopgate.spool.LogPosition;
import dev.loopgate.spool.LogRecord;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.util.Optional;

/// Since when something waits to be committed. Belongs to the thread of its sink.
final class OpenWindow {
  private boolean open;
  private long openedNanos;
  private long oldestMillis;

  /// Something waits from `cursor` on. Answers whether that is news.
  ///
  /// @param nowMillis of the wall clock
  /// @param nowNanos of the monotonic one
  boolean open(SpoolReader reader, LogPosition cursor, long nowMillis, long nowNanos)
      throws IOException {
    if (open) {
      return false;
    }
    Optional<LogRecord> first = reader.next(cursor);
    open = true;
    openedNanos = nowNanos;
    oldestMillis =
        first.isPresent() && first.get() instanceof LogRecord.EntryAt entry
            ? entry.timeMillis()
            : nowMillis;
    return true;
  }

  /// What waited is committed: what comes next opens another one.
  void close() {
    open = false;
  }

  long ageNanos(long nowNanos) {
    return nowNanos - openedNanos;
  }

  /// How old what waits is, milliseconds; 0 when nothing does.
  long oldestMillis(long nowMillis) {
    return open ? Math.max(0, nowMillis - oldestMillis) : 0;
  }
}
