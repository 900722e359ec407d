package dev.loopgate.proxy;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How long a caller says that it waits for an answer.
final class CallerPatience {
  private static final String GRPC = "grpc-timeout"; // gRPC's PROTOCOL-HTTP2: at most 8 digits
  private static final String ENVOY = "x-envoy-expected-rq-timeout-ms";
  private static final int DIGITS_MAX = 8;

  private CallerPatience() {}

  /// Nanoseconds from the request's head on; [Long#MAX_VALUE] / 2 where it says nothing that is
  /// understood.
  static long nanosOf(CallerRequest request) {
    long grpc = Grpc.isCall(request) ? grpc(RawHead.first(request.headers(), GRPC)) : -1;
    long envoy = millis(RawHead.first(request.headers(), ENVOY));
    long least = Long.MAX_VALUE / 2;
    least = grpc >= 0 ? Math.min(least, grpc) : least;
    return envoy > 0 ? Math.min(least, envoy) : least;
  }

  private static long millis(@Nullable String value) {
    return value == null ? -1 : scaled(value, value.length(), TimeUnit.MILLISECONDS);
  }

  private static long grpc(@Nullable String value) {
    if (value == null || value.isEmpty()) {
      return -1;
    }
    int last = value.length() - 1;
    @Nullable TimeUnit unit =
        switch (value.charAt(last)) {
          case 'H' -> TimeUnit.HOURS;
          case 'M' -> TimeUnit.MINUTES;
          case 'S' -> TimeUnit.SECONDS;
          case 'm' -> TimeUnit.MILLISECONDS;
          case 'u' -> TimeUnit.MICROSECONDS;
          case 'n' -> TimeUnit.NANOSECONDS;
          default -> null;
        };
    return unit == null ? -1 : scaled(value, last, unit);
  }

  private static long scaled(String value, int length, TimeUnit unit) {
    if (length == 0 || length > DIGITS_MAX) {
      return -1;
    }
    long number = 0;
    for (int i = 0; i < length; i++) {
      char digit = value.charAt(i);
      if (digit < '0' || digit > '9') {
        return -1;
      }
      number = number * 10 + (digit - '0');
    }
    return Math.min(unit.toNanos(number), Long.MAX_VALUE / 2);
  }
}
