package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.komamitsu.fluency.fluentd.ingester.sender.FluentdSender;
import org.komamitsu.fluency.fluentd.ingester.sender.InetSocketSender;
import org.komamitsu.fluency.fluentd.ingester.sender.SSLSender;
import org.komamitsu.fluency.fluentd.ingester.sender.TCPSender;

/// One connection to a Fluentd, opened when it is needed, with one chunk under way at a time.
/// Confined to one thread.
final class FluentdConnection {
  /*
   * Fluency's sender writes, reads one acknowledgement, and closes the socket unless it is the one that
   * was asked for. Whatever else Fluency has (buffers, backups, retries) loses what it should keep.
   *
   * Its TCP sender does not look at how much a write wrote, which is all of it only where the thread is
   * a platform thread. Its TLS sender loops, and an interrupt frees it only on a virtual one.
   */

  private static final int CONNECT_MILLIS = 10_000;
  private static final int ACK_MILLIS = 60_000;

  private final FluentdSender sender;
  private final RemoteCalls calls;

  private FluentdConnection(FluentdSender sender, RemoteCalls calls) {
    this.sender = sender;
    this.calls = calls;
  }

  /// A connection to `address`, not opened yet.
  ///
  /// @param trust as of [FluentdStore#open]
  static FluentdConnection to(FluentdAddress address, @Nullable Path trust) throws IOException {
    if (!address.secure()) {
      TCPSender.Config config = new TCPSender.Config();
      set(config, address);
      return new FluentdConnection(
          new TCPSender(config), new RemoteCalls(Thread.ofPlatform().daemon().name("store-call")));
    }
    SSLSender.Config config = new SSLSender.Config();
    set(config, address);
    config.setSslSocketFactory(new NamedSocketFactory(factory(trust)));
    return new FluentdConnection(new SSLSender(config), new RemoteCalls(1));
  }

  /// Sends a chunk and waits for its acknowledgement.
  ///
  /// @param what for the message, when there is none
  /// @param within the longest that is waited
  void send(String what, Duration within, List<ByteBuffer> buffers, String id) throws IOException {
    calls.ask(
        what,
        within,
        () -> {
          try {
            sender.sendWithAck(buffers, id);
            return id;
          } catch (IOException e) {
            throw new IOException(what + ": not acknowledged: " + reasonOf(e), e);
          }
        });
  }

  /// Ends a chunk that is under way, too. Any thread.
  void close() {
    calls.interrupt(); // the sender's own close waits for it
    try {
      sender.close();
    } catch (IOException _) {
      // A socket that does not close any more: what counts is acknowledged, or comes again.
    }
  }

  private static void set(InetSocketSender.Config config, FluentdAddress address) {
    config.setHost(address.host());
    config.setPort(address.port());
    config.setConnectionTimeoutMilli(CONNECT_MILLIS);
    config.setReadTimeoutMilli(ACK_MILLIS);
    config.setWaitBeforeCloseMilli(0);
  }

  private static SSLSocketFactory factory(@Nullable Path trust) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust == null ? null : trusting(trust).getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "tls-ca: " + trust + " holds no certificates in PEM (" + e.getMessage() + ")", e);
    }
  }

  private static TrustManagerFactory trusting(Path trust)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(trust)) {
      int number = 0;
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry(Integer.toString(number++), certificate);
      }
    }
    if (store.size() == 0) {
      throw new GeneralSecurityException("none is there");
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    return managers;
  }

  /// The innermost reason: the sender wraps what its reading thread met.
  private static String reasonOf(Throwable e) {
    Throwable reason = e;
    while (reason.getCause() != null) {
      reason = reason.getCause();
    }
    return reason.getMessage() == null ? reason.getClass().getSimpleName() : reason.getMessage();
  }
}
