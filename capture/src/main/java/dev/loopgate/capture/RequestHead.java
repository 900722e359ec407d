package dev.loopgate.capture;

import java.util.List;

/// A request's head as the model saw it, redacted.
///
/// @param method as on the wire
/// @param path path and query as sent to the model
/// @param authority the `Host`, as sent to the model
/// @param scheme `http` or `https`
/// @param uri path and query before any rewrite: `x-original-uri`, else `x-envoy-original-path`,
///   else the path as it came
/// @param host `x-forwarded-host`, else the authority as it came
/// @param headers in the order of the wire, without those that the rules remove
public record RequestHead(
    String method,
    String path,
    String authority,
    String scheme,
    String uri,
    String host,
    List<Header> headers) {
  public RequestHead {
    headers = List.copyOf(headers);
  }

  /// The same with another `Host`.
  public RequestHead sentTo(String otherAuthority) {
    return new RequestHead(method, path, otherAuthority, scheme, uri, host, headers);
  }
}
