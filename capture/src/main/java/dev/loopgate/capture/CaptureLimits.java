package dev.loopgate.capture;

/// How much of an exchange is kept.
///
/// @param requestBytesMax bytes of a request's body, default 4 MiB; beyond it `truncated`
/// @param responseBytesMax bytes of a response's body, default 4 MiB; beyond it `truncated`
public record CaptureLimits(int requestBytesMax, int responseBytesMax) {
  /// 4 MiB each way.
  public static final CaptureLimits DEFAULT = new CaptureLimits(4 << 20, 4 << 20);

  /// What a limit may be at most: two such bodies and their heads stay below the largest entry.
  public static final int BYTES_MAX = 12 << 20;

  public CaptureLimits {
    check("request bytes", requestBytesMax);
    check("response bytes", responseBytesMax);
  }

  private static void check(String what, int bytes) {
    if (bytes < 0 || bytes > BYTES_MAX) {
      throw new IllegalArgumentException(
          what + ": max=" + bytes + ", allowed=0 to " + BYTES_MAX + " bytes");
    }
  }
}
