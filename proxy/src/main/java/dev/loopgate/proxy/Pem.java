package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads certificates and keys from files in PEM. Any thread that may block.
final class Pem {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----");

  private Pem() {}

  static X509Certificate[] certificatesOf(Path file) throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      X509Certificate[] all =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
              .map(X509Certificate.class::cast)
              .toArray(X509Certificate[]::new);
      if (all.length == 0) {
        throw new CertificateException("no certificate in PEM: file=" + file);
      }
      return all;
    }
  }

  /// The key, if it is the one of the certificate: what it signs, `of` verifies.
  static PrivateKey keyOf(Path file, PublicKey of) throws IOException, GeneralSecurityException {
    Matcher pem = KEY.matcher(Files.readString(file, ISO_8859_1));
    if (!pem.find()) {
      throw new InvalidKeyException("no key in PEM, PKCS#8 and not encrypted: file=" + file);
    }
    byte[] der = Base64.getMimeDecoder().decode(pem.group(1));
    String family = of.getAlgorithm();
    PrivateKey key = KeyFactory.getInstance(family).generatePrivate(new PKCS8EncodedKeySpec(der));
    String algorithm =
        switch (family) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> family;
        };
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    signing.update(der);
    Signature verifying = Signature.getInstance(algorithm);
    verifying.initVerify(of);
    verifying.update(der);
    if (!verifying.verify(signing.sign())) {
      throw new InvalidKeyException("the key is not the certificate's: file=" + file);
    }
    return key;
  }

  /// What went wrong in the end.
  static @Nullable String rootOf(Throwable e) {
    Throwable at = e;
    while (at.getCause() != null) {
      at = at.getCause();
    }
    return at.getMessage() == null ? at.getClass().getSimpleName() : at.getMessage();
  }
}
