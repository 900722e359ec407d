package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.loopgate.testkit.LargeBody;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The same as [LargeBody] in HTTP/2: who stops there, stops a thread, and with it gives no window
/// back.
final class LargeHttp2Body {
  private static final int PIECES_MAX = 8; // that wait to be sent
  private static final int WINDOW_BYTES = 1 << 20;
  private static final int FRAME_BYTES_MAX = 256 << 10;

  // These buffers are not what is tested, and to watch each of them takes long.
  private static final ByteBufAllocator UNWATCHED = new UnpooledByteBufAllocator(true, true);

  private LargeHttp2Body() {}

  private static MultiThreadIoEventLoopGroup oneThread() {
    return new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  }

  private static Http2Settings settings() {
    return Http2Settings.defaultSettings()
        .initialWindowSize(WINDOW_BYTES)
        .maxFrameSize(FRAME_BYTES_MAX);
  }

  /// A stream's body, written by a thread that waits while nobody takes it.
  private static final class Body extends OutputStream {
    private final Semaphore room = new Semaphore(PIECES_MAX);
    private final Channel stream;

    Body(Channel stream) {
      this.stream = stream;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
      send(Unpooled.copiedBuffer(from, offset, length), false);
    }

    @Override
    public void close() throws IOException {
      send(Unpooled.EMPTY_BUFFER, true);
    }

    private void send(ByteBuf piece, boolean last) throws IOException {
      try {
        if (!room.tryAcquire(30, TimeUnit.SECONDS)) {
          piece.release();
          throw new IOException("nobody takes the body");
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      stream.writeAndFlush(new DefaultHttp2DataFrame(piece, last)).addListener(_ -> room.release());
    }
  }

  private static void start(ThrowingRunnable work) {
    Thread.ofVirtual()
        .start(() -> {
          try {
            work.run();
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private interface ThrowingRunnable {
    void run() throws IOException;
  }

  /// Takes a body with stops, then answers with one that begins with a line saying what it has
  /// seen.
  static final class Model implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup group = oneThread();
    private final Channel door;

    Model(long bytes) throws InterruptedException {
      door =
          new ServerBootstrap()
              .group(group)
              .channel(NioServerSocketChannel.class)
              .childOption(ChannelOption.ALLOCATOR, UNWATCHED)
              .childHandler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel opened) {
                      opened
                          .pipeline()
                          .addLast(
                              Http2FrameCodecBuilder.forServer()
                                  .initialSettings(settings())
                                  .build(),
                              new Http2MultiplexHandler(
                                  new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel stream) {
                                      stream.pipeline().addLast(new Answering(bytes));
                                    }
                                  }));
                    }
                  })
              .bind(InetAddress.getLoopbackAddress(), 0)
              .sync()
              .channel();
    }

    String url() {
      return "http://127.0.0.1:" + ((InetSocketAddress) door.localAddress()).getPort();
    }

    @Override
    public void close() {
      door.close().syncUninterruptibly();
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  private static final class Answering extends SimpleChannelInboundHandler<Object> {
    private final LargeBody.Sink sink = new LargeBody.Sink();
    private final long bytes;

    Answering(long bytes) {
      this.bytes = bytes;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object frame) throws IOException {
      if (frame instanceof Http2DataFrame data) {
        data.content().readBytes(sink, data.content().readableBytes());
        if (data.isEndStream()) {
          String seen = sink.seen() + "\n";
          Http2Headers head = new DefaultHttp2Headers().status("200");
          head.add("content-length", Long.toString(seen.length() + bytes));
          ctx.writeAndFlush(new DefaultHttp2HeadersFrame(head));
          start(() -> {
            try (Body body = new Body(ctx.channel())) {
              body.write(seen.getBytes(ISO_8859_1));
              LargeBody.send(body, bytes);
            }
          });
        }
      }
    }
  }

  /// Posts a body of `bytes`, reads the answer with stops.
  ///
  /// @return what the model has seen, as it says, and what the caller has seen behind that line
  static String post(InetSocketAddress door, String path, long bytes) throws Exception {
    MultiThreadIoEventLoopGroup group = oneThread();
    try {
      Channel connection =
          new Bootstrap()
              .group(group)
              .channel(NioSocketChannel.class)
              .option(ChannelOption.ALLOCATOR, UNWATCHED)
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel opened) {
                      opened
                          .pipeline()
                          .addLast(
                              Http2FrameCodecBuilder.forClient()
                                  .initialSettings(settings())
                                  .build(),
                              new Http2MultiplexHandler(
                                  new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel pushed) {}
                                  }));
                    }
                  })
              .connect(door)
              .sync()
              .channel();
      Reading reading = new Reading();
      Channel stream =
          new Http2StreamChannelBootstrap(connection).handler(reading).open().sync().getNow();
      Http2Headers head =
          new DefaultHttp2Headers().method("POST").path(path).scheme("http").authority("d");
      head.add("content-length", Long.toString(bytes));
      stream.writeAndFlush(new DefaultHttp2HeadersFrame(head));
      start(() -> {
        try (Body body = new Body(stream)) {
          LargeBody.send(body, bytes);
        }
      });
      return reading.seen.get(60, TimeUnit.SECONDS);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  private static final class Reading extends SimpleChannelInboundHandler<Object> {
    private final CompletableFuture<String> seen = new CompletableFuture<>();
    private final LargeBody.Sink sink = new LargeBody.Sink();
    private final StringBuilder line = new StringBuilder();
    private boolean inLine = true;

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object frame) throws IOException {
      switch (frame) {
        case Http2HeadersFrame head when head.isEndStream() ->
            seen.completeExceptionally(new IOException("no body: " + head.headers()));
        case Http2DataFrame data -> {
          ByteBuf content = data.content();
          while (inLine && content.isReadable()) {
            char next = (char) content.readByte();
            inLine = next != '\n';
            line.append(inLine ? String.valueOf(next) : "");
          }
          content.readBytes(sink, content.readableBytes());
          if (data.isEndStream()) {
            seen.complete(line + " " + sink.seen());
          }
        }
        default -> {}
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof Http2ResetFrame reset) {
        seen.completeExceptionally(new IOException("reset: " + reset.errorCode()));
      }
      ReferenceCountUtil.release(event);
    }
  }
}
