package dev.loopgate.spool;

import java.util.Comparator;

/// A place in the log between two records.
///
/// @param segment number of the segment, counting up from 0 over the spool's life
/// @param offset bytes from the segment's start
public record LogPosition(long segment, long offset) implements Comparable<LogPosition> {
  /// Before the first record of all.
  public static final LogPosition START = new LogPosition(0, 0);

  private static final Comparator<LogPosition> ORDER =
      Comparator.comparingLong(LogPosition::segment).thenComparingLong(LogPosition::offset);

  @Override
  public int compareTo(LogPosition other) {
    return ORDER.compare(this, other);
  }
}
