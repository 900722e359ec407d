package dev.loopgate.policy;

/// Why a request may not pass. A fixed, small set: a label of metrics.
public enum RefusalReason {
  /// There is no bearer token.
  NO_TOKEN("no_token"),
  /// What is there is no token that we take: its form, its length, a critical extension, or there
  /// are two of them.
  MALFORMED("malformed"),
  /// Not signed, signed with a shared secret, or with an algorithm that its key is not for.
  ALGORITHM("algorithm"),
  /// Signed with a key that is not published.
  UNKNOWN_KEY("unknown_key"),
  /// The signature is not of its key.
  SIGNATURE("signature"),
  /// It was valid once, or does not say until when it is.
  EXPIRED("expired"),
  /// It is valid later.
  NOT_YET_VALID("not_yet_valid"),
  /// Somebody else has issued it.
  ISSUER("issuer"),
  /// It is for somebody else.
  AUDIENCE("audience"),
  /// A good token, but none of its roles may do this.
  ROLE("role"),
  /// A good token, but nobody may call this path of the model with this method.
  PATH("path"),
  /// The keys are not known or too old, and can't be read now.
  KEYS_UNAVAILABLE("keys_unavailable"),
  /// Too many tokens wait to be verified.
  OVERLOADED("overloaded");

  private final String word;

  RefusalReason(String word) {
    this.word = word;
  }

  /// The word of metrics.
  public String word() {
    return word;
  }
}
