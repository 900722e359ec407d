package dev.loopgate.testkit;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A model server that is gRPC's own, for all four kinds of calls.
public final class GrpcModel implements AutoCloseable {
  /// What becomes of a call.
  public enum Play {
    /// Every answer, then OK.
    ANSWERS,
    /// Every answer of a kind that streams them, then [#FAILURE].
    FAILS,
    /// At most one answer of a kind that streams them, then nothing.
    HANGS
  }

  /// How a call fails: with letters that a header can't carry.
  public static final Status FAILURE =
      Status.NOT_FOUND.withDescription("kein Grüner Veltliner: 50% ✓");

  /// Of a message, on both sides.
  static final int MESSAGE_BYTES_MAX = 16 << 20;

  private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>(1024);
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private final List<ServerCall<byte[], byte[]>> held = new ArrayList<>();
  private boolean holds; // calls, before they are asked for messages
  private final Play play;
  private final List<byte[]> answers;
  private final Server server;

  private GrpcModel(int port, Play play, List<byte[]> answers, boolean holds) throws IOException {
    this.play = play;
    this.answers = List.copyOf(answers);
    this.holds = holds;
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(GrpcKind.SERVICE);
    for (GrpcKind kind : GrpcKind.values()) {
      service.addMethod(ServerMethodDefinition.create(kind.method(), new Serving(kind)));
    }
    this.server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .directExecutor()
            .maxInboundMessageSize(MESSAGE_BYTES_MAX)
            .addService(service.build())
            .build()
            .start();
  }

  /// Starts one on a free port of the loopback.
  ///
  /// @param answers of kinds that stream them, in turn; the first is that of the others
  public static GrpcModel start(Play play, List<byte[]> answers) throws IOException {
    return new GrpcModel(0, play, answers, false);
  }

  /// Starts one that answers on this port of the loopback.
  public static GrpcModel listen(int port, List<byte[]> answers) throws IOException {
    return new GrpcModel(port, Play.ANSWERS, answers, false);
  }

  /// Starts one that takes no message before [#goOn].
  public static GrpcModel startHeld(List<byte[]> answers) throws IOException {
    return new GrpcModel(0, Play.ANSWERS, answers, true);
  }

  /// Where it listens.
  public int port() {
    return server.getPort();
  }

  /// Takes messages from now on.
  public synchronized void goOn() {
    holds = false;
    held.forEach(call -> call.request(Integer.MAX_VALUE));
    held.clear();
  }

  private synchronized void begin(ServerCall<byte[], byte[]> call) {
    if (holds) {
      held.add(call);
    } else {
      call.request(Integer.MAX_VALUE);
    }
  }

  /// The next message that arrived.
  public byte[] take() throws InterruptedException {
    byte[] next = received.poll(20, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no message arrived");
    }
    return next;
  }

  /// Waits until a call is told that nobody wants its answer.
  public boolean awaitCancelled() throws InterruptedException {
    return cancelled.await(20, TimeUnit.SECONDS);
  }

  /// Breaks every call off.
  public void breakOff() {
    server.shutdownNow();
  }

  @Override
  public void close() throws IOException {
    server.shutdownNow();
    try {
      if (server.awaitTermination(20, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    throw new AssertionError("grpc: the server does not end");
  }

  private final class Serving implements ServerCallHandler<byte[], byte[]> {
    private final GrpcKind kind;

    Serving(GrpcKind kind) {
      this.kind = kind;
    }

    @Override
    public ServerCall.Listener<byte[]> startCall(
        ServerCall<byte[], byte[]> call, Metadata headers) {
      begin(call);
      return new Served(kind, call);
    }
  }

  private final class Served extends ServerCall.Listener<byte[]> {
    private final GrpcKind kind;
    private final ServerCall<byte[], byte[]> call;
    private int answered;

    Served(GrpcKind kind, ServerCall<byte[], byte[]> call) {
      this.kind = kind;
      this.call = call;
    }

    @Override
    public void onMessage(byte[] message) {
      if (kind == GrpcKind.BIDI) {
        answer();
      }
      received.add(message);
    }

    @Override
    public void onHalfClose() {
      int count = kind.streamsAnswers() ? answers.size() : play == Play.ANSWERS ? 1 : 0;
      while (answered < count && !(play == Play.HANGS && answered > 0)) {
        answer();
      }
      if (play != Play.HANGS) {
        call.close(play == Play.ANSWERS ? Status.OK : FAILURE, new Metadata());
      }
    }

    private void answer() {
      if (play == Play.HANGS && answered > 0) {
        return;
      }
      if (answered == 0) {
        call.sendHeaders(new Metadata());
      }
      call.sendMessage(answers.get(answered));
      answered++;
    }

    @Override
    public void onCancel() {
      cancelled.countDown();
    }
  }
}
