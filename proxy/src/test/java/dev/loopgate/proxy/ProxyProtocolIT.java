package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A door behind a balancer that says who is behind each connection.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class ProxyProtocolIT {
  private static final String TEXT = "PROXY TCP4 203.0.113.7 10.0.0.1 51234 8080\r\n";
  private static final String REQUEST =
      "POST /model/m/x HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\nhi";
  private static final String CALLER = "x-forwarded-for: 203.0.113.7\r\n";

  private final KeepingLane lane = new KeepingLane();
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final BlockingQueue<ProxyHeaderFault> faults = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> heads = new LinkedBlockingQueue<>();
  private final List<AutoCloseable> closing = new ArrayList<>();

  @TempDir Path directory;

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door(@Nullable TlsFiles tls, AddressRange... peers) throws IOException {
    RawModel model =
        RawModel.start(with -> {
          for (String head = with.readHead(); !head.isEmpty(); head = with.readHead()) {
            heads.add(head);
            with.readBody();
            with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
          }
        });
    Edge edge =
        new Edge(
            Edge.ProxyProtocol.REQUIRED,
            List.of(peers),
            Edge.ALL_HOPS,
            Forwarding.X_FORWARDED,
            Edge.Trace.PASS);
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 64, edge, tls),
            RealDoor.model(model, null, null),
            lane,
            time,
            new ProxyEvents() {
              @Override
              public void proxyHeaderRefused(ProxyHeaderFault fault) {
                faults.add(fault);
              }
            },
            Transport.best());
    closing.add(model);
    closing.add(proxy);
    return proxy;
  }

  private RawCaller call(Proxy proxy) throws IOException {
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    return caller;
  }

  private String head() throws InterruptedException {
    return String.valueOf(heads.poll(20, TimeUnit.SECONDS));
  }

  @Test
  void theCallerIsWhoTheHeaderNames() throws Exception {
    RawCaller caller = call(door(null));

    caller.send(TEXT + REQUEST);

    assertThat(caller.readThrough("\r\n\r\nok")).startsWith("HTTP/1.1 200 ");
    assertThat(head()).contains(CALLER);
    assertThat(lane.await(1).getFirst().prediction().request().headers())
        .contains(new Header("x-forwarded-for", "203.0.113.7"));
    caller.send(REQUEST);
    caller.readThrough("\r\n\r\nok");
    assertThat(head()).as("of every request").contains(CALLER);
    assertThat(faults).isEmpty();
  }

  @Test
  void itMayComeByteByByte() throws Exception {
    RawCaller caller = call(door(null));
    byte[] header =
        ProxyHeaderTest.binary(
            0x21, 0x11, ProxyHeaderTest.ip4(), ProxyHeaderTest.extension(0x04, 5));

    for (byte each : header) {
      caller.send(new byte[] {each});
    }
    caller.send(REQUEST);

    assertThat(caller.readThrough("\r\n\r\nok")).startsWith("HTTP/1.1 200 ");
    assertThat(head()).contains(CALLER);
  }

  @Test
  void aBalancersOwnCheckKeepsTheSocketsAddress() throws Exception {
    RawCaller caller = call(door(null));

    caller.send(ProxyHeaderTest.binary(0x20, 0));
    caller.send(REQUEST);

    assertThat(caller.readThrough("\r\n\r\nok")).startsWith("HTTP/1.1 200 ");
    assertThat(head()).contains("x-forwarded-for: 127.0.0.1\r\n");
  }

  @Test
  void itStandsBeforeHttp2() throws Exception {
    RawCaller caller = call(door(null));

    caller.send(
        Http2Frames.all(
            TEXT.getBytes(ISO_8859_1),
            Http2Frames.preface(),
            Http2Frames.request(1, "GET", "/model/m/", true)));

    assertThat(new Http2Frames.Reader(caller.input()).answer(1)).isEqualTo("200 ok");
    assertThat(head()).contains(CALLER);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http/1.1", "h2"})
  void itStandsBeforeTls(String protocol) throws Exception {
    Certificates made = Certificates.make(directory, "door");
    Path key = directory.resolve("door.key");
    Path certificate = directory.resolve("door.pem");
    made.writeKey(key);
    made.writeCertificate(certificate);
    Proxy proxy = door(new TlsFiles(certificate, key, null));
    Socket plain = new Socket(proxy.address().getAddress(), proxy.address().getPort());
    plain.getOutputStream().write(TEXT.getBytes(ISO_8859_1));
    SSLSocket socket =
        (SSLSocket)
            Certificates.caller(List.of(made), null)
                .getSocketFactory()
                .createSocket(plain, "localhost", proxy.address().getPort(), true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {protocol});
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    RawCaller caller = new RawCaller(socket);
    closing.add(caller);

    if (protocol.equals("h2")) {
      caller.send(
          Http2Frames.all(Http2Frames.preface(), Http2Frames.request(1, "GET", "/model/m/", true)));
      assertThat(new Http2Frames.Reader(caller.input()).answer(1)).isEqualTo("200 ok");
    } else {
      caller.send(REQUEST);
      assertThat(caller.readThrough("\r\n\r\nok")).startsWith("HTTP/1.1 200 ");
    }
    assertThat(head()).contains(CALLER, "x-forwarded-proto: https\r\n");
  }

  @Test
  void whoeverDoesNotBeginWithItIsClosedAndCounted() throws Exception {
    Proxy proxy = door(null);

    refused(proxy, REQUEST, ProxyHeaderFault.MISSING);
    refused(proxy, "PROXY TCP4 1.2.3.4\r\n" + REQUEST, ProxyHeaderFault.MALFORMED);
    refused(proxy, "PROXY UNKNOWN " + "x".repeat(200), ProxyHeaderFault.TOO_LONG);
    byte[] wrong =
        ProxyHeaderTest.binary(
            0x21, 0x11, ProxyHeaderTest.ip4(), ProxyHeaderTest.extension(0x03, 4));
    refused(proxy, new String(wrong, ISO_8859_1), ProxyHeaderFault.CHECKSUM);
    assertThat(heads).isEmpty();
    assertThat(lane.kept()).isEmpty();
  }

  private void refused(Proxy proxy, String bytes, ProxyHeaderFault fault) throws Exception {
    RawCaller caller = call(proxy);
    caller.send(bytes);
    assertThat(faults.poll(20, TimeUnit.SECONDS)).isEqualTo(fault);
    assertClosed(caller);
  }

  private static void assertClosed(RawCaller caller) {
    try {
      assertThat(caller.readToEnd()).isEmpty();
    } catch (IOException e) {
      assertThat(e).as("reset, as bytes were unread").hasMessageContaining("reset");
    }
  }

  @Test
  void oneThatDoesNotCompleteItInTimeIsClosed() throws Exception {
    RawCaller half = call(door(null));
    half.send("PROXY TCP4 203.0.113.7 ");
    ProxyHeaderFault fault = faults.poll();
    for (int seconds = 0; fault == null && seconds < 60; seconds++) {
      time.advance(Duration.ofSeconds(1));
      fault = faults.poll(100, TimeUnit.MILLISECONDS);
    }

    assertThat(fault).isEqualTo(ProxyHeaderFault.LATE);
    assertClosed(half);
  }

  @Test
  void oneThatOnlyLooksWhetherThePortIsOpenIsNotCounted() throws Exception {
    Proxy proxy = door(null);

    call(proxy).close();
    RawCaller half = call(proxy);
    half.send("PROXY ");
    half.close();

    assertThat(faults.poll(20, TimeUnit.SECONDS)).isEqualTo(ProxyHeaderFault.MALFORMED);
    assertThat(faults).isEmpty();
  }

  @Test
  void onlyTrustedPeersMaySayIt() throws Exception {
    RawCaller stranger = call(door(null, AddressRange.parse("10.0.0.0/8")));
    RawCaller known =
        call(door(null, AddressRange.parse("10.0.0.0/8"), AddressRange.parse("127.0.0.0/8")));

    assertThat(faults.poll(20, TimeUnit.SECONDS)).isEqualTo(ProxyHeaderFault.UNTRUSTED_PEER);
    assertClosed(stranger);
    known.send(TEXT + REQUEST);
    assertThat(known.readThrough("\r\n\r\nok")).startsWith("HTTP/1.1 200 ");
    assertThat(faults).isEmpty();
  }

  @Test
  void aDoorOfServicesKnowsNothingOfIt() throws Exception {
    InetSocketAddress second = door(null).openServiceDoor(RealDoor.anyAddress(), List.of());
    RawCaller caller = new RawCaller(second);
    closing.add(caller);

    caller.send("GET /metrics HTTP/1.1\r\nHost: d\r\n\r\n");

    assertThat(caller.readThrough("\r\n")).startsWith("HTTP/1.1 404 ");
  }
}
