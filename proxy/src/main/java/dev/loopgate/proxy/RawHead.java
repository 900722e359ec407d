package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A head cut into its parts, each of legal characters, none of them understood yet.
///
/// @param first method or version
/// @param second target or status
/// @param third version or reason phrase
/// @param headers in the order of the wire
record RawHead(String first, String second, String third, List<Header> headers) {

  /// Whether anything of the start line is HTTP's: else it is another protocol that happens to have
  /// two spaces in its first line, and an answer in HTTP would only confuse it.
  boolean isHttp() {
    return third.contains("HTTP/")
        || second.contains("HTTP/")
        || second.startsWith("/")
        || second.indexOf(':') >= 0;
  }

  /// The value of the first header with this lower-case name, or null.
  static @Nullable String first(List<Header> headers, String name) {
    for (Header header : headers) {
      if (header.name().equals(name)) {
        return header.value();
      }
    }
    return null;
  }

  /// How many headers have this lower-case name.
  static int count(List<Header> headers, String name) {
    int count = 0;
    for (Header header : headers) {
      if (header.name().equals(name)) {
        count++;
      }
    }
    return count;
  }
}
