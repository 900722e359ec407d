package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakFree.class)
@Timeout(60)
final class TlsIT {
  private final KeepingLane lane = new KeepingLane();
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final List<AutoCloseable> closing = new ArrayList<>();

  @TempDir Path directory;

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Path certificateFile() {
    return directory.resolve("door.pem");
  }

  private Path keyFile() {
    return directory.resolve("door.key");
  }

  private Certificates install(String name) throws Exception {
    Certificates made = Certificates.make(directory, name);
    made.writeKey(keyFile());
    made.writeCertificate(certificateFile());
    return made;
  }

  private Proxy door(RawModel model, @Nullable Path clientCa) throws IOException {
    closing.add(model);
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(2, 64, new TlsFiles(certificateFile(), keyFile(), clientCa)),
            RealDoor.model(model, null, null),
            lane,
            ManualTime.at("2026-11-24T10:00:00Z"),
            new ProxyEvents() {
              @Override
              public void handshakeFailed() {
                told.add("handshake failed");
              }

              @Override
              public void certificateChanged() {
                told.add("changed");
              }

              @Override
              public void certificateRefused(String reason) {
                told.add("refused " + reason);
              }
            },
            Transport.best());
    closing.add(proxy);
    return proxy;
  }

  private HttpResponse<String> post(Proxy proxy, HttpClient client) throws Exception {
    URI uri = URI.create("https://127.0.0.1:" + proxy.address().getPort() + "/model/m/predict");
    return client.send(
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString("hello")).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpClient client(
      HttpClient.Version version, @Nullable Certificates own, Certificates... trusted)
      throws Exception {
    HttpClient client =
        HttpClient.newBuilder()
            .version(version)
            .sslContext(Certificates.caller(List.of(trusted), own))
            .build();
    closing.add(client);
    return client;
  }

  /// This class runs twice: see the room's POM. Not every key is known to BoringSSL.
  @ParameterizedTest
  @CsvSource({"EC, true", "RSA, true", "Ed25519, false"})
  void whoeverKnowsTheKeyEncrypts(String key, boolean known) throws Exception {
    Certificates certificates = Certificates.make(directory, key, key);
    certificates.writeKey(keyFile());
    certificates.writeCertificate(certificateFile());
    Proxy proxy = door(RawModel.echo(), null);

    assertThat(proxy.tlsEngine())
        .isEqualTo(known ? System.getProperty("loopgate.test.tls", "boringssl") : "jdk");
    try (SSLSocket socket = connect(proxy, certificates, certificates)) {
      exchange(socket);
    }
  }

  @Test
  void http2IsChosenInTheHandshakeAndHttp11Remains() throws Exception {
    List<String> heads = new ArrayList<>();
    Certificates certificates = install("first");
    Proxy proxy =
        door(
            RawModel.start(with -> {
              for (String head = with.readHead(); !head.isEmpty(); head = with.readHead()) {
                heads.add(head);
                with.readBody();
                with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
              }
            }),
            null);

    for (HttpClient.Version version : HttpClient.Version.values()) {
      if (version.name().equals("HTTP_3")) {
        continue;
      }
      HttpResponse<String> response = post(proxy, client(version, null, certificates));

      assertThat(response.version()).isEqualTo(version);
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).isEqualTo("ok");
      assertThat(heads.getLast()).contains("x-forwarded-proto: https\r\n");
    }
    assertThat(lane.await(2)).allMatch(kept -> kept.requestText().equals("hello"));
  }

  @Test
  void whoConnectsAfterARenewalSeesTheNewCertificateAndWhoIsConnectedStays() throws Exception {
    Certificates first = install("first");
    Proxy proxy = door(RawModel.echo(), null);
    try (SSLSocket old = connect(proxy, first, first)) {
      Certificates second = install("second");
      for (String word = awaitTold(); !word.equals("changed"); word = awaitTold()) {
        assertThat(word).as("between key and certificate").startsWith("refused ");
      }
      try (SSLSocket fresh = connect(proxy, second, first, second)) {
        exchange(fresh);
      }
      exchange(old);
    }
  }

  @Test
  void aCertificateThatDoesNotFitLeavesTheOneBefore() throws Exception {
    Certificates first = install("first");
    Proxy proxy = door(RawModel.echo(), null);

    Files.writeString(certificateFile(), "no certificate");

    assertThat(awaitTold()).startsWith("refused tls: certificate=" + certificateFile());
    try (SSLSocket socket = connect(proxy, first, first)) {
      exchange(socket);
    }
  }

  @Test
  void aKeyOfAnotherCertificateLeavesTheOneBefore() throws Exception {
    Certificates first = install("first");
    Proxy proxy = door(RawModel.echo(), null);

    Certificates.make(directory, "other").writeKey(keyFile());

    assertThat(awaitTold()).contains("the key is not the certificate's: file=" + keyFile());
    try (SSLSocket socket = connect(proxy, first, first)) {
      exchange(socket);
    }
    first.writeKey(keyFile());
    assertThat(awaitTold()).isEqualTo("changed");
  }

  @Test
  void anAnswerThatEndsWithTheConnectionEndsProperlyOrNotAtAll() throws Exception {
    Certificates first = install("first");
    CountDownLatch partArrived = new CountDownLatch(1);
    Proxy proxy =
        door(
            RawModel.start(with -> {
              boolean whole = with.readHead().startsWith("GET /whole");
              with.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
              if (whole) {
                with.send("0\r\n\r\n");
              } else {
                partArrived.await();
              }
            }),
            null);
    try (SSLSocket socket = connect(proxy, first, first)) {
      socket.getOutputStream().write("GET /model/m/whole HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
      String text = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      assertThat(text).endsWith("\r\n\r\npart");
    }
    try (SSLSocket socket = connect(proxy, first, first)) {
      socket.getOutputStream().write("GET /model/m/cut HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
      StringBuilder text = new StringBuilder();
      while (!text.toString().endsWith("part")) {
        text.append((char) socket.getInputStream().read());
      }
      partArrived.countDown();
      assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void filesThatAreNotThereAreSaidAtTheStart() {
    assertThatThrownBy(() -> door(RawModel.echo(), null))
        .isInstanceOf(IOException.class)
        .hasMessage("tls: file=" + certificateFile() + " is not there or not readable");
  }

  @Test
  void whoSpeaksNoTlsIsCountedAndClosed() throws Exception {
    install("first");
    Proxy proxy = door(RawModel.echo(), null);
    try (Socket socket = new Socket(proxy.address().getAddress(), proxy.address().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write("GET /model/m/ HTTP/1.1\r\nHost: d\r\n\r\n".getBytes(US_ASCII));

      assertThat(awaitTold()).isEqualTo("handshake failed");
      socket.getInputStream().readAllBytes(); // ends
    }
  }

  @Test
  void onlyCallersWithACertificateAreLetInWhereItIsAsked() throws Exception {
    Certificates certificates = install("first");
    Certificates caller = Certificates.make(directory, "caller");
    Path authorities = directory.resolve("callers.pem");
    caller.writeCertificate(authorities);
    Proxy proxy = door(RawModel.echo(), authorities);

    HttpResponse<String> response =
        post(proxy, client(HttpClient.Version.HTTP_2, caller, certificates));
    assertThat(response.body()).isEqualTo("hello");
    HttpClient stranger = client(HttpClient.Version.HTTP_1_1, null, certificates);
    assertThatThrownBy(() -> post(proxy, stranger)).isInstanceOf(IOException.class);
    assertThat(awaitTold()).isEqualTo("handshake failed");
  }

  private String awaitTold() throws InterruptedException {
    String word = told.poll(20, TimeUnit.SECONDS);
    assertThat(word).isNotNull();
    return String.valueOf(word);
  }

  private static SSLSocket connect(Proxy proxy, Certificates expected, Certificates... trusted)
      throws Exception {
    SSLSocket socket =
        (SSLSocket)
            Certificates.caller(List.of(trusted), null)
                .getSocketFactory()
                .createSocket(proxy.address().getAddress(), proxy.address().getPort());
    socket.startHandshake();
    Certificate shown = socket.getSession().getPeerCertificates()[0];
    assertThat(shown).isEqualTo(expected.certificate());
    return socket;
  }

  private static void exchange(SSLSocket socket) throws IOException {
    socket
        .getOutputStream()
        .write(
            "POST /model/m/ HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\nhi".getBytes(US_ASCII));
    StringBuilder text = new StringBuilder();
    while (!text.toString().endsWith("\r\n\r\nhi")) {
      text.append((char) socket.getInputStream().read());
    }
    assertThat(text.toString()).startsWith("HTTP/1.1 200 ");
  }
}
