package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.capture.Header;
import dev.loopgate.policy.RequestLine;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An answer of the door itself. The proxy adds length, `connection` and Request-Id.
///
/// @param status 200 to 599
/// @param headers names are tokens in lower case, values without control characters
/// @param body from position to limit; not changed by the proxy, nor by the giver any more
/// @param stream the body instead, where it comes piece by piece; null for `body`. Of a request for
///   the head alone it is closed unopened
public record LocalReply(
    int status, List<Header> headers, ByteBuffer body, @Nullable LocalStream stream) {
  /// A reply whose body is there.
  public LocalReply(int status, List<Header> headers, ByteBuffer body) {
    this(status, headers, body, null);
  }

  public LocalReply {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException("local reply: status=" + status + ", allowed=200..599");
    }
    headers = List.copyOf(headers);
    for (Header header : headers) {
      if (!RequestLine.isToken(header.name()) || !HeadReader.isFieldText(header.value())) {
        throw new IllegalArgumentException(
            "local reply: header=" + header.name() + " is not legal");
      }
    }
  }

  /// A reply of JSON text.
  public static LocalReply json(int status, String json) {
    return new LocalReply(
        status,
        List.of(new Header("content-type", "application/json; charset=utf-8")),
        ByteBuffer.wrap(json.getBytes(UTF_8)));
  }
}
