package dev.loopgate.capture;

/// Reads the header `traceparent` (W3C Trace Context, level 2, section 3.2).
public final class TraceParent {
  private static final int LENGTH = 55; // of version 00, and the least of every later one
  private static final int TRACE_ID = 3;
  private static final int PARENT_ID = 36;
  private static final int FLAGS = 53;

  private TraceParent() {}

  /// The trace id in `value`, 32 lower-case hex digits, not all zero; empty when `value` is no
  /// valid trace parent. Of a version that is not known yet, what version 00 says is read.
  public static String traceIdOf(String value) {
    boolean valid =
        value.length() >= LENGTH
            && isHex(value, 0, TRACE_ID - 1)
            && isHex(value, TRACE_ID, PARENT_ID - 1)
            && isHex(value, PARENT_ID, FLAGS - 1)
            && isHex(value, FLAGS, LENGTH)
            && value.charAt(TRACE_ID - 1) == '-'
            && value.charAt(PARENT_ID - 1) == '-'
            && value.charAt(FLAGS - 1) == '-'
            && !isZero(value, TRACE_ID, PARENT_ID - 1)
            && !isZero(value, PARENT_ID, FLAGS - 1)
            && isEndOfVersion(value);
    return valid ? value.substring(TRACE_ID, PARENT_ID - 1) : "";
  }

  private static boolean isEndOfVersion(String value) {
    if (value.startsWith("00")) {
      return value.length() == LENGTH;
    }
    return !value.startsWith("ff") && (value.length() == LENGTH || value.charAt(LENGTH) == '-');
  }

  private static boolean isHex(String value, int from, int to) {
    for (int i = from; i < to; i++) {
      char c = value.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  private static boolean isZero(String value, int from, int to) {
    for (int i = from; i < to; i++) {
      if (value.charAt(i) != '0') {
        return false;
      }
    }
    return true;
  }
}
