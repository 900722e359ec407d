package dev.loopgate.capture;

/// How an exchange ended; exactly one for each.
public enum Ending {
  /// We released the byte that completes the answer for the caller.
  COMPLETE("complete"),
  /// The caller went before its answer was complete.
  CLIENT_LEFT("client_left"),
  /// No connection to the model could be made; nothing was sent.
  MODEL_UNREACHABLE("model_unreachable"),
  /// The model's connection broke, or its answer was not HTTP.
  MODEL_RESET("model_reset"),
  /// The model did not answer in time.
  TIMED_OUT("timed_out"),
  /// Held while the model woke, until its deadline.
  HELD_TOO_LONG("held_too_long"),
  /// Refused by us: malformed, too large, not allowed.
  REJECTED("rejected"),
  /// The gateway stopped before the answer was complete.
  GATEWAY_STOPPED("gateway_stopped"),
  /// Beside Envoy only: over without a visible end.
  CUT("cut");

  private final String word;

  Ending(String word) {
    this.word = word;
  }

  /// The word of the contract, in records and metrics.
  public String word() {
    return word;
  }

  /// The ending with this word.
  ///
  /// @throws IllegalArgumentException when no ending has it
  public static Ending ofWord(String word) {
    for (Ending ending : values()) {
      if (ending.word.equals(word)) {
        return ending;
      }
    }
    throw new IllegalArgumentException("ending: word=" + word);
  }
}
