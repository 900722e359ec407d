package dev.loopgate.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// An answer, complete.
///
/// @param head its head
/// @param length bytes of its body
/// @param text the body as Latin-1, empty when it went to a sink
public record Answer(WireHead head, long length, String text) {
  /// Its status.
  public int status() {
    return head.status();
  }

  /// The header's value, empty when absent.
  public String header(String name) {
    return head.header(name);
  }

  /// The body read as UTF-8.
  public String utf8() {
    return new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /// Whether the connection ends with it.
  public boolean closes() {
    return header("connection").toLowerCase(Locale.ROOT).contains("close")
        || head.startLine().startsWith("HTTP/1.0")
        || (head.framing(Framing.UNTIL_CLOSE) == Framing.UNTIL_CLOSE && length > 0);
  }
}
