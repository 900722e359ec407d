package dev.loopgate.proxy;

/// What became of the copy of a request that was for a mirror.
public enum Mirrored {
  /// The mirror answered, with a status below 500.
  ANSWERED("answered"),
  /// The mirror answered with a status of 500 or more.
  FAILED("failed"),
  /// No connection to the mirror.
  UNREACHABLE("unreachable"),
  /// It broke off, or did not answer in HTTP.
  RESET("reset"),
  /// It did not answer within the times of its model.
  TIMED_OUT("timed_out"),
  /// The request's body is larger than what is copied.
  TOO_LARGE("too_large"),
  /// No copy was made or sent: as many as may be are under way, the mirror has as many requests as
  /// it may have, the request did not arrive in full or asks for another protocol, or the gateway
  /// stops.
  SKIPPED("skipped");

  private final String word;

  Mirrored(String word) {
    this.word = word;
  }

  /// As metrics say it.
  public String word() {
    return word;
  }
}
