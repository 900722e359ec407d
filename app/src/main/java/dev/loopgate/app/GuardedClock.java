package dev.loopgate.app;

import dev.loopgate.capture.TimeSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// The time that all rooms are told: a wall clock that does not jump. It is the wall's time at boot
/// and the monotonic clock since, slewed towards the wall by at most 0.5 ms a second; a step of the
/// wall by more than a minute is adopted at once and counted: hours may then repeat or be skipped,
/// files stay valid. Any thread.
final class GuardedClock implements TimeSource {
  /*
   * One long holds what everybody reads: milliseconds of wall time at monotonic zero. Readers add the
   * monotonic clock; [#adjust] moves it, called once a second by the thread that samples gauges. So two reads
   * in a row never go back but for an adopted step, and no reader takes a lock.
   */

  /// Beyond this the wall was set, not corrected.
  static final long STEP_MILLIS = 60_000;

  private static final long SLEW_MICROS_PER_SECOND = 500;

  private final LongSupplier monotonicNanos;
  private final LongSupplier wallMillis;
  private final long originNanos;
  private final AtomicLong wallMicrosAtOrigin = new AtomicLong();
  private final AtomicLong steps = new AtomicLong();
  private final AtomicLong adjustedNanos = new AtomicLong();

  /// A clock over the two of the system.
  static GuardedClock ofSystem() {
    return new GuardedClock(System::nanoTime, System::currentTimeMillis);
  }

  GuardedClock(LongSupplier monotonicNanos, LongSupplier wallMillis) {
    this.monotonicNanos = monotonicNanos;
    this.wallMillis = wallMillis;
    this.originNanos = monotonicNanos.getAsLong();
    wallMicrosAtOrigin.set(wallMillis.getAsLong() * 1_000);
  }

  @Override
  public long nanos() {
    return monotonicNanos.getAsLong();
  }

  @Override
  public long epochMillis() {
    return Math.floorDiv(epochMicros(), 1_000L);
  }

  /// Compares with the wall and follows it. Belongs to one thread.
  void adjust() {
    long now = monotonicNanos.getAsLong();
    long offMicros = wallMillis.getAsLong() * 1_000 - epochMicros();
    if (Math.abs(offMicros) > STEP_MILLIS * 1_000) {
      wallMicrosAtOrigin.addAndGet(offMicros);
      steps.incrementAndGet();
    } else {
      long elapsedMicros = (now - originNanos) / 1_000 - adjustedNanos.get() / 1_000;
      long most = elapsedMicros * SLEW_MICROS_PER_SECOND / 1_000_000;
      wallMicrosAtOrigin.addAndGet(Math.clamp(offMicros, -most, most));
    }
    adjustedNanos.set(now - originNanos);
  }

  /// How often the wall was set by more than a minute.
  long steps() {
    return steps.get();
  }

  private long epochMicros() {
    return wallMicrosAtOrigin.get() + (monotonicNanos.getAsLong() - originNanos) / 1_000;
  }
}
