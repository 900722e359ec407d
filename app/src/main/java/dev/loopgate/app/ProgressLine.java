package dev.loopgate.app;

import java.io.PrintStream;
import java.util.function.LongSupplier;

/// How far a look is, as one line of a terminal that is written over and over, and gone at the end.
/// Confined to one thread.
final class ProgressLine implements AutoCloseable {
  private static final long EVERY_NANOS = 200_000_000;
  private static final String LINE_START = "\r";
  private static final String TO_LINE_END = "\u001b[K";

  private final boolean shown;
  private final LongSupplier nanos;
  private final PrintStream err;
  private long lastNanos;
  private boolean there;

  ProgressLine(boolean shown, LongSupplier nanos, PrintStream err) {
    this.shown = shown;
    this.nanos = nanos;
    this.err = err;
    this.lastNanos = nanos.getAsLong() - EVERY_NANOS;
  }

  /// On stderr of this process.
  ///
  /// @param shown whether it is a terminal; else nothing is written
  static ProgressLine onTerminal(boolean shown) {
    return new ProgressLine(shown, System::nanoTime, System.err);
  }

  /// Shows an hour that is looked at.
  void at(String hour, long files, long bytes) {
    show("hour " + hour + ", files read: " + files + ", MiB: " + (bytes >> 20));
  }

  /// Shows how far it is, at most five times a second.
  void show(String text) {
    long now = nanos.getAsLong();
    if (!shown || now - lastNanos < EVERY_NANOS) {
      return;
    }
    lastNanos = now;
    there = true;
    err.print(LINE_START + text + TO_LINE_END);
    err.flush();
  }

  /// Takes the line away.
  @Override
  public void close() {
    if (there) {
      err.print(LINE_START + TO_LINE_END);
      err.flush();
      there = false;
    }
  }
}
