package dev.loopgate.cli;

import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Texts of the user as parts of a URL.
final class UrlText {
  private UrlText() {}

  /// One segment of a path, whatever it holds.
  static String segment(String text) {
    String encoded = URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    return encoded.matches("\\.+") ? encoded.replace(".", "%2E") : encoded; // no way up
  }

  /// Fields of a form, or of a query.
  static String form(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
        .collect(Collectors.joining("&"));
  }

  /// The fields of a form or a query; the last of the same name holds.
  static Map<String, String> fields(@Nullable String text) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String field : text == null ? List.<String>of() : List.of(text.split("&", -1))) {
      int end = field.indexOf('=');
      try {
        fields.put(
            URLDecoder.decode(end < 0 ? field : field.substring(0, end), StandardCharsets.UTF_8),
            end < 0 ? "" : URLDecoder.decode(field.substring(end + 1), StandardCharsets.UTF_8));
      } catch (IllegalArgumentException _) {
        // no text at all: as if it were not there
      }
    }
    return fields;
  }

  /// The root of a server, without a slash at its end.
  ///
  /// @throws ClientException when it is none
  static String base(String text) throws ClientException {
    String base = text.strip().replaceAll("/+$", "");
    try {
      URI uri = URI.create(base);
      boolean http = "http".equalsIgnoreCase(uri.getScheme());
      boolean https = "https".equalsIgnoreCase(uri.getScheme());
      boolean bare =
          uri.getRawQuery() == null && uri.getRawFragment() == null && uri.getUserInfo() == null;
      if ((http || https) && uri.getHost() != null && bare) {
        return base;
      }
    } catch (IllegalArgumentException _) {
      // the same answer as for a URL of something else
    }
    throw new ClientException(
        "URL \"" + PrintableText.line(text, 200) + "\" is not valid; allowed: http://HOST:PORT");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
