package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AuthoritiesTest {
  private static final String KEY =
      "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";

  @TempDir private Path directory;

  @Test
  void aKeyThatStandsInTheSameFileStaysHere() throws Exception {
    List<X509Certificate> two = known().subList(0, 2);
    Path file = directory.resolve("combined.pem");
    Files.writeString(
        file, "# ours\n" + pem(two.get(0)) + KEY + "password: x\r\n" + pem(two.get(1)));

    String read = Authorities.of(file.toString()).toStringUtf8();

    assertThat(read).doesNotContain("KEY", "c2VjcmV0", "ours", "password");
    Collection<? extends Certificate> certificates =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(read.getBytes(US_ASCII)));
    assertThat(List.copyOf(certificates)).isEqualTo(two);
  }

  @ParameterizedTest
  @CsvSource({
    "-----BEGIN PRIVATE KEY-----, has no certificate",
    "'-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----', is none",
  })
  void whatIsNoAuthorityIsOneLine(String text, String line) throws Exception {
    Path file = directory.resolve("wrong.pem");
    Files.writeString(file, text);

    assertThatThrownBy(() -> Authorities.of(file.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains("tls-ca", "wrong.pem", line)
        .doesNotContain("c2VjcmV0")
        .hasLineCount(1);
  }

  private static String pem(X509Certificate certificate) throws Exception {
    return "-----BEGIN CERTIFICATE-----\r\n"
        + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
        + "\r\n-----END CERTIFICATE-----\r\n";
  }

  // Of the JDK.
  private static List<X509Certificate> known() throws Exception {
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init((KeyStore) null);
    return Arrays.asList(((X509TrustManager) managers.getTrustManagers()[0]).getAcceptedIssuers());
  }
}
