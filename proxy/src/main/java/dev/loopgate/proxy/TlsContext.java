package dev.loopgate.proxy;

import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.OpenSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// What connections over TLS are made with, of either side: read from files, and again when these
/// change. TLS 1.3 and 1.2 with the suites that HTTP/2 allows. Any thread uses it; whoever looks at
/// the files may block.
final class TlsContext {
  /// How old a look at the files may be.
  static final Duration LOOK_EVERY = Duration.ofSeconds(2);

  /// Puts into a context what the files say now, and who is to encrypt.
  interface Source {
    SslContextBuilder read() throws IOException, GeneralSecurityException;
  }

  private record Read(SslContext context, List<Object> seen) {}

  private final String what;
  private final List<Path> files;
  private final List<String> protocols;
  private final Source source;
  private volatile @Nullable Read read;
  private volatile String refused = "";

  /// @param what these files are, for messages
  /// @param protocols of ALPN, the best first; empty offers none
  TlsContext(String what, List<Path> files, List<String> protocols, Source source) {
    this.what = what;
    this.files = List.copyOf(files);
    this.protocols = List.copyOf(protocols);
    this.source = source;
  }

  /// Who encrypts now: `boringssl` or `jdk`.
  String engine() {
    return now() instanceof OpenSslContext ? "boringssl" : "jdk";
  }

  /// As it was read last; null before.
  @Nullable SslContext now() {
    Read last = read;
    return last == null ? null : last.context();
  }

  /// Reads the files.
  ///
  /// @throws IOException when they can't be read or don't fit together; the message names them
  SslContext open() throws IOException {
    List<Object> seen = stamps();
    SslContext context = made();
    read = new Read(context, seen);
    return context;
  }

  /// Reads the files if they are not what they were. What can't be used leaves what was there
  /// before, and may be good in a moment: a half-written pair, a file not yet readable.
  void look(ProxyEvents events) {
    Read before = read;
    if (before != null && before.seen().equals(stamps())) {
      return;
    }
    try {
      open();
      refused = "";
      if (before != null) {
        events.certificateChanged();
      }
    } catch (IOException | RuntimeException e) {
      String reason = Objects.requireNonNullElse(e.getMessage(), e.toString());
      if (!reason.equals(refused)) {
        refused = reason;
        events.certificateRefused(reason);
      }
    }
  }

  private List<Object> stamps() {
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

  private SslContext made() throws IOException {
    for (Path file : files) {
      if (!Files.isReadable(file)) {
        throw new IOException("tls: file=" + file + " is not there or not readable");
      }
    }
    try {
      SslContextBuilder builder =
          source
              .read()
              .protocols("TLSv1.3", "TLSv1.2")
              .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE);
      if (!protocols.isEmpty()) {
        builder.applicationProtocolConfig(
            new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                protocols));
      }
      return builder.build();
    } catch (SSLException | GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException("tls: " + what + ": " + Pem.rootOf(e), e);
    }
  }
}
