package dev.loopgate.spool;

import java.util.Collections;
import java.util.IdentityHashMap;

/// How far each reader of the log has let go: what one of them may still ask for stays. Any thread;
/// who recycles holds its lock, so that a segment goes back once.
final class ReaderMarks {
  private final IdentityHashMap<LogReader, LogPosition> marks = new IdentityHashMap<>();

  /// From now on nothing is free that `reader`, which is given back, has not released.
  synchronized LogReader joined(LogReader reader) {
    marks.put(reader, LogPosition.START);
    return reader;
  }

  /// What `reader` has not released is no reason any more.
  synchronized void left(LogReader reader) {
    marks.remove(reader);
  }

  /// `reader` needs nothing before `position`; answers before which nobody does.
  synchronized LogPosition moved(LogReader reader, LogPosition position) {
    marks.put(reader, position);
    return Collections.min(marks.values());
  }
}
