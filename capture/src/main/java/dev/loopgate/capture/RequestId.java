package dev.loopgate.capture;

/// The join key of an exchange: printable ASCII, so its length is also its bytes.
///
/// @param value 1 to [#LENGTH_MAX] characters from `!` to `~`, and inner spaces
public record RequestId(String value) {
  /// Longer ids of callers are replaced (contract section 2).
  public static final int LENGTH_MAX = 256;

  public RequestId {
    if (!isValid(value)) {
      throw new IllegalArgumentException(
          "request id: length="
              + value.length()
              + ", allowed=1 to "
              + LENGTH_MAX
              + " printable ASCII characters, none of the outer ones a space");
    }
  }

  /// Whether a caller's id can be kept byte for byte: printable ASCII, 1 to [#LENGTH_MAX] bytes.
  /// One that begins or ends with a space could not be sent on as a header's value.
  public static boolean isValid(String value) {
    int length = value.length();
    if (length == 0 || length > LENGTH_MAX) {
      return false;
    }
    if (value.charAt(0) == ' ' || value.charAt(length - 1) == ' ') {
      return false;
    }
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (c < 0x20 || c > 0x7e) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return value;
  }
}
