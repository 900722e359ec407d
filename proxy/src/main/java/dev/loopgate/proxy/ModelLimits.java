package dev.loopgate.proxy;

import dev.loopgate.fleet.Bounds;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How long a model may take, and how many connections it may cost.
///
/// @param connect to make a connection, or to wait for a free one, default 2 s; then 502 or 503
/// @param firstByte from the request's last progress to the answer's head, default 10 min; then 504
/// @param idle without a byte in the middle of an answer, default 5 min; then the answer is cut
/// @param total from the request's head to the answer's end, default 1 h; then 504, or cut
/// @param keep how long an unused connection is kept at most, default 1.5 s: below the shortest
///   keep-alive of the usual servers, so that a request seldom meets a connection that just closed.
///   A shorter `Keep-Alive: timeout` of the model counts
/// @param connectionsMax connections to all models over all event loops, default 1,024; beyond it a
///   request waits for `connect`, then 503
public record ModelLimits(
    Duration connect,
    Duration firstByte,
    Duration idle,
    Duration total,
    Duration keep,
    int connectionsMax) {
  /// 2 s, 10 min, 5 min, 1 h, 1.5 s, 1,024 connections.
  public static final ModelLimits DEFAULT =
      new ModelLimits(
          Duration.ofSeconds(2),
          Duration.ofMinutes(10),
          Duration.ofMinutes(5),
          Duration.ofHours(1),
          Duration.ofMillis(1500),
          1024);

  public ModelLimits {
    Positive.check("model connect time-out", connect);
    Positive.check("model first byte time-out", firstByte);
    Positive.check("model idle time-out", idle);
    Positive.check("model total time-out", total);
    Positive.check("model keep time", keep);
    Positive.check("model connections max", connectionsMax);
  }

  /// These, with those of a model in their place where it has its own.
  ModelLimits within(Bounds own) {
    if (own.equals(Bounds.NONE)) {
      return this; // as almost every model: nothing is made for a request
    }
    return new ModelLimits(
        either(own.connect(), connect),
        either(own.firstByte(), firstByte),
        either(own.idle(), idle),
        either(own.total(), total),
        keep,
        connectionsMax);
  }

  private static Duration either(@Nullable Duration own, Duration ofGateway) {
    return own == null ? ofGateway : own;
  }
}
