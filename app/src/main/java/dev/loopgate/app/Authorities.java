package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The authorities that a model's servers are issued by, for others to see: the certificates of a
/// PEM file and nothing else that stands in it, which may be a key.
final class Authorities {
  private static final int BYTES_MAX = 1 << 20;
  private static final int LINE_LENGTH = 64;
  private static final String BEGIN = "-----BEGIN CERTIFICATE-----";
  private static final String END = "-----END CERTIFICATE-----";
  private static final Pattern BLOCK = Pattern.compile(BEGIN + "[^-]*" + END);

  private Authorities() {}

  /// The certificates of this file, PEM.
  ///
  /// @throws IllegalArgumentException when it can't be read, is too large, or has none; the message
  ///   is one line
  static ByteString of(String file) {
    byte[] bytes = bytes(file);
    StringBuilder pem = new StringBuilder();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      Base64.Encoder encoder = Base64.getMimeEncoder(LINE_LENGTH, new byte[] {'\n'});
      Matcher block = BLOCK.matcher(new String(bytes, ISO_8859_1));
      while (block.find()) {
        Certificate certificate =
            factory.generateCertificate(new ByteArrayInputStream(block.group().getBytes(US_ASCII)));
        pem.append(BEGIN).append('\n');
        pem.append(encoder.encodeToString(certificate.getEncoded())).append('\n');
        pem.append(END).append('\n');
      }
    } catch (CertificateException e) {
      throw new IllegalArgumentException(
          "tls-ca of a model: value=" + file + " has a certificate that is none", e);
    }
    if (pem.isEmpty()) {
      throw new IllegalArgumentException(
          "tls-ca of a model: value=" + file + " has no certificate, allowed=PEM");
    }
    return ByteString.copyFrom(pem.toString(), US_ASCII);
  }

  private static byte[] bytes(String file) {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(BYTES_MAX + 1);
      if (bytes.length <= BYTES_MAX) {
        return bytes;
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "tls-ca of a model: value=" + file + " can't be read: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException(
        "tls-ca of a model: value=" + file + ", allowed=at most " + BYTES_MAX + " bytes");
  }
}
