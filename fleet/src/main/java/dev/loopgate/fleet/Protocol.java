package dev.loopgate.fleet;

import java.util.List;

/// What a model's servers are spoken to in.
public enum Protocol {
  /// HTTP/1.1, plain or over TLS as the url says.
  HTTP1("http1"),
  /// HTTP/2 without TLS, known beforehand (RFC 9113, section 3.3).
  H2C("h2c"),
  /// HTTP/2 over TLS, agreed on in the handshake.
  H2("h2"),
  /// What the handshake agrees on over TLS, HTTP/1.1 without.
  AUTO("auto");

  private final String word;

  Protocol(String word) {
    this.word = word;
  }

  /// The word of configuration.
  public String word() {
    return word;
  }

  /// The known words, for messages.
  public static List<String> words() {
    return List.of(values()).stream().map(Protocol::word).toList();
  }

  /// The protocol with this word.
  ///
  /// @throws IllegalArgumentException when none has it; the message lists the known ones
  public static Protocol ofWord(String word) {
    for (Protocol protocol : values()) {
      if (protocol.word.equals(word)) {
        return protocol;
      }
    }
    throw new IllegalArgumentException(
        "protocol: value=" + word + ", allowed=" + String.join(", ", words()));
  }
}
