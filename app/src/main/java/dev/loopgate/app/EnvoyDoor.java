package dev.loopgate.app;

import dev.loopgate.extproc.ObservationService;
import io.grpc.BindableService;
import io.grpc.DecompressorRegistry;
import io.grpc.Server;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The gRPC door for Envoys, on event loops of its own: whatever an Envoy sends, the proxy's loops
/// never wait for it. Belongs to the thread that opened it.
final class EnvoyDoor {
  /*
   * Windows do not bound what lies here: gRPC gives credit back for the parts of a message, too. So all connections
   * together have an allocator of their own; whoever would take more than it gives loses its connection. Envoy's chunks
   * have at most its connection's buffer limit, 1 MiB by default, or what a filter above ours holds back and gives on in one piece.
   *
   * Never set here: a limit of RST frames, for every stream of external processing ends in one; nor fewer streams a
   * connection than Envoy opens, for the surplus fails at once.
   */
  private static final int MESSAGE_BYTES_MAX = (8 << 20) + (64 << 10);
  private static final long BUFFER_BYTES_MAX = 128L << 20; // of all connections
  private static final int WINDOW_BYTES = 4 << 20;
  private static final int METADATA_BYTES_MAX = 8 << 10;
  private static final int STREAMS_MAX = 1024; // a connection's
  private static final Duration KEEP_ALIVE_MIN = Duration.ofSeconds(1); // manifests have 2 s
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(30); // else who is gone stays
  private static final Duration KEEP_ALIVE_ANSWER = Duration.ofSeconds(20);
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);
  private static final Duration LOOPS_END = Duration.ofSeconds(5);

  private final EventLoopGroup acceptor;
  private final EventLoopGroup loops;
  private final ObservationService observation;
  private final Server server;

  private EnvoyDoor(
      EventLoopGroup acceptor,
      EventLoopGroup loops,
      ObservationService observation,
      Server server) {
    this.acceptor = acceptor;
    this.loops = loops;
    this.observation = observation;
    this.server = server;
  }

  /// Listens.
  ///
  /// @param observing makes the service for the loops
  /// @param others further services, which may be called on the loops
  /// @throws IOException when a certificate can't be used or the port is taken; one line
  static EnvoyDoor open(
      EnvoyConfig config,
      Function<List<ScheduledExecutorService>, ObservationService> observing,
      List<BindableService> others)
      throws IOException {
    SslContext tls = tls(config);
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    Class<? extends ServerChannel> channel =
        epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    EventLoopGroup acceptor =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("envoy-accept"), handlers);
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            config.loops(), new DefaultThreadFactory("envoy-loop"), handlers);
    List<ScheduledExecutorService> each = new ArrayList<>();
    loops.forEach(each::add);
    ObservationService observation = observing.apply(each);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(config.address())
            .bossEventLoopGroup(acceptor)
            .workerEventLoopGroup(loops)
            .channelType(channel)
            .directExecutor()
            .initialFlowControlWindow(WINDOW_BYTES)
            .maxInboundMessageSize(MESSAGE_BYTES_MAX)
            .maxInboundMetadataSize(METADATA_BYTES_MAX)
            .decompressorRegistry(DecompressorRegistry.emptyInstance()) // Envoy packs nothing
            .withChildOption(ChannelOption.ALLOCATOR, new EnvoyDoorBuffers(BUFFER_BYTES_MAX))
            .maxConcurrentCallsPerConnection(STREAMS_MAX)
            .keepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(KEEP_ALIVE_ANSWER.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveTime(KEEP_ALIVE_MIN.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .handshakeTimeout(HANDSHAKE.toMillis(), TimeUnit.MILLISECONDS)
            .addServices(observation.definitions());
    others.forEach(builder::addService);
    if (tls != null) {
      builder.sslContext(tls);
    }
    try {
      return new EnvoyDoor(acceptor, loops, observation, builder.build().start());
    } catch (IOException e) {
      end(acceptor);
      end(loops);
      throw new IOException("can't listen at " + Doors.shown(config.address()), e);
    }
  }

  InetSocketAddress address() {
    return (InetSocketAddress) Objects.requireNonNull(server.getListenSockets()).getFirst();
  }

  /// Takes no new exchange from now on: Envoys are told to go elsewhere.
  void leave() {
    server.shutdown();
    observation.leave();
  }

  /// Lets what is open end.
  ///
  /// @return whether all has within `limit`
  boolean drain(Duration limit) throws InterruptedException {
    return server.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Ends what is open, each exchange with its entry, then the threads.
  void close() throws InterruptedException {
    server.shutdown();
    try {
      observation.stop();
    } finally {
      server.shutdownNow();
      server.awaitTermination(LOOPS_END.toMillis(), TimeUnit.MILLISECONDS);
      end(acceptor);
      end(loops);
    }
  }

  private static @Nullable SslContext tls(EnvoyConfig config) throws IOException {
    EnvoyConfig.Mutual files = config.tls();
    if (files == null) {
      return null;
    }
    try {
      return GrpcSslContexts.forServer(files.certificate().toFile(), files.key().toFile())
          .trustManager(files.clientCa().toFile())
          .clientAuth(ClientAuth.REQUIRE)
          .build();
    } catch (IllegalArgumentException | IOException e) {
      throw new IOException(
          "envoy.certificate="
              + files.certificate()
              + ", envoy.key="
              + files.key()
              + ", envoy.client-ca="
              + files.clientCa()
              + ": can't be used: "
              + e.getMessage(),
          e);
    }
  }

  private static void end(EventLoopGroup group) {
    group
        .shutdownGracefully(0, LOOPS_END.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(LOOPS_END.toMillis(), TimeUnit.MILLISECONDS);
  }
}
