package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/// Who signs tokens: one RSA key, by the JDK alone.
final class SigningIssuer {
  static final String NAME = "https://issuer.example/realms/r";

  private final String kid;
  private final KeyPair pair;

  SigningIssuer(String kid) {
    this.kid = kid;
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      pair = generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The key set of these.
  static String keys(SigningIssuer... issuers) {
    List<String> members = Arrays.stream(issuers).map(SigningIssuer::key).toList();
    return "{\"keys\":[" + String.join(",", members) + "]}";
  }

  /// A token of these roles that is good until `untilSeconds` of the epoch.
  String token(long untilSeconds, String... roles) {
    String head = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}".formatted(kid);
    String claims =
        "{\"iss\":\"%s\",\"sub\":\"ada\",\"aud\":\"loopgate\",\"exp\":%d,\"realm_access\":{\"roles\":[%s]}}"
            .formatted(
                NAME,
                untilSeconds,
                String.join(",", Arrays.stream(roles).map(role -> "\"" + role + "\"").toList()));
    String signed = encoded(head.getBytes(UTF_8)) + "." + encoded(claims.getBytes(UTF_8));
    try {
      Signature signing = Signature.getInstance("SHA256withRSA");
      signing.initSign(pair.getPrivate());
      signing.update(signed.getBytes(UTF_8));
      return signed + "." + encoded(signing.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private String key() {
    RSAPublicKey key = (RSAPublicKey) pair.getPublic();
    return "{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"}"
        .formatted(kid, encoded(key.getModulus()), encoded(key.getPublicExponent()));
  }

  private static String encoded(BigInteger number) {
    byte[] bytes = number.toByteArray();
    return encoded(bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes);
  }

  private static String encoded(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
