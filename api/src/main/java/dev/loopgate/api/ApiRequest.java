package dev.loopgate.api;

import dev.loopgate.capture.Header;
import java.util.List;
import java.util.stream.Collectors;

/// One whole request to the API's door. Its bytes belong to it: the caller does not touch them
/// again.
public final class ApiRequest {
  private final String method;
  private final String target;
  private final List<Header> headers;
  private final byte[] body;
  private final boolean bodyTooLarge;

  /// A request as it came.
  ///
  /// @param method as on the wire
  /// @param target path and query as on the wire, still percent-encoded
  /// @param headers lower-case names, in the order of the wire
  /// @param body after transfer decoding; may be empty where it was too large to be taken
  /// @param bodyTooLarge the body broke the door's limit and is not here
  public ApiRequest(
      String method, String target, List<Header> headers, byte[] body, boolean bodyTooLarge) {
    this.method = method;
    this.target = target;
    this.headers = List.copyOf(headers);
    this.body = body;
    this.bodyTooLarge = bodyTooLarge;
  }

  /// As on the wire: `POST`.
  public String method() {
    return method;
  }

  /// What stands before the first `?`, still percent-encoded.
  public String path() {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /// What stands after the first `?`, still percent-encoded; empty when there is nothing.
  public String query() {
    int query = target.indexOf('?');
    return query < 0 ? "" : target.substring(query + 1);
  }

  /// The first header of this lower-case name; empty when there is none.
  public String header(String name) {
    for (Header header : headers) {
      if (header.name().equals(name)) {
        return header.value();
      }
    }
    return "";
  }

  /// The values of all headers of this lower-case name as one list (RFC 9110, section 5.3); empty
  /// when there is none.
  String list(String name) {
    return headers.stream()
        .filter(header -> header.name().equals(name))
        .map(Header::value)
        .collect(Collectors.joining(", "));
  }

  /// The body, which the caller of this method only reads.
  public byte[] body() {
    return body;
  }

  /// Whether the body broke the door's limit and is not here.
  public boolean isBodyTooLarge() {
    return bodyTooLarge;
  }
}
