package dev.loopgate.fleet;

/// How a secret of a connection is written.
@FunctionalInterface
public interface SecretText {
  /// Its text; nothing is written when that is empty.
  ///
  /// @param field `password`, `keyID`, `keySecret` or `publicKey`
  /// @param secret never empty
  String of(String field, Secret secret);

  /// As everybody may read it: masked but for what is public.
  SecretText MASKED = (field, secret) -> field.equals("publicKey") ? secret.text() : Secret.MASK;

  /// As who may see secrets reads it.
  SecretText DECRYPTED = (_, secret) -> secret.text();
}
