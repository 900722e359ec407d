package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.policy.RequestLine;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Heads of HTTP/2 requests, as the rest of this room reads them.
final class Http2Heads {
  private Http2Heads() {}

  /// The headers without pseudo-headers; cookies joined (RFC 9113, section 8.2.3). Each name and
  /// value is checked here, as strictly as HTTP/1.1's: they will stand in an HTTP/1.1 head, where a
  /// line end would be a second request.
  ///
  /// @return null when one is not legal (RFC 9113, section 8.2.1)
  static @Nullable List<Header> of(Http2Headers headers, KnownHeaders known) {
    List<Header> list = new ArrayList<>(headers.size());
    StringBuilder cookies = new StringBuilder();
    for (var entry : headers) {
      String name = entry.getKey().toString();
      String value = entry.getValue().toString();
      boolean pseudo = name.startsWith(":");
      if (!isValue(value) || (!pseudo && !isName(name))) {
        return null;
      }
      if (name.equals("cookie")) {
        cookies.append(cookies.isEmpty() ? "" : "; ").append(value);
      } else if (!pseudo) {
        list.add(known.of(name, value));
      }
    }
    if (!cookies.isEmpty()) {
      list.add(known.of("cookie", cookies.toString()));
    }
    return list;
  }

  private static boolean isName(String name) {
    return RequestLine.isToken(name) && name.chars().noneMatch(c -> c >= 'A' && c <= 'Z');
  }

  private static boolean isValue(String value) {
    return HeadReader.isFieldText(value)
        && (value.isEmpty()
            || (!isSpace(value.charAt(0)) && !isSpace(value.charAt(value.length() - 1))));
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t';
  }
}
