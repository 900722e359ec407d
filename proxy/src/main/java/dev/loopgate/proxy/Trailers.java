package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Fields behind a body, in both directions and both versions of HTTP (RFC 9110, section 6.5).
final class Trailers {
  /// Whoever reads these behind a body would take back what was decided by the head: framing,
  /// routing, who asks, what the content is, how it is cached.
  private static final Set<String> OF_HEADS =
      Set.of(
          "age",
          "authorization",
          "cache-control",
          "content-encoding",
          "content-length",
          "content-range",
          "content-type",
          "cookie",
          "expect",
          "expires",
          "host",
          "location",
          "max-forwards",
          "pragma",
          "range",
          "retry-after",
          "set-cookie",
          "traceparent",
          "tracestate",
          "vary",
          "www-authenticate",
          RequestIdentity.HEADER,
          PassedHeaders.MODEL_NAME,
          PassedHeaders.MODEL_VERSION);

  private Trailers() {}

  /// Those that go on: nothing that is meant for one connection or belongs into a head.
  ///
  /// @param hops names that the head says are meant for us only
  static List<Header> passed(List<Header> trailers, Set<String> hops) {
    if (trailers.isEmpty()) {
      return trailers;
    }
    List<Header> passed = new ArrayList<>(trailers.size());
    for (Header header : trailers) {
      String name = header.name();
      if (!OF_HEADS.contains(name)
          && !Claims.isClaim(name)
          && !name.startsWith("if-")
          && !Hops.keeps(name, hops)) {
        passed.add(header);
      }
    }
    return passed;
  }
}
