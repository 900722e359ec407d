package dev.loopgate.spool;

/// Whether the spool takes entries. Written by `spool-writer` and by whoever closes the spool, read
/// by all lanes.
final class Intake {
  private volatile boolean closed;
  private volatile boolean failed;
  private volatile int fillPercent;

  /// At this fill no feedback is taken any more: it would promise what the disk may not hold.
  static final int FEEDBACK_PERCENT_MAX = 95;

  /// No more entries, for good.
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  /// The disk failed, or works again.
  void failed(boolean now) {
    failed = now;
  }

  boolean isFailed() {
    return failed;
  }

  /// Closed or failed: nothing is taken.
  boolean takesNothing() {
    return closed || failed;
  }

  void fillPercent(int percent) {
    fillPercent = percent;
  }

  boolean takesPredictions() {
    return fillPercent < 100;
  }

  boolean takesFeedback() {
    return fillPercent < FEEDBACK_PERCENT_MAX;
  }
}
