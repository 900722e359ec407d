package dev.loopgate.logshipper;

/// Gives the core to whoever waits for it, a little at a time. Belongs to the one thread named
/// `shipper`.
///
/// A window is up to minutes of traffic, rendered in one go. Where no core is free an event loop
/// that wakes up would wait until the scheduler takes the core from here, some milliseconds, again
/// and again; whoever yields is passed at once. With a core to spare a yield costs less than a
/// microsecond.
final class Courtesy {
  /// The longest an event loop waits for a piece of rendering, and one entry.
  private static final long STRETCH_NANOS = 200_000;

  private long sinceNanos = System.nanoTime();

  /// Between two entries.
  @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it but latency
  void show() {
    long nowNanos = System.nanoTime();
    if (nowNanos - sinceNanos >= STRETCH_NANOS) {
      Thread.yield();
      sinceNanos = System.nanoTime();
    }
  }
}
