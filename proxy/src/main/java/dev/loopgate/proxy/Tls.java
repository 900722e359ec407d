package dev.loopgate.proxy;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/// The door's certificate, read again when its files change: who connects from then on sees the new
/// one, who is connected stays. TLS 1.3 and 1.2 with the suites that HTTP/2 allows; `h2` and
/// `http/1.1` by ALPN. Any thread.
final class Tls implements AutoCloseable {
  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);
  private static final Duration HANDSHAKE_MAX = Duration.ofSeconds(10);

  private final TlsFiles files;
  private final ProxyEvents events;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile SslContext context;
  private List<Object> seen; // of what is used; the watcher's, after the start
  private String refused = ""; // and why it was

  private Tls(TlsFiles files, ProxyEvents events, SslContext context, List<Object> seen) {
    this.files = files;
    this.events = events;
    this.context = context;
    this.seen = seen;
  }

  /// @throws IOException when the files can't be read or don't fit together; the message names them
  static Tls open(TlsFiles files, ProxyEvents events) throws IOException {
    List<Object> seen = stampsOf(all(files));
    Tls tls = new Tls(files, events, read(files), seen);
    Thread.ofVirtual().name("proxy-tls").start(tls::watch);
    return tls;
  }

  /// For a connection that was just accepted.
  SslHandler newHandler(ByteBufAllocator buffers) {
    SslHandler handler = context.newHandler(buffers);
    handler.setHandshakeTimeoutMillis(HANDSHAKE_MAX.toMillis());
    return handler;
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void watch() {
    try {
      while (!closed.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        look();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody does that
    }
  }

  // What can't be used now may be in a moment: a half-written pair, a file not yet readable.
  private void look() {
    List<Object> now = stampsOf(all(files));
    if (now.equals(seen)) {
      return;
    }
    try {
      context = read(files);
      seen = now;
      refused = "";
      events.certificateChanged();
    } catch (IOException | RuntimeException e) {
      String reason = Objects.requireNonNullElse(e.getMessage(), e.toString());
      if (!reason.equals(refused)) {
        refused = reason;
        events.certificateRefused(reason);
      }
    }
  }

  static List<Object> stampsOf(List<Path> files) {
    List<Object> stamps = new ArrayList<>();
    for (Path file : files) {
      try {
        BasicFileAttributes of = Files.readAttributes(file, BasicFileAttributes.class);
        // The key, too: another file in its place may be as long and as old.
        stamps.add(List.of(of.lastModifiedTime(), of.size(), String.valueOf(of.fileKey())));
      } catch (IOException e) {
        stamps.add(String.valueOf(e.getMessage()));
      }
    }
    return stamps;
  }

  private static List<Path> all(TlsFiles files) {
    Path clientCa = files.clientCa();
    return clientCa == null
        ? List.of(files.certificate(), files.key())
        : List.of(files.certificate(), files.key(), clientCa);
  }

  /// @throws IOException when the files can't be read or don't fit together; the message names them
  static SslContext read(TlsFiles files) throws IOException {
    for (Path file : all(files)) {
      if (!Files.isReadable(file)) {
        throw new IOException("tls: file=" + file + " is not there or not readable");
      }
    }
    try {
      X509Certificate[] chain = Pem.certificatesOf(files.certificate());
      PrivateKey key = Pem.keyOf(files.key(), chain[0].getPublicKey());
      SslContextBuilder builder =
          SslContextBuilder.forServer(key, chain)
              .sslProvider(SslProvider.JDK)
              .protocols("TLSv1.3", "TLSv1.2")
              .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
              .applicationProtocolConfig(
                  new ApplicationProtocolConfig(
                      ApplicationProtocolConfig.Protocol.ALPN,
                      ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                      ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                      ApplicationProtocolNames.HTTP_2,
                      ApplicationProtocolNames.HTTP_1_1));
      Path clientCa = files.clientCa();
      if (clientCa != null) {
        builder.trustManager(Pem.certificatesOf(clientCa)).clientAuth(ClientAuth.REQUIRE);
      }
      return builder.build();
    } catch (SSLException | GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(
          "tls: certificate=" + files.certificate() + ", key=" + files.key() + ": " + Pem.rootOf(e),
          e);
    }
  }
}
