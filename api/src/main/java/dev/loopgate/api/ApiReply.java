package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The answer to one request: JSON, another text, or nothing, whole but for events. Its bytes go to
/// whoever takes the reply.
public final class ApiReply {
  private static final Header JSON = new Header("content-type", "application/json; charset=utf-8");

  private final int status;
  private final List<Header> headers;
  private final byte[] body;
  private final @Nullable ApiStream stream;

  private ApiReply(int status, List<Header> headers, byte[] body) {
    this(status, headers, body, null);
  }

  private ApiReply(int status, List<Header> headers, byte[] body, @Nullable ApiStream stream) {
    this.stream = stream;
    this.status = status;
    this.headers = List.copyOf(headers);
    this.body = body;
  }

  /// A reply with this JSON text.
  static ApiReply json(int status, String json) {
    return new ApiReply(status, List.of(JSON), json.getBytes(UTF_8));
  }

  /// A reply with these bytes, which are the reply's from now on, or changed by nobody.
  static ApiReply of(int status, String contentType, byte[] body) {
    return new ApiReply(status, List.of(new Header("content-type", contentType)), body);
  }

  /// Server-sent events.
  static ApiReply events(ApiStream events) {
    List<Header> headers =
        List.of(
            new Header("content-type", "text/event-stream; charset=utf-8"),
            new Header("cache-control", "no-store"),
            new Header("x-accel-buffering", "no")); // a proxy in front must not wait for more
    return new ApiReply(200, headers, new byte[0], events);
  }

  /// That what the caller has is as it was (304).
  static ApiReply notModified() {
    return new ApiReply(304, List.of(), new byte[0]);
  }

  /// The same reply with one more header.
  ApiReply with(String name, String value) {
    List<Header> more = new ArrayList<>(headers);
    more.add(new Header(name, value));
    return new ApiReply(status, more, body, stream);
  }

  /// The same reply, carrying the request's id where that is a valid one.
  ApiReply toRequest(String id) {
    return RequestId.isValid(id) ? with("request-id", id) : this;
  }

  /// The HTTP status.
  public int status() {
    return status;
  }

  /// Headers, lower-case names; without `content-length`, which the writer of the reply adds.
  public List<Header> headers() {
    return headers;
  }

  /// The body instead of [#body], where it comes piece by piece; else null.
  public @Nullable ApiStream stream() {
    return stream;
  }

  /// The JSON text in UTF-8; empty of a 304.
  public byte[] body() {
    return body;
  }
}
