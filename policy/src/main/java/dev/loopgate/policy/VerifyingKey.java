package dev.loopgate.policy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One public key that tokens may be signed with, and the algorithms it is for: which one is used
/// is never the token's choice alone. Any thread.
final class VerifyingKey {
  /// All algorithms that are taken. No `none`, and none with a shared secret.
  static final Set<String> ALGORITHMS =
      Set.of(
          "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
          "Ed25519");

  private static final int RSA_BITS_MIN = 2048;
  private static final int RSA_BITS_MAX = 8192; // more only costs time
  private static final Map<Curve, JWSAlgorithm> OF_CURVE =
      Map.of(
          Curve.P_256, JWSAlgorithm.ES256,
          Curve.P_384, JWSAlgorithm.ES384,
          Curve.P_521, JWSAlgorithm.ES512);

  private final JWK jwk;
  private final Set<JWSAlgorithm> algorithms;
  private final JWSVerifier verifier;
  private volatile boolean retired;

  private VerifyingKey(JWK jwk, Set<JWSAlgorithm> algorithms, JWSVerifier verifier) {
    this.jwk = jwk;
    this.algorithms = algorithms;
    this.verifier = verifier;
  }

  /// The key, or null when it is none to verify with: for encryption, too short, of another curve.
  static @Nullable VerifyingKey of(JWK jwk) {
    boolean signs = jwk.getKeyUse() == null || jwk.getKeyUse().equals(KeyUse.SIGNATURE);
    Set<KeyOperation> operations = jwk.getKeyOperations();
    boolean verifies =
        operations == null || operations.isEmpty() || operations.contains(KeyOperation.VERIFY);
    if (!signs || !verifies) {
      return null;
    }
    try {
      return switch (jwk) {
        case RSAKey rsa -> ofRsa(rsa);
        case ECKey ec -> ofCurve(ec);
        case OctetKeyPair pair when Curve.Ed25519.equals(pair.getCurve()) ->
            named(pair, Ed25519Verifier.ALGORITHMS, new Ed25519Verifier(pair.getDecodedX()));
        default -> null;
      };
    } catch (JOSEException | GeneralSecurityException | RuntimeException _) {
      return null; // not a key of its kind
    }
  }

  private static @Nullable VerifyingKey ofRsa(RSAKey rsa) throws JOSEException {
    int bits = rsa.toRSAPublicKey().getModulus().bitLength();
    return bits < RSA_BITS_MIN || bits > RSA_BITS_MAX
        ? null
        : named(
            rsa,
            Set.of(
                JWSAlgorithm.RS256,
                JWSAlgorithm.RS384,
                JWSAlgorithm.RS512,
                JWSAlgorithm.PS256,
                JWSAlgorithm.PS384,
                JWSAlgorithm.PS512),
            new RSASSAVerifier(rsa.toRSAPublicKey()));
  }

  private static @Nullable VerifyingKey ofCurve(ECKey ec) throws JOSEException {
    JWSAlgorithm algorithm = OF_CURVE.get(ec.getCurve());
    return algorithm == null ? null : named(ec, Set.of(algorithm), new ECDSAVerifier(ec));
  }

  // What the key itself names narrows what its kind allows.
  private static @Nullable VerifyingKey named(
      JWK jwk, Set<JWSAlgorithm> algorithms, JWSVerifier verifier) {
    if (jwk.getAlgorithm() == null) {
      return new VerifyingKey(jwk, algorithms, verifier);
    }
    JWSAlgorithm own = JWSAlgorithm.parse(jwk.getAlgorithm().getName());
    if (!algorithms.contains(own)) {
      return null;
    }
    boolean edwards = Ed25519Verifier.ALGORITHMS.contains(own); // two names of one
    return new VerifyingKey(jwk, edwards ? algorithms : Set.of(own), verifier);
  }

  /// Whether a token that names this key may mean this one. A key without a name may be meant by
  /// any.
  boolean answersTo(@Nullable String name) {
    return name == null || jwk.getKeyID() == null || jwk.getKeyID().equals(name);
  }

  boolean isFor(JWSAlgorithm algorithm) {
    return algorithms.contains(algorithm);
  }

  /// Whether the signature is of this key.
  boolean verifies(JWSHeader header, byte[] signed, Base64URL signature) {
    try {
      return verifier.verify(header, signed, signature);
    } catch (JOSEException _) {
      return false; // a signature that can't be one
    }
  }

  boolean isSameAs(JWK other) {
    return jwk.equals(other);
  }

  /// No token of it is good any more.
  void retire() {
    retired = true;
  }

  boolean isRetired() {
    return retired;
  }
}
