package dev.loopgate.proxy;

import java.time.Duration;

/// How long a caller may take.
///
/// @param head from a request's first byte to the end of its head, default 10 s; then 408
/// @param idle between two requests, default 75 s; then the connection is closed
/// @param stalled without sending or taking a byte that we wait for, default 60 s; then 408, or the
///   connection is closed when its answer has begun
public record CallerLimits(Duration head, Duration idle, Duration stalled) {
  /// 10 s, 75 s, 60 s.
  public static final CallerLimits DEFAULT =
      new CallerLimits(Duration.ofSeconds(10), Duration.ofSeconds(75), Duration.ofSeconds(60));

  public CallerLimits {
    Positive.check("caller head time-out", head);
    Positive.check("caller idle time-out", idle);
    Positive.check("caller stalled time-out", stalled);
  }
}
