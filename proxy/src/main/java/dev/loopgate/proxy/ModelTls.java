package dev.loopgate.proxy;

import dev.loopgate.fleet.ServerTrust;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What connections to models over TLS are made with: read from files where some are named, and
/// again when these change. Any thread; files are read on virtual threads.
final class ModelTls {
  /// What is wanted of it; there are as many as models at most.
  private record Wanted(ServerTrust trust, List<String> protocols) {}

  private static final class Entry {
    final TlsContext context;
    final AtomicBoolean reading = new AtomicBoolean();
    volatile long lookedNanos;

    Entry(Wanted wanted) {
      this.context = of(wanted.trust(), wanted.protocols());
    }
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
    Entry entry = entries.computeIfAbsent(new Wanted(trust, protocols), Entry::new);
    SslContext context = entry.context.now();
    if (context != null) {
      found.accept(context);
      if (nowNanos - entry.lookedNanos >= TlsContext.LOOK_EVERY.toNanos()
          && entry.reading.compareAndSet(false, true)) {
        entry.lookedNanos = nowNanos;
        start(() -> {
          try {
            entry.context.look(events);
          } finally {
            entry.reading.set(false);
          }
        });
      }
      return;
    }
    entry.lookedNanos = nowNanos;
    start(() -> {
      try {
        entry.context.look(events);
      } finally {
        loop.execute(() -> found.accept(entry.context.now()));
      }
    });
  }

  private static void start(Runnable work) {
    Thread.ofVirtual().name("model-tls").start(work);
  }

  /// What connections to such a server are to be made with, not yet read.
  static TlsContext of(ServerTrust trust, List<String> protocols) {
    List<Path> files = new ArrayList<>();
    for (String file : new String[] {trust.ca(), trust.certificate(), trust.key()}) {
      if (file != null) {
        files.add(Path.of(file));
      }
    }
    return new TlsContext(
        "of a model, files=" + files,
        files,
        protocols,
        () -> {
          SslContextBuilder builder =
              SslContextBuilder.forClient()
                  .sslProvider(SslProvider.JDK) // it knows the keys of all servers
                  .endpointIdentificationAlgorithm("HTTPS");
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
          return builder;
        });
  }
}
