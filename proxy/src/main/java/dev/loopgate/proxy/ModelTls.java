package dev.loopgate.proxy;

import dev.loopgate.fleet.ServerTrust;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// What connections to models over TLS are made with: read from files where some are named, and
/// again when these change. TLS 1.3 and 1.2 with the suites that HTTP/2 allows. Any thread; files
/// are read on virtual threads.
final class ModelTls {
  /// How old a look at the files may be.
  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);

  /// What is wanted of it; there are as many as models at most.
  private record Wanted(ServerTrust trust, List<String> protocols) {}

  private record Read(SslContext context, List<Object> seen) {}

  private static final class Entry {
    final AtomicBoolean reading = new AtomicBoolean();
    volatile @Nullable Read read;
    volatile long lookedNanos;
    volatile String refused = "";
  }

  private final ProxyEvents events;
  private final Map<Wanted, Entry> entries = new ConcurrentHashMap<>();

  ModelTls(ProxyEvents events) {
    this.events = events;
  }

  /// Called on `loop`; `found` is told there, once, maybe before this returns: null when the files
  /// can't be used, which the events are told.
  ///
  /// @param protocols offered in the handshake, the best first; empty offers none
  void find(
      ServerTrust trust,
      List<String> protocols,
      EventLoop loop,
      long nowNanos,
      Consumer<@Nullable SslContext> found) {
    Wanted wanted = new Wanted(trust, protocols);
    Entry entry = entries.computeIfAbsent(wanted, _ -> new Entry());
    Read read = entry.read;
    if (read != null) {
      found.accept(read.context());
      if (nowNanos - entry.lookedNanos >= LOOK_EVERY.toNanos()
          && entry.reading.compareAndSet(false, true)) {
        entry.lookedNanos = nowNanos;
        start(() -> {
          look(wanted, entry);
          entry.reading.set(false);
        });
      }
      return;
    }
    entry.lookedNanos = nowNanos;
    start(() -> {
      try {
        look(wanted, entry);
      } finally {
        Read now = entry.read;
        loop.execute(() -> found.accept(now == null ? null : now.context()));
      }
    });
  }

  private static void start(Runnable work) {
    Thread.ofVirtual().name("model-tls").start(work);
  }

  // What can't be used leaves what was there before: it may be a half-written pair.
  private void look(Wanted wanted, Entry entry) {
    Read before = entry.read;
    List<Object> now = Tls.stampsOf(filesOf(wanted.trust()));
    if (before != null && before.seen().equals(now)) {
      return;
    }
    try {
      entry.read = new Read(read(wanted.trust(), wanted.protocols()), now);
      entry.refused = "";
      if (before != null) {
        events.certificateChanged();
      }
    } catch (IOException | RuntimeException e) {
      String reason = Objects.requireNonNullElse(e.getMessage(), e.toString());
      if (!reason.equals(entry.refused)) {
        entry.refused = reason;
        events.certificateRefused(reason);
      }
    }
  }

  private static List<Path> filesOf(ServerTrust trust) {
    List<Path> files = new ArrayList<>();
    for (String file : new String[] {trust.ca(), trust.certificate(), trust.key()}) {
      if (file != null) {
        files.add(Path.of(file));
      }
    }
    return files;
  }

  /// @throws IOException when the files can't be read or don't fit together; the message names them
  static SslContext read(ServerTrust trust, List<String> protocols) throws IOException {
    for (Path file : filesOf(trust)) {
      if (!Files.isReadable(file)) {
        throw new IOException("tls: file=" + file + " is not there or not readable");
      }
    }
    try {
      SslContextBuilder builder =
          SslContextBuilder.forClient()
              .sslProvider(SslProvider.JDK)
              .protocols("TLSv1.3", "TLSv1.2")
              .endpointIdentificationAlgorithm("HTTPS")
              .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE);
      if (!protocols.isEmpty()) {
        builder.applicationProtocolConfig(
            new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                protocols));
      }
      String ca = trust.ca();
      if (ca != null) {
        builder.trustManager(Pem.certificatesOf(Path.of(ca)));
      }
      String certificate = trust.certificate();
      String key = trust.key();
      if (certificate != null && key != null) {
        X509Certificate[] chain = Pem.certificatesOf(Path.of(certificate));
        PrivateKey own = Pem.keyOf(Path.of(key), chain[0].getPublicKey());
        builder.keyManager(own, chain);
      }
      return builder.build();
    } catch (SSLException | GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException("tls: of a model, files=" + filesOf(trust) + ": " + Pem.rootOf(e), e);
    }
  }
}
