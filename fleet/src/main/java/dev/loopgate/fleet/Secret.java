package dev.loopgate.fleet;

/// A text that no log and no message may show: it prints as [#MASK].
///
/// @param text as it was declared, which is base64 once [ConnectionRules] accepted it; empty for
///   none
public record Secret(String text) {
  /// What stands where a secret is. Sent back, it means the secret that is there, as
  /// [ConnectionRules#check] says.
  public static final String MASK = "*****";

  /// No secret.
  public static final Secret NONE = new Secret("");

  /// Whether there is none.
  public boolean isEmpty() {
    return text.isEmpty();
  }

  boolean isMask() {
    return text.equals(MASK);
  }

  @Override
  public String toString() {
    return text.isEmpty() ? "" : MASK;
  }
}
