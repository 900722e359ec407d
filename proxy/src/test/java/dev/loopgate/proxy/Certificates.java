package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// A certificate of its own issue for 127.0.0.1, made by the JDK's keytool.
final class Certificates {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final String ALIAS = "door";

  private final KeyStore store;

  private Certificates(KeyStore store) {
    this.store = store;
  }

  static Certificates make(Path directory, String name) throws Exception {
    return make(directory, name, "EC");
  }

  /// @param key its kind, as keytool calls it
  static Certificates make(Path directory, String name, String key) throws Exception {
    Path file = directory.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                key,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), US_ASCII);
    if (keytool.waitFor() != 0) {
      throw new IllegalStateException("keytool: " + said);
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD);
    }
    return new Certificates(store);
  }

  void writeCertificate(Path to) throws IOException, GeneralSecurityException {
    write(to, "CERTIFICATE", certificate().getEncoded());
  }

  void writeKey(Path to) throws IOException, GeneralSecurityException {
    write(to, "PRIVATE KEY", store.getKey(ALIAS, PASSWORD).getEncoded());
  }

  Certificate certificate() throws GeneralSecurityException {
    return store.getCertificate(ALIAS);
  }

  /// What a caller uses who trusts `trusted`, and shows `own` if it is asked.
  static SSLContext caller(List<Certificates> trusted, @Nullable Certificates own)
      throws GeneralSecurityException, IOException {
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, PASSWORD);
    for (int i = 0; i < trusted.size(); i++) {
      anchors.setCertificateEntry("anchor" + i, trusted.get(i).certificate());
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(anchors);
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own == null ? null : own.store, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  // In one step, as who renews certificates does it.
  private static void write(Path to, String what, byte[] der) throws IOException {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Path fresh = to.resolveSibling(to.getFileName() + ".fresh");
    Files.writeString(
        fresh, "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n");
    Files.move(fresh, to, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }
}
