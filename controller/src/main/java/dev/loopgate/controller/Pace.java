package dev.loopgate.controller;

import java.time.Duration;

/// How often a controller looks, and how long it waits for what.
///
/// @param tick between two looks at what callers want
/// @param resync between two looks at everything, whatever was told
/// @param retryMin until what failed is tried again; about twice as long each time
/// @param retryMax the longest of these pauses
/// @param readingMin the same for a server that does not say what it is
/// @param progress without progress for so long, a deployment has failed
/// @param givingUp a deployment that may sleep has failed for so long when it is sent to sleep
record Pace(
    Duration tick,
    Duration resync,
    Duration retryMin,
    Duration retryMax,
    Duration readingMin,
    Duration progress,
    Duration givingUp) {
  /// As it is served: the progress deadline is the contract's.
  static final Pace DEFAULT =
      new Pace(
          Duration.ofSeconds(2),
          Duration.ofMinutes(10),
          Duration.ofMillis(100),
          Duration.ofSeconds(60),
          Duration.ofSeconds(1),
          Duration.ofSeconds(500),
          Duration.ofSeconds(60));
}
