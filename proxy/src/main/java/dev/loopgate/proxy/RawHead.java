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
