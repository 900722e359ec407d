package dev.loopgate.capture;

import java.util.List;

/// A response's head as sent to the caller, redacted.
///
/// @param status 100 to 999, or 0 when no response began
/// @param headers in the order of the wire, without those that the rules remove
public record ResponseHead(int status, List<Header> headers) {
  /// No response began.
  public static final ResponseHead NONE = new ResponseHead(0, List.of());

  public ResponseHead {
    headers = List.copyOf(headers);
  }
}
