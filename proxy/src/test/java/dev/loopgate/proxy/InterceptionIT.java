package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.testkit.ManualTime;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// What of interception needs a real socket, but no redirection; what does is tried in `e2e/`.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class InterceptionIT {
  private static final int PIECES = 2;
  private static final int PIECE_BYTES = 8 << 20; // more than sockets hold

  @Test
  void whoCallsThePortItselfIsReset() throws Exception {
    assumeTrue(Transport.EPOLL.isAvailable());
    KeepingLane lane = new KeepingLane();
    TimeSource time = ManualTime.at("2026-11-27T10:00:00Z");
    BlockingQueue<InterceptionFault> faults = new LinkedBlockingQueue<>();
    Model model = RealDoor.model("http://127.0.0.1:9", Protocol.AUTO, false, 0, Bounds.NONE);
    try (Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 8, null), model, lane, time, ProxyEvents.SILENT, Transport.EPOLL)) {
      InetSocketAddress port =
          proxy.intercept(
              RealDoor.anyAddress(),
              Fleet.of(List.of(model)),
              Duration.ofHours(1),
              new InterceptionEvents() {
                @Override
                public void refused(InterceptionFault fault) {
                  faults.add(fault);
                }
              });
      try (Socket caller = new Socket(port.getAddress(), port.getPort())) {
        assertThat(faults.poll(10, TimeUnit.SECONDS)).isEqualTo(InterceptionFault.STRAIGHT);
        assertThatThrownBy(
                () -> {
                  caller.getOutputStream().write(1);
                  assertThat(caller.getInputStream().read()).isNegative();
                  throw new SocketException("ended, and was not reset");
                })
            .isInstanceOf(SocketException.class)
            .hasMessageNotContaining("ended");
      }
    }
  }

  @Test
  void aServerThatIsResetUnderAnUploadTakesItsCallerWithIt() throws Exception {
    assumeTrue(Transport.EPOLL.isAvailable());
    BlockingQueue<Throwable> bugs = new LinkedBlockingQueue<>();
    BlockingQueue<Integer> pieces = new LinkedBlockingQueue<>();
    CountDownLatch ended = new CountDownLatch(1);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Proxy proxy = open(server, bugs)) {
      InetSocketAddress there = (InetSocketAddress) server.getLocalSocketAddress();
      InetSocketAddress port =
          proxy.intercept(
              RealDoor.anyAddress(),
              Fleet.of(List.of(modelAt(server))),
              Duration.ofHours(1),
              new InterceptionEvents() {
                @Override
                public void bytesPassed(Spoken spoken, boolean toServer, int count) {
                  pieces.add(count);
                }

                @Override
                public void passingEnded() {
                  ended.countDown();
                }
              },
              _ -> there);
      try (Socket caller = new Socket(port.getAddress(), port.getPort())) {
        Thread uploading =
            Thread.ofVirtual().name("interception-upload").start(() -> upload(caller));
        try (Socket accepted = server.accept()) {
          int passed = 0;
          for (Integer some = 0; some != null; some = pieces.poll(500, TimeUnit.MILLISECONDS)) {
            passed += some; // until the server, which reads nothing, holds the caller back
          }
          assertThat(passed).isPositive();
          accepted.setSoLinger(true, 0);
        }
        assertThat(uploading.join(Duration.ofSeconds(20))).as("the caller is told").isTrue();
        assertThat(ended.await(10, TimeUnit.SECONDS)).as("nothing stays").isTrue();
      }
    }
    assertThat(bugs).isEmpty();
  }

  private static Model modelAt(ServerSocket server) {
    return RealDoor.model(
        "http://127.0.0.1:" + server.getLocalPort(), Protocol.AUTO, false, 0, Bounds.NONE);
  }

  private static Proxy open(ServerSocket server, BlockingQueue<Throwable> bugs) throws IOException {
    return RealDoor.open(
        RealDoor.config(1, 8, null),
        modelAt(server),
        new KeepingLane(),
        ManualTime.at("2026-11-27T10:00:00Z"),
        new ProxyEvents() {
          @Override
          public void failed(Throwable cause) {
            bugs.add(cause);
          }
        },
        Transport.EPOLL);
  }

  private static void upload(Socket caller) {
    byte[] piece = new byte[1 << 16]; // zeros: no HTTP
    try {
      while (true) {
        caller.getOutputStream().write(piece);
      }
    } catch (IOException _) {
      // over, which is what is awaited
    }
  }

  @Test
  void ownConnectionsAreKnownByBothTheirEndsWhileTheyAreOpen() throws Exception {
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      InetSocketAddress there = (InetSocketAddress) server.getLocalSocketAddress();
      OwnConnections own = new OwnConnections(Transport.NIO.connector());
      own.know();
      Channel channel =
          own.connect(
                  (EventLoop) group.next(),
                  there,
                  new ChannelInboundHandlerAdapter(),
                  Duration.ofSeconds(10))
              .sync()
              .channel();
      SocketAddress local = channel.localAddress();
      channel.eventLoop().submit(() -> {}).sync(); // who was told of it before is through

      assertThat(own.has(local, there)).isTrue();
      assertThat(own.has(local, new InetSocketAddress(there.getAddress(), 9))).isFalse();
      assertThat(own.has(there, local)).isFalse();
      channel.close().sync();
      channel.eventLoop().submit(() -> {}).sync();
      assertThat(own.has(local, there)).isFalse();
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  /// Netty alone loses what is still to be written to who has shut its side: see [SteadyEpoll].
  @Test
  void whoHasShutItsSideIsStillWrittenTo() throws Exception {
    assumeTrue(Transport.EPOLL.isAvailable());
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, Transport.EPOLL.handlers());
    try {
      Channel door =
          new ServerBootstrap()
              .group(group)
              .channel(Transport.EPOLL.serverChannel())
              .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
              .childHandler(
                  new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel.pipeline().addLast(new Writing());
                    }
                  })
              .bind(RealDoor.anyAddress())
              .sync()
              .channel();
      InetSocketAddress address = (InetSocketAddress) door.localAddress();
      try (Socket caller = new Socket(address.getAddress(), address.getPort())) {
        caller.shutdownOutput();
        InputStream in = caller.getInputStream();
        long read = 0;
        byte[] bytes = new byte[1 << 16];
        for (int got = in.read(bytes); got >= 0; got = in.read(bytes)) {
          read += got;
        }
        assertThat(read).isEqualTo((long) PIECES * PIECE_BYTES);
      }
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  /// One piece after the other, each when nothing else is to be done; then it shuts its side, too.
  private static final class Writing extends ChannelInboundHandlerAdapter {
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof ChannelInputShutdownEvent) {
        later(ctx, PIECES);
      }
    }

    private static void later(ChannelHandlerContext ctx, int left) {
      ctx.executor().schedule(() -> write(ctx, left), 100, TimeUnit.MILLISECONDS);
    }

    private static void write(ChannelHandlerContext ctx, int left) {
      if (left == 0) {
        ((DuplexChannel) ctx.channel()).shutdownOutput();
        return;
      }
      ByteBuf piece = Unpooled.directBuffer(PIECE_BYTES).writeZero(PIECE_BYTES);
      ctx.writeAndFlush(piece).addListener(_ -> later(ctx, left - 1));
    }
  }
}
