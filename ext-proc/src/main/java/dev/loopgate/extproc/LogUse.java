package dev.loopgate.extproc;

/// What became of one entry of an Envoy's access log. Counted.
public enum LogUse {
  /// Facts of an exchange that was shown, too.
  JOINED("joined"),
  /// A prediction that was refused before external processing could see it.
  REFUSED("refused"),
  /// An entry of the stream `access_log`.
  KEPT("kept"),
  /// The same, and proof that external processing did not show it.
  NOT_OBSERVED("not_observed"),
  /// Not shown, as far as is known here; but it may have been, before this gateway listened.
  UNJUDGED("unjudged"),
  /// Its path, or its server, leads to no model of ours.
  UNKNOWN_MODEL("unknown_model"),
  /// The model's, but no prediction; or nothing of that model is kept.
  NOT_CAPTURED("not_captured"),
  /// No end of an exchange that a caller sees: periodic, or a leg of an internal redirect.
  NOT_FINAL("not_final"),
  /// On its way to our own proxy, which keeps it.
  OWN("own"),
  /// The stream is not what the protocol allows.
  MALFORMED("malformed");

  private final String word;

  LogUse(String word) {
    this.word = word;
  }

  /// The word in metrics.
  public String word() {
    return word;
  }
}
