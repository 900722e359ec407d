package dev.loopgate.proxy;

/// What an intercepted connection turned out to be.
public enum Spoken {
  /// HTTP/1.1 or HTTP/2: its requests are exchanges.
  HTTP("http"),
  /// TLS: its bytes pass.
  TLS("tls"),
  /// Something else, or the server spoke first: its bytes pass.
  OTHER("other"),
  /// For a port that no model is configured at: its bytes pass, and nobody looks at them.
  NO_MODEL("no_model"),
  /// Closed before a word was said, as a look does whether somebody listens.
  NOTHING("nothing");

  private final String word;

  Spoken(String word) {
    this.word = word;
  }

  /// As metrics say it.
  public String word() {
    return word;
  }
}
