package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.testkit.ManualTime;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Models over TLS.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class ModelTlsIT {
  private static final String POST =
      "POST /model/m/predict HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\n\r\nhello";

  private final KeepingLane lane = new KeepingLane();
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
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

  private Path write(Certificates certificates, String name) throws Exception {
    Path file = directory.resolve(name);
    certificates.writeCertificate(file);
    return file;
  }

  private Path writeKey(Certificates certificates, String name) throws Exception {
    Path file = directory.resolve(name);
    certificates.writeKey(file);
    return file;
  }

  // A server that offers these protocols, and asks for a certificate of `clients` if there is one.
  private Http2Model server(Certificates own, @Nullable Path clients, String... protocols)
      throws Exception {
    SslContextBuilder builder =
        SslContextBuilder.forServer(
                write(own, "server.pem").toFile(), writeKey(own, "server.key").toFile())
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    ApplicationProtocolConfig.Protocol.ALPN,
                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                    ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                    protocols));
    if (clients != null) {
      builder.trustManager(clients.toFile()).clientAuth(ClientAuth.REQUIRE);
    }
    Http2Model server = Http2Model.startSecure(Http2Model::echo, builder.build());
    closing.add(server);
    return server;
  }

  private RawCaller call(Http2Model server, String host, Protocol protocol, ServerTrust trust)
      throws IOException {
    Upstream upstream =
        new Upstream(
            List.of(new Replica(URI.create("https://" + host + ":" + server.port()))),
            protocol,
            false,
            trust);
    Model model =
        new Model(
            "m", upstream, Predictor.NONE, "/model/m", null, null, new Kept(true, 1 << 20, 1.0));
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 64, null),
            model,
            lane,
            time,
            new ProxyEvents() {
              @Override
              public void certificateRefused(String reason) {
                told.add(reason);
              }
            },
            Transport.best());
    closing.add(proxy);
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    return caller;
  }

  private static ServerTrust trust(Path ca) {
    return new ServerTrust(ca.toString(), null, null, null);
  }

  @ParameterizedTest
  @CsvSource({
    "h2, h2, hello",
    "auto, h2, hello",
    "auto, http/1.1, 1.1",
    "http1, http/1.1, 1.1",
  })
  void whatBothSidesKnowIsSpoken(String protocol, String offered, String answer) throws Exception {
    Certificates own = Certificates.make(directory, "own");
    Http2Model server = server(own, null, offered);
    RawCaller caller =
        call(server, "127.0.0.1", Protocol.ofWord(protocol), trust(write(own, "ca.pem")));

    for (int i = 0; i < 3; i++) {
      caller.send(POST);
      assertThat(caller.readThrough("\r\n\r\n" + answer)).startsWith("HTTP/1.1 200 OK\r\n");
    }

    assertThat(lane.await(3)).allMatch(kept -> kept.ending() == Ending.COMPLETE);
    assertThat(lane.kept().getFirst().prediction().request().scheme()).isEqualTo("https");
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void aServerThatDoesNotSpeakWhatItMustIsUnreachable() throws Exception {
    Certificates own = Certificates.make(directory, "own");
    assertUnreachable(
        call(server(own, null, "http/1.1"), "127.0.0.1", Protocol.H2, trust(write(own, "ca.pem"))));
  }

  @Test
  void aServerOfAnotherAuthorityIsNotBelieved() throws Exception {
    Certificates own = Certificates.make(directory, "own");
    Certificates other = Certificates.make(directory, "other");
    assertUnreachable(
        call(server(own, null, "h2"), "127.0.0.1", Protocol.AUTO, trust(write(other, "ca.pem"))));
  }

  @Test
  void aServerOfAnotherNameIsNotBelievedUnlessItIsExpected() throws Exception {
    Certificates own = Certificates.make(directory, "own"); // of 127.0.0.1
    Http2Model server = server(own, null, "h2");
    Path ca = write(own, "ca.pem");
    assertUnreachable(call(server, "localhost", Protocol.AUTO, trust(ca)));

    RawCaller caller =
        call(
            server,
            "localhost",
            Protocol.AUTO,
            new ServerTrust(ca.toString(), "127.0.0.1", null, null));
    caller.send(POST);
    assertThat(caller.readThrough("\r\n\r\nhello")).startsWith("HTTP/1.1 200 OK\r\n");
  }

  @Test
  void weShowOurCertificateWhereItIsAsked() throws Exception {
    Certificates own = Certificates.make(directory, "own");
    Certificates ours = Certificates.make(directory, "ours");
    Path certificate = write(ours, "ours.pem");
    Http2Model server = server(own, certificate, "h2");
    Path ca = write(own, "ca.pem");
    RawCaller caller =
        call(
            server,
            "127.0.0.1",
            Protocol.H2,
            new ServerTrust(
                ca.toString(),
                null,
                certificate.toString(),
                writeKey(ours, "ours.key").toString()));
    caller.send(POST);
    assertThat(caller.readThrough("\r\n\r\nhello")).startsWith("HTTP/1.1 200 OK\r\n");

    assertUnreachable(call(server, "127.0.0.1", Protocol.H2, trust(ca)));
  }

  @Test
  void renewedAuthoritiesAreReadAgain() throws Exception {
    Certificates own = Certificates.make(directory, "own");
    Path ca = write(Certificates.make(directory, "other"), "ca.pem");
    RawCaller caller = call(server(own, null, "http/1.1"), "127.0.0.1", Protocol.HTTP1, trust(ca));
    caller.send(POST);
    caller.readThrough("can not be reached\"}");

    own.writeCertificate(ca);

    String status = "502";
    for (int round = 0; round < 100 && !status.equals("200"); round++) {
      time.advance(Duration.ofSeconds(3));
      caller.send(POST);
      String head = caller.readThrough("\r\n\r\n");
      status = head.substring(9, 12);
      caller.readExactly(
          status.equals("200") ? 3 : "{\"error\":\"Model m can not be reached\"}".length());
    }
    assertThat(status).isEqualTo("200");
  }

  @Test
  void filesThatCanNotBeUsedAreSaid() throws Exception {
    Path ca = directory.resolve("ca.pem");
    Files.writeString(ca, "no certificate");
    assertThatThrownBy(() -> Proxy.check(trust(ca)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("tls: of a model, files=[" + ca + "]: ");
    Certificates own = Certificates.make(directory, "own");

    assertUnreachable(call(server(own, null, "h2"), "127.0.0.1", Protocol.H2, trust(ca)));

    assertThat(told.remove()).contains(ca.toString());
  }

  private void assertUnreachable(RawCaller caller) throws Exception {
    int before = lane.kept().size();
    caller.send(POST);
    assertThat(caller.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 502 ");
    assertThat(lane.await(before + 1).getLast().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
  }
}
