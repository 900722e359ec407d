package dev.loopgate.testkit;

import dev.loopgate.capture.TimeSource;
import java.time.Duration;
import java.time.Instant;

/// A clock that a test turns by hand. Any thread may read and turn it.
///
/// The two clocks are apart, as real ones are: the monotonic one only goes forward, the wall clock
/// may be set anywhere, and [#advance] moves both.
public final class ManualTime implements TimeSource {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private long nanos;
  private long epochMillis;
  private long nanosOfMilli; // of the wall clock, short of a millisecond

  /// Stands at zero nanoseconds and at `wall`.
  public ManualTime(Instant wall) {
    this.epochMillis = wall.toEpochMilli();
  }

  /// Stands at zero nanoseconds and at this wall-clock time in ISO-8601, such as
  /// `2026-11-24T10:00:00Z`.
  public static ManualTime at(String wall) {
    return new ManualTime(Instant.parse(wall));
  }

  @Override
  public synchronized long nanos() {
    return nanos;
  }

  @Override
  public synchronized long epochMillis() {
    return epochMillis;
  }

  /// Moves both clocks forward.
  ///
  /// @throws IllegalArgumentException when `time` is negative
  public ManualTime advance(Duration time) {
    return advanceNanos(time.toNanos());
  }

  /// Moves both clocks forward by milliseconds.
  public ManualTime advanceMillis(long millis) {
    return advance(Duration.ofMillis(millis));
  }

  /// Moves both clocks forward by nanoseconds; the wall clock shows the whole milliseconds of them.
  public synchronized ManualTime advanceNanos(long more) {
    if (more < 0) {
      throw new IllegalArgumentException("time: advance=" + more + " ns, allowed=0 and up");
    }
    nanos += more;
    nanosOfMilli += more;
    epochMillis += nanosOfMilli / NANOS_PER_MILLI;
    nanosOfMilli %= NANOS_PER_MILLI;
    return this;
  }

  /// Sets the monotonic clock alone; it does not go back.
  public synchronized ManualTime setNanos(long now) {
    if (now < nanos) {
      throw new IllegalArgumentException("time: nanos=" + now + ", allowed=" + nanos + " and up");
    }
    nanos = now;
    return this;
  }

  /// Sets the wall clock alone, forward or back, as an operator or NTP does.
  public synchronized ManualTime setEpochMillis(long now) {
    epochMillis = now;
    nanosOfMilli = 0;
    return this;
  }

  /// Sets the wall clock alone.
  public ManualTime setWall(Instant now) {
    return setEpochMillis(now.toEpochMilli());
  }
}
