package dev.loopgate.fleet;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How long a model may take and how much may be asked of it at a time, where it says so itself;
/// what is null here is the gateway's own for all models.
///
/// @param connect to make a connection or to wait for a free one
/// @param firstByte from the request's last progress to the answer's head
/// @param idle without a byte in the middle of an answer
/// @param total from the request's head to the answer's end
/// @param connectionsMax connections to each of its replicas, [#UNBOUNDED] for none of its own
/// @param requestsMax requests in flight at a time; one more is refused at once
/// @param waitingMax requests that wait for a connection at a time; one more is refused at once
public record Bounds(
    @Nullable Duration connect,
    @Nullable Duration firstByte,
    @Nullable Duration idle,
    @Nullable Duration total,
    int connectionsMax,
    int requestsMax,
    int waitingMax) {
  /// No bound of the model's own.
  public static final int UNBOUNDED = Integer.MAX_VALUE;

  /// Everything as the gateway has it.
  public static final Bounds NONE =
      new Bounds(null, null, null, null, UNBOUNDED, UNBOUNDED, UNBOUNDED);

  public Bounds {
    check("connect time-out", connect);
    check("first byte time-out", firstByte);
    check("idle time-out", idle);
    check("total time-out", total);
    check("connections max", connectionsMax, 1);
    check("requests max", requestsMax, 1);
    check("waiting max", waitingMax, 0);
  }

  private static void check(String what, @Nullable Duration value) {
    if (value != null && (value.isZero() || value.isNegative())) {
      throw new IllegalArgumentException(
          "model " + what + ": value=" + value + ", allowed=above 0");
    }
  }

  private static void check(String what, int value, int min) {
    if (value < min) {
      throw new IllegalArgumentException(
          "model " + what + ": value=" + value + ", allowed=" + min + " or more");
    }
  }
}
