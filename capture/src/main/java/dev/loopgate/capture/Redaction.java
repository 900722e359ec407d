package dev.loopgate.capture;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What is never kept (P6): headers that are removed, query parameters whose values are masked.
/// Applied before the ring. Immutable, any thread.
///
/// @param headers names of headers that are removed
/// @param queryParameters names of query parameters whose values are masked, matched after
///   percent-decoding
public record Redaction(NameSet headers, NameSet queryParameters) {
  /// What stands where a value was.
  public static final String MASK = "*****";

  /// The rules of contract section 1.
  public static final Redaction DEFAULT =
      new Redaction(
          Set.of(
              "authorization",
              "x-jwt",
              "x-user",
              "x-email",
              "cookie",
              "set-cookie",
              "proxy-authorization",
              "x-api-key",
              "api-key",
              "x-goog-api-key",
              "x-amz-security-token"),
          Set.of(
              "access_token", "token", "api_key", "apikey", "key", "sig", "signature", "password"));

  // Headers that carry a URL of their own.
  private static final Set<String> URL_HEADERS =
      Set.of("x-original-uri", "x-envoy-original-path", "x-envoy-original-url", "referer");

  /// @param headers exact names and patterns, in any case
  /// @param queryParameters as well
  public Redaction(Set<String> headers, Set<String> queryParameters) {
    this(new NameSet(headers), new NameSet(queryParameters));
  }

  /// The headers that may be kept, as they may be kept.
  public List<Header> redact(List<Header> all) {
    List<Header> kept = new ArrayList<>(all.size());
    for (Header header : all) {
      if (removes(header.name())) {
        continue;
      }
      kept.add(
          URL_HEADERS.contains(header.name())
              ? new Header(header.name(), maskQuery(header.value()))
              : header);
    }
    return kept;
  }

  /// Whether a header with this lower-case name is not kept, wherever it is told of. `forwarded`
  /// says again what `x-forwarded-for` and `x-forwarded-host` say (RFC 7239, section 7.4): it goes
  /// with either.
  public boolean removes(String name) {
    return headers.contains(name)
        || (name.equals("forwarded")
            && (headers.contains("x-forwarded-for") || headers.contains("x-forwarded-host")));
  }

  /// Whether a header with this lower-case name is not kept, or not as it is.
  public boolean touches(String name) {
    return removes(name) || URL_HEADERS.contains(name);
  }

  /// `uri` with the values of the named query parameters masked.
  ///
  /// Servers differ in where a parameter begins and ends, so this reads `uri` as the boldest of
  /// them would: a parameter may begin after any of `? & ; #`, and a masked value ends only before
  /// `&`, because what stands behind another of these signs may still be the secret.
  public String maskQuery(String uri) {
    int from = startOfParameter(uri, 0);
    if (from == uri.length()) {
      return uri;
    }
    StringBuilder masked = new StringBuilder(uri.length()).append(uri, 0, from);
    while (from < uri.length()) {
      int next = startOfParameter(uri, from);
      int equals = uri.indexOf('=', from);
      if (equals >= 0 && equals < next && masks(uri.substring(from, equals))) {
        int end = uri.indexOf('&', equals);
        next = end < 0 ? uri.length() : end + 1;
        masked.append(uri, from, equals + 1).append(MASK).append(end < 0 ? "" : "&");
      } else {
        masked.append(uri, from, next);
      }
      from = next;
    }
    return masked.toString();
  }

  /// Whether values of the parameter with this name, percent-encoded or not, are masked. `token[]`,
  /// `token[0]` and ` token` are `token` too: some servers read them so.
  public boolean masks(String name) {
    String plain = decoded(name);
    int bracket = plain.indexOf('[');
    if (bracket > 0) {
      plain = plain.substring(0, bracket);
    }
    return queryParameters.contains(plain.trim().toLowerCase(Locale.ROOT));
  }

  /// The index behind the next sign after which a parameter may begin, or the length.
  private static int startOfParameter(String uri, int from) {
    for (int i = from; i < uri.length(); i++) {
      switch (uri.charAt(i)) {
        case '?', '&', ';', '#' -> {
          return i + 1;
        }
        default -> {}
      }
    }
    return uri.length();
  }

  private static String decoded(String name) {
    if (name.indexOf('%') < 0 && name.indexOf('+') < 0) {
      return name;
    }
    try {
      return URLDecoder.decode(name, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      return name; // not percent-encoding at all: what stands there is the name
    }
  }
}
