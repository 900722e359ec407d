package dev.loopgate.proxy;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The door's certificate, read again when its files change: who connects from then on sees the new
/// one, who is connected stays. `h2` and `http/1.1` by ALPN. Any thread.
final class Tls implements AutoCloseable {
  /// P-256 and P-384; not every build of BoringSSL has a larger one.
  private static final int CURVE_BITS_MAX = 384;

  private static final Duration HANDSHAKE_MAX = Duration.ofSeconds(10);

  private final TlsContext context;
  private final ProxyEvents events;
  private final CountDownLatch closed = new CountDownLatch(1);

  private Tls(TlsContext context, ProxyEvents events) {
    this.context = context;
    this.events = events;
  }

  /// @throws IOException when the files can't be read or don't fit together; the message names them
  static Tls open(TlsFiles files, ProxyEvents events) throws IOException {
    TlsContext context = of(files);
    context.open();
    Tls tls = new Tls(context, events);
    Thread.ofVirtual().name("proxy-tls").start(tls::watch);
    return tls;
  }

  /// For a connection that was just accepted.
  SslHandler newHandler(ByteBufAllocator buffers) {
    SslContext now = Objects.requireNonNull(context.now(), "tls: not open");
    SslHandler handler = now.newHandler(buffers);
    handler.setHandshakeTimeoutMillis(HANDSHAKE_MAX.toMillis());
    return handler;
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void watch() {
    try {
      while (!closed.await(TlsContext.LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        context.look(events);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody does that
    }
  }

  /// Who encrypts: see [TlsContext#engine].
  String engine() {
    return context.engine();
  }

  // BoringSSL takes less for a record than the JDK; but it has no library for every system, and
  // does
  // not know all keys that the JDK knows, of ours or of callers.
  private static SslProvider providerFor(PublicKey key, @Nullable Path clientCa) {
    boolean known =
        key instanceof RSAPublicKey
            || (key instanceof ECPublicKey curve
                && curve.getParams().getOrder().bitLength() <= CURVE_BITS_MAX);
    return known && clientCa == null && OpenSsl.isAvailable()
        ? SslProvider.OPENSSL
        : SslProvider.JDK;
  }

  /// What these files are to be, not yet read.
  static TlsContext of(TlsFiles files) {
    Path clientCa = files.clientCa();
    List<Path> all =
        clientCa == null
            ? List.of(files.certificate(), files.key())
            : List.of(files.certificate(), files.key(), clientCa);
    return new TlsContext(
        "certificate=" + files.certificate() + ", key=" + files.key(),
        all,
        List.of(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1),
        () -> {
          X509Certificate[] chain = Pem.certificatesOf(files.certificate());
          PrivateKey key = Pem.keyOf(files.key(), chain[0].getPublicKey());
          SslContextBuilder builder =
              SslContextBuilder.forServer(key, chain)
                  .sslProvider(providerFor(chain[0].getPublicKey(), clientCa));
          return clientCa == null
              ? builder
              : builder.trustManager(Pem.certificatesOf(clientCa)).clientAuth(ClientAuth.REQUIRE);
        });
  }
}
