package dev.loopgate.policy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.impl.BaseJWSProvider;
import com.nimbusds.jose.util.Base64URL;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import java.util.Set;

/// Verifies with Ed25519 by the JDK alone: the library's own verifier needs another one.
final class Ed25519Verifier extends BaseJWSProvider implements JWSVerifier {
  /// The algorithm's old and new name (RFC 8037, RFC 9864).
  static final Set<JWSAlgorithm> ALGORITHMS = Set.of(JWSAlgorithm.EdDSA, JWSAlgorithm.Ed25519);

  private static final int KEY_LENGTH = 32;
  private static final int SIGNATURE_LENGTH = 64;
  // What stands before a key's bytes in a SubjectPublicKeyInfo (RFC 8410, section 4).
  private static final byte[] PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  private final PublicKey key;

  /// @param x the public key's bytes (RFC 8032)
  Ed25519Verifier(byte[] x) throws GeneralSecurityException {
    super(ALGORITHMS);
    if (x.length != KEY_LENGTH) {
      throw new GeneralSecurityException("Ed25519: key length=" + x.length + ", allowed=32");
    }
    byte[] encoded = new byte[PREFIX.length + KEY_LENGTH];
    System.arraycopy(PREFIX, 0, encoded, 0, PREFIX.length);
    System.arraycopy(x, 0, encoded, PREFIX.length, KEY_LENGTH);
    key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
  }

  @Override
  public boolean verify(JWSHeader header, byte[] signingInput, Base64URL signature)
      throws JOSEException {
    byte[] bytes = signature.decode();
    if (!ALGORITHMS.contains(header.getAlgorithm()) || bytes.length != SIGNATURE_LENGTH) {
      return false;
    }
    try {
      Signature verifying = Signature.getInstance("Ed25519");
      verifying.initVerify(key);
      verifying.update(signingInput);
      return verifying.verify(bytes);
    } catch (SignatureException _) {
      return false; // no point of the curve
    } catch (GeneralSecurityException e) {
      throw new JOSEException("Ed25519: " + e.getMessage(), e);
    }
  }
}
