package dev.loopgate.testkit;

import java.util.Map;

/// The head of a request or response as it came.
///
/// @param startLine the first line
/// @param headers lower-case names; repeated ones joined with `, `
public record WireHead(String startLine, Map<String, String> headers) {
  public WireHead {
    headers = Map.copyOf(headers);
  }

  /// The header's value, empty when absent.
  public String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /// The second word of a status line.
  public int status() {
    return Integer.parseInt(startLine.split(" ", 3)[1]);
  }

  /// How the body's end is told, with `absent` for a head that tells nothing.
  Framing framing(Framing absent) {
    if (header("transfer-encoding").contains("chunked")) {
      return Framing.CHUNKED;
    }
    return headers.containsKey("content-length") ? Framing.LENGTH : absent;
  }
}
