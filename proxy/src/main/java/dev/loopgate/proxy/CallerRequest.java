package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.policy.RequestLine;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A caller's request, understood and found free of what could be understood otherwise.
///
/// @param target path and query, origin form, starts with `/`; `*` for OPTIONS
/// @param path the target without its query
/// @param host the authority as it came, empty when a caller on HTTP/1.0 sent none
/// @param http2 whether it came as a stream of HTTP/2
/// @param minor of the version: 0 or 1; 1 for HTTP/2, whose callers know all that those of HTTP/1.1
///   do
/// @param headers all of them, in the order of the wire
/// @param persistent the caller wants to go on using the connection
/// @param expectsContinue the caller waits for `100 Continue` with its body
/// @param hops names of headers that are meant for us only
record CallerRequest(
    String method,
    String target,
    String path,
    String host,
    boolean http2,
    int minor,
    List<Header> headers,
    BodyFraming framing,
    boolean persistent,
    boolean expectsContinue,
    Set<String> hops) {
  // The version that no head in HTTP/1.1 can name: it is refused.
  private static final String HTTP2 = "HTTP/2";

  /// Understands a head, or says what is wrong with it.
  static Parsed<CallerRequest> of(RawHead head) {
    Integer minor = minorOf(head.third());
    if (minor == null) {
      return head.third().matches("HTTP/[0-9]\\.[0-9]")
          ? new Parsed.Refused<>(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
          : new Parsed.Refused<>(400, "the request line is malformed");
    }
    String wrong = RequestLine.wrongMethod(head.first());
    if (wrong != null) {
      return new Parsed.Refused<>(400, wrong);
    }
    int hosts = RawHead.count(head.headers(), "host");
    String host = RawHead.first(head.headers(), "host");
    if (hosts > 1 || (hosts == 0 && minor == 1) || (host != null && !isHost(host))) {
      return new Parsed.Refused<>(400, "there must be exactly one well-formed host header");
    }
    String target = head.second();
    if (target.regionMatches(true, 0, "http://", 0, 7)) {
      // Absolute form (RFC 9112, section 3.2.2): its authority stands above the host header's.
      int slash = firstOf(target, "/?", 7);
      host = target.substring(7, slash);
      target =
          target.startsWith("/", slash) ? target.substring(slash) : "/" + target.substring(slash);
      if (host.isEmpty() || !isHost(host)) {
        return new Parsed.Refused<>(400, "the request target is malformed");
      }
    }
    if (!RequestLine.isTarget(target, head.first())) {
      return new Parsed.Refused<>(400, "the request target is malformed");
    }
    return switch (BodyFraming.of(head.headers(), minor, BodyFraming.NONE)) {
      case Parsed.Got<BodyFraming>(BodyFraming framing) ->
          understood(head, target, host == null ? "" : host, minor, framing);
      case Parsed.Refused<BodyFraming>(int status, String reason) ->
          new Parsed.Refused<>(status, reason);
      case Parsed.More<BodyFraming> _ -> new Parsed.More<>();
    };
  }

  /// Understands the head of an HTTP/2 request, whose form the codec has checked (RFC 9113, section
  /// 8.3).
  ///
  /// @param headers without pseudo-headers
  /// @param ended no body follows
  static Parsed<CallerRequest> ofHttp2(
      String method, String path, @Nullable String authority, List<Header> headers, boolean ended) {
    String wrong = RequestLine.wrongMethod(method);
    if (wrong != null) {
      return new Parsed.Refused<>(400, wrong);
    }
    int hosts = RawHead.count(headers, "host");
    String host = hosts == 0 ? authority : RawHead.first(headers, "host");
    if (hosts > 1
        || host == null
        || host.isEmpty()
        || !isHost(host)
        || (authority != null && !authority.equalsIgnoreCase(host))) {
      return new Parsed.Refused<>(400, "there must be exactly one well-formed authority");
    }
    if (!RequestLine.isTarget(path, method)) {
      return new Parsed.Refused<>(400, "the request target is malformed");
    }
    RawHead head = new RawHead(method, path, HTTP2, headers);
    BodyFraming absent = ended ? BodyFraming.NONE : BodyFraming.CHUNKED;
    return switch (BodyFraming.of(headers, 1, absent)) {
      case Parsed.Got<BodyFraming>(BodyFraming framing) -> understood(head, path, host, 1, framing);
      case Parsed.Refused<BodyFraming>(int status, String reason) ->
          new Parsed.Refused<>(status, reason);
      case Parsed.More<BodyFraming> _ -> new Parsed.More<>();
    };
  }

  /// Whether the caller says that it can make use of trailers.
  boolean welcomesTrailers() {
    String te = RawHead.first(headers, "te");
    return te != null && te.toLowerCase(Locale.ROOT).contains("trailers");
  }

  /// The protocol that the caller wants to speak from here on, as it says it; null for none. With a
  /// body there is no telling where the other protocol would begin, so it is not asked for then.
  @Nullable String upgrade() {
    if (minor == 0 || !framing.isEmpty() || !hops.contains("upgrade")) {
      return null;
    }
    String wanted = null;
    for (Header header : headers) {
      if (header.name().equals("upgrade")) {
        if (wanted != null || header.value().toLowerCase(Locale.ROOT).contains("h2c")) {
          return null; // HTTP/2 is the door's to speak, and never a model's through it
        }
        wanted = header.value();
      }
    }
    return wanted == null || wanted.isEmpty() ? null : wanted;
  }

  private static Parsed<CallerRequest> understood(
      RawHead head, String target, String host, int minor, BodyFraming framing) {
    Set<String> hops = Hops.namedIn(head.headers());
    boolean persistent =
        minor == 1
            ? !hops.contains("close")
            : hops.contains("keep-alive") && !hops.contains("close");
    String expect = RawHead.first(head.headers(), "expect");
    boolean continues = false;
    if (expect != null && minor == 1) {
      if (!expect.toLowerCase(Locale.ROOT).equals("100-continue")) {
        return new Parsed.Refused<>(417, "only 100-continue can be expected");
      }
      continues = !framing.isEmpty();
    }
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    return new Parsed.Got<>(
        new CallerRequest(
            head.first(),
            target,
            path,
            host,
            head.third().equals(HTTP2),
            minor,
            head.headers(),
            framing,
            persistent,
            continues,
            hops));
  }

  /// 0 or 1, or null when it is another version or none.
  static @Nullable Integer minorOf(String version) {
    return switch (version) {
      case "HTTP/1.1" -> 1;
      case "HTTP/1.0" -> 0;
      default -> null;
    };
  }

  private static boolean isHost(String host) {
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      boolean plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!plain && ".-_:[]~%!$&'()*+;=".indexOf(c) < 0) {
        return false;
      }
    }
    return host.length() <= 255;
  }

  private static int firstOf(String text, String any, int from) {
    for (int i = from; i < text.length(); i++) {
      if (any.indexOf(text.charAt(i)) >= 0) {
        return i;
      }
    }
    return text.length();
  }
}
