package dev.loopgate.policy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who signs tokens in tests, with one key.
final class Issuer {
  static final String NAME = "https://issuer/realms/r";

  private final KeyPair pair;
  private final JWK published;

  private Issuer(KeyPair pair, JWK published) {
    this.pair = pair;
    this.published = published;
  }

  static Issuer rsa(@Nullable String kid) {
    return rsa(kid, 2048);
  }

  static Issuer rsa(@Nullable String kid, int bits) {
    KeyPair pair = pair("RSA", bits);
    return new Issuer(pair, new RSAKey.Builder((RSAPublicKey) pair.getPublic()).keyID(kid).build());
  }

  static Issuer curve(@Nullable String kid, Curve curve) {
    KeyPair pair =
        pair("EC", curve.equals(Curve.P_256) ? 256 : curve.equals(Curve.P_384) ? 384 : 521);
    return new Issuer(
        pair, new ECKey.Builder(curve, (ECPublicKey) pair.getPublic()).keyID(kid).build());
  }

  static Issuer edwards(@Nullable String kid) {
    KeyPair pair = pair("Ed25519", 255);
    byte[] encoded = pair.getPublic().getEncoded();
    byte[] x = Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length);
    return new Issuer(
        pair, new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(x)).keyID(kid).build());
  }

  static Issuer of(String algorithm) {
    return switch (algorithm) {
      case "ES256" -> curve("k", Curve.P_256);
      case "ES384" -> curve("k", Curve.P_384);
      case "ES512" -> curve("k", Curve.P_521);
      case "EdDSA", "Ed25519" -> edwards("k");
      default -> rsa("k");
    };
  }

  JWK published() {
    return published;
  }

  KeyPair pair() {
    return pair;
  }

  String kid() {
    return published.getKeyID();
  }

  /// A key set of these.
  static String keys(Issuer... issuers) {
    return keys(Arrays.stream(issuers).map(Issuer::published).toArray(JWK[]::new));
  }

  static String keys(JWK... keys) {
    List<Map<String, Object>> members = Arrays.stream(keys).map(JWK::toJSONObject).toList();
    return JSONObjectUtils.toJSONString(Map.of("keys", members));
  }

  /// Claims that are good for an hour from `nowMillis`.
  static Map<String, Object> claims(long nowMillis, String... roles) {
    Map<String, Object> claims = new HashMap<>();
    claims.put("iss", NAME);
    claims.put("sub", "ada");
    claims.put("aud", List.of("loopgate", "other"));
    claims.put("exp", nowMillis / 1000 + 3600);
    claims.put("realm_access", Map.of("roles", List.of(roles)));
    return claims;
  }

  String token(String algorithm, Map<String, Object> claims) {
    return token(Map.of("alg", algorithm, "kid", kid(), "typ", "JWT"), claims);
  }

  String token(Map<String, Object> head, Map<String, Object> claims) {
    String signed = encoded(head) + "." + encoded(claims);
    return signed + "." + signature(String.valueOf(head.get("alg")), signed);
  }

  /// The signature of `signed` by the algorithm of this name.
  String signature(String algorithm, String signed) {
    try {
      byte[] bytes = signed.getBytes(US_ASCII);
      if (algorithm.startsWith("Ed")) {
        Signature signing = Signature.getInstance("Ed25519");
        signing.initSign(pair.getPrivate());
        signing.update(bytes);
        return Base64URL.encode(signing.sign()).toString();
      }
      JWSHeader header = new JWSHeader(JWSAlgorithm.parse(algorithm));
      return signer().sign(header, bytes).toString();
    } catch (GeneralSecurityException | JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  static String encoded(Map<String, Object> object) {
    return Base64URL.encode(JSONObjectUtils.toJSONString(object).getBytes(UTF_8)).toString();
  }

  private JWSSigner signer() throws JOSEException {
    PrivateKey key = pair.getPrivate();
    return published instanceof ECKey ec
        ? new ECDSASigner(key, ec.getCurve())
        : new RSASSASigner(key);
  }

  private static KeyPair pair(String family, int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(family);
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
