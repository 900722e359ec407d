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
/// @param headers names of headers that are removed, lower case, exact match
/// @param queryParameters names of query parameters whose values are masked, lower case, matched
///     after percent-decoding, whatever their case
public record Redaction(Set<String> headers, Set<String> queryParameters) {
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
      Set.of("x-original-uri", "x-envoy-original-path", "referer");

  public Redaction {
    headers = Set.copyOf(headers);
    queryParameters = Set.copyOf(queryParameters);
  }

  /// The headers that may be kept, as they may be kept.
  public List<Header> redact(List<Header> all) {
    List<Header> kept = new ArrayList<>(all.size());
    for (Header header : all) {
      if (headers.contains(header.name())) {
        continue;
      }
      kept.add(
          URL_HEADERS.contains(header.name())
              ? new Header(header.name(), maskQuery(header.value()))
              : header);
    }
    return kept;
  }

  /// `uri` with the values of the named query parameters masked. A fragment is treated as part of
  /// the query: what follows `#` may repeat it.
  public String maskQuery(String uri) {
    int query = uri.indexOf('?');
    if (query < 0) {
      return uri;
    }
    StringBuilder masked = new StringBuilder(uri.length()).append(uri, 0, query + 1);
    int from = query + 1;
    while (from <= uri.length()) {
      int to = endOfParameter(uri, from);
      int equals = uri.indexOf('=', from);
      if (equals >= 0 && equals < to && masks(uri.substring(from, equals))) {
        masked.append(uri, from, equals + 1).append(MASK);
      } else {
        masked.append(uri, from, to);
      }
      if (to < uri.length()) {
        masked.append(uri.charAt(to));
      }
      from = to + 1;
    }
    return masked.toString();
  }

  /// Whether values of the parameter with this name, percent-encoded or not, are masked.
  public boolean masks(String name) {
    return queryParameters.contains(decoded(name).toLowerCase(Locale.ROOT));
  }

  private static int endOfParameter(String uri, int from) {
    for (int i = from; i < uri.length(); i++) {
      char c = uri.charAt(i);
      if (c == '&' || c == ';' || c == '#' || c == '?') {
        return i;
      }
    }
    return uri.length();
  }

  private static String decoded(String name) {
    if (name.indexOf('%') < 0) {
      return name;
    }
    try {
      return URLDecoder.decode(name, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      return name; // not percent-encoding at all: what stands there is the name
    }
  }
}
