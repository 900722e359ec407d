package dev.loopgate.testkit;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// A caller that is gRPC's own client.
public final class GrpcCaller implements AutoCloseable {
  private final ManagedChannel channel;

  /// A caller of this door.
  ///
  /// @param trusted the door's certificate; null speaks without TLS
  public GrpcCaller(InetSocketAddress door, @Nullable X509Certificate trusted) throws SSLException {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(door)
            .directExecutor()
            .maxInboundMessageSize(GrpcModel.MESSAGE_BYTES_MAX);
    if (trusted == null) {
      builder.usePlaintext();
    } else {
      SslContextBuilder tls = SslContextBuilder.forClient().trustManager(trusted);
      builder.sslContext(GrpcSslContexts.configure(tls, SslProvider.JDK).build());
    }
    channel = builder.build();
  }

  /// One call.
  public static final class Call extends ClientCall.Listener<byte[]> {
    private final ClientCall<byte[], byte[]> call;
    private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>(1024);
    private final CompletableFuture<Status> status = new CompletableFuture<>();
    private volatile boolean headed;

    Call(ClientCall<byte[], byte[]> call) {
      this.call = call;
    }

    /// Sends messages.
    public Call send(List<byte[]> all) {
      all.forEach(call::sendMessage);
      return this;
    }

    /// There is no further message.
    public Call halfClose() {
      call.halfClose();
      return this;
    }

    /// Wants no answer any more.
    public void cancel() {
      call.cancel("the test has seen enough", null);
    }

    /// Takes so many answers more.
    public Call take(int more) {
      call.request(more);
      return this;
    }

    /// Whether another message would go on at once.
    public boolean isReady() {
      return call.isReady();
    }

    /// Waits for its end.
    public Status await() throws Exception {
      return status.get(20, TimeUnit.SECONDS);
    }

    /// Waits for its next answer.
    public byte[] next() throws InterruptedException {
      byte[] next = messages.poll(20, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no answer came, status=" + status);
      }
      return next;
    }

    /// What came and was not looked at.
    public List<byte[]> rest() {
      List<byte[]> rest = new ArrayList<>();
      messages.drainTo(rest);
      return rest;
    }

    /// Whether a head came before the trailers.
    public boolean hadHead() {
      return headed;
    }

    @Override
    public void onHeaders(Metadata headers) {
      headed = true;
    }

    @Override
    public void onMessage(byte[] message) {
      messages.add(message);
    }

    @Override
    public void onClose(Status end, Metadata trailers) {
      status.complete(end);
    }
  }

  /// Begins a call that takes every answer.
  ///
  /// @param metadata names and values in turn
  public Call call(GrpcKind kind, String... metadata) {
    return held(kind, metadata).take(Integer.MAX_VALUE);
  }

  /// Begins a call that takes no answer yet.
  public Call held(GrpcKind kind, String... metadata) {
    Metadata headers = new Metadata();
    for (int i = 0; i < metadata.length; i += 2) {
      headers.put(Metadata.Key.of(metadata[i], Metadata.ASCII_STRING_MARSHALLER), metadata[i + 1]);
    }
    Call call = new Call(channel.newCall(kind.method(), CallOptions.DEFAULT));
    call.call.start(call, headers);
    return call;
  }

  /// Begins a call that has so long.
  public Call within(GrpcKind kind, long millis) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(millis, TimeUnit.MILLISECONDS);
    Call call = new Call(channel.newCall(kind.method(), options));
    call.call.start(call, new Metadata());
    return call.take(Integer.MAX_VALUE);
  }

  @Override
  public void close() throws IOException {
    channel.shutdownNow();
    try {
      if (channel.awaitTermination(20, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    throw new AssertionError("grpc: the client does not end");
  }
}
