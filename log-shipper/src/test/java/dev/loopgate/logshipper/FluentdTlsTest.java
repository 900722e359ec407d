package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.ForwardReceiver;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Fluentd over TLS is believed for its certificate and its name, or gets nothing.
final class FluentdTlsTest {
  private static final ObjectKey KEY =
      new ObjectKey("feedback/m/1/year=2026/month=11/day=26/2026112620_0.json");
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir private Path directory;
  private Path authority;
  private ForwardReceiver receiver;

  @BeforeEach
  void start() throws Exception {
    Path keys = directory.resolve("keys.p12");
    keytool(
        keys,
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=dns:localhost",
        "-validity",
        "2");
    authority =
        Files.writeString(directory.resolve("ca.pem"), keytool(keys, "-exportcert", "-rfc"));
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys)) {
      store.load(in, PASSWORD);
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    ServerSocketFactory sockets = context.getServerSocketFactory();
    receiver = ForwardReceiver.start(sockets, 0);
  }

  @AfterEach
  void stop() throws IOException {
    receiver.close();
  }

  @Test
  void theRightCertificateOfTheRightNameIsBelieved() throws IOException {
    try (ObjectStore store = open("localhost", authority)) {
      assertThat(store.publish(KEY, staged(store))).isEqualTo(Publication.PUBLISHED);
    }
    assertThat(receiver.chunks()).hasSize(1);
  }

  @Test
  void anotherNameIsNot() throws IOException {
    try (ObjectStore store = open("127.0.0.1", authority)) {
      StagedFile file = staged(store);
      assertThatThrownBy(() -> store.publish(KEY, file))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1");
    }
    assertThat(receiver.chunks()).isEmpty();
  }

  @Test
  void anotherAuthorityIsNot() throws IOException {
    try (ObjectStore store = open("localhost", null)) {
      StagedFile file = staged(store);
      assertThatThrownBy(() -> store.publish(KEY, file))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("certification path");
    }
    assertThat(receiver.chunks()).isEmpty();
  }

  @Test
  void aFileWithoutCertificatesIsRefusedAtOnce() throws IOException {
    Path none = Files.writeString(directory.resolve("none.pem"), "no certificate\n");

    assertThatThrownBy(() -> open("localhost", none))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("tls-ca: " + none);
  }

  private ObjectStore open(String host, @Nullable Path trust) throws IOException {
    return FluentdStore.open(
        new FluentdAddress(host, receiver.port(), true),
        directory.resolve("manifests"),
        "0123456789ab",
        trust);
  }

  private static StagedFile staged(ObjectStore store) throws IOException {
    Path file = Files.writeString(store.staging().resolve("0-0"), "{\"request_id\":\"a\"}\n");
    Checksum checksum = Checksum.of(Files.readAllBytes(file));
    return new StagedFile(file, checksum.size(), checksum.crc32c(), "0123456789ab/0-0");
  }

  private static String keytool(Path keys, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("-alias", "door", "-keystore", keys.toString()));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", new String(PASSWORD)));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }
}
