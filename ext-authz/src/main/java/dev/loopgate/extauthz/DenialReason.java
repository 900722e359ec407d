package dev.loopgate.extauthz;

/// Why a request may not pass. A fixed, small set: a label of metrics. What was wrong with a token,
/// `policy` tells its own events.
public enum DenialReason {
  /// There is no token, or no good one: 401.
  UNAUTHORIZED("unauthorized"),
  /// A good token, but not for this: 403.
  FORBIDDEN("forbidden"),
  /// The token can't be judged at the moment, or we failed: 503.
  NOT_DECIDED("not_decided"),
  /// No model has this route: 404.
  UNKNOWN_MODEL("unknown_model"),
  /// Neither a model's path nor one of the door: 404.
  UNKNOWN_PATH("unknown_path"),
  /// The path would leave its model's prefix: 400.
  CLIMBS_OUT("climbs_out"),
  /// What Envoy tells is no request, or too much of one: 400, 431.
  MALFORMED("malformed");

  private final String word;

  DenialReason(String word) {
    this.word = word;
  }

  /// The word of metrics.
  public String word() {
    return word;
  }
}
