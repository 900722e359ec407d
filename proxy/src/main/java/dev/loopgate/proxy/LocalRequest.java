package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.nio.ByteBuffer;
import java.util.List;

/// A request for the door itself, whole.
///
/// @param target path and query as they came
/// @param host as the caller calls the door; empty when it does not say
/// @param headers in the order of the wire
/// @param body read-only, the receiver's own; empty when it was too large
/// @param bodyTooLarge it was longer than [LocalService#bodyBytesMax]
public record LocalRequest(
    String method,
    String target,
    String host,
    List<Header> headers,
    ByteBuffer body,
    boolean bodyTooLarge) {
  public LocalRequest {
    headers = List.copyOf(headers);
  }
}
