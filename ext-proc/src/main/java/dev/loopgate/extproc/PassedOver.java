package dev.loopgate.extproc;

/// Why an exchange that Envoy showed is no entry. Counted, all but one outside of the ledger.
public enum PassedOver {
  /// Its path leads to no model of ours.
  UNKNOWN_MODEL("unknown_model"),
  /// The model's, but no prediction; or nothing of that model is kept.
  NOT_CAPTURED("not_captured"),
  /// Envoy answered before it showed the request: refused above our filter, or malformed.
  ANSWERED_BEFORE("answered_before"),
  /// As many exchanges, or headers, are followed as may be. In the ledger: dropped.
  OVER_BOUNDS("over_bounds"),
  /// The stream is not what the protocol allows.
  MALFORMED("malformed");

  private final String word;

  PassedOver(String word) {
    this.word = word;
  }

  /// The word in metrics.
  public String word() {
    return word;
  }
}
