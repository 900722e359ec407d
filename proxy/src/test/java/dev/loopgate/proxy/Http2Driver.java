package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.loopgate.capture.Header;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A caller who speaks HTTP/2 without asking: one connection of Netty's client, many streams.
final class Http2Driver implements AutoCloseable {
  /// What came on a stream.
  ///
  /// @param reset the error of its reset, -1 when it ended regularly
  /// @param kept how many entries the lane had when the end was seen
  record Answer(List<Header> headers, String body, long reset, int kept) {
    String header(String name) {
      return headers.stream()
          .filter(header -> header.name().equals(name))
          .findFirst()
          .map(Header::value)
          .orElse("");
    }

    int status() {
      return Integer.parseInt(header(":status"));
    }
  }

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final CountDownLatch goAway = new CountDownLatch(1);
  private final KeepingLane lane;
  private final Channel channel;

  Http2Driver(InetSocketAddress address, KeepingLane lane) throws InterruptedException {
    this.lane = lane;
    this.channel =
        new Bootstrap()
            .group(group)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel opened) {
                    opened
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient().validateHeaders(false).build(),
                            new Http2MultiplexHandler(new Ignoring()),
                            new Connection());
                  }
                })
            .connect(address)
            .sync()
            .channel();
  }

  /// One exchange.
  final class Call {
    private final Http2StreamChannel stream;
    private final CompletableFuture<Answer> answer = new CompletableFuture<>();
    private final List<Header> headers = new ArrayList<>();
    private final StringBuilder body = new StringBuilder();

    Call(Http2Headers head, boolean last) throws InterruptedException {
      stream =
          new Http2StreamChannelBootstrap(channel)
              .handler(new Reading(this))
              .open()
              .sync()
              .getNow();
      stream.writeAndFlush(new DefaultHttp2HeadersFrame(head, last));
    }

    Call data(byte[] bytes, boolean last) {
      stream.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes), last));
      return this;
    }

    Call trailers(String name, String value) {
      Http2Headers trailers = new DefaultHttp2Headers().add(name, value);
      stream.writeAndFlush(new DefaultHttp2HeadersFrame(trailers, true));
      return this;
    }

    void reset() {
      stream.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
    }

    /// Reads the answer, or for now no more of it.
    void reading(boolean reads) {
      stream.config().setAutoRead(reads);
    }

    Answer await() throws Exception {
      return answer.get(20, TimeUnit.SECONDS);
    }

    boolean isAnswered() {
      return answer.isDone();
    }

    private void end(long reset) {
      answer.complete(new Answer(List.copyOf(headers), body.toString(), reset, lane.kept().size()));
    }
  }

  static Http2Headers post(String path) {
    return new DefaultHttp2Headers(false).method("POST").path(path).scheme("http").authority("d");
  }

  static Http2Headers get(String path) {
    return new DefaultHttp2Headers(false).method("GET").path(path).scheme("http").authority("d");
  }

  Call call(Http2Headers head, boolean last) throws InterruptedException {
    return new Call(head, last);
  }

  /// Waits until the door says that no further request is welcome.
  boolean awaitGoAway() throws InterruptedException {
    return goAway.await(20, TimeUnit.SECONDS);
  }

  /// Waits until the connection is closed by the other side.
  boolean awaitClose() throws InterruptedException {
    return channel.closeFuture().await(20, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    channel.close().syncUninterruptibly();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static final class Reading extends SimpleChannelInboundHandler<Object> {
    private final Call call;

    Reading(Call call) {
      this.call = call;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object frame) {
      switch (frame) {
        case Http2HeadersFrame head -> {
          head.headers()
              .forEach(e ->
                  call.headers.add(new Header(e.getKey().toString(), e.getValue().toString())));
          if (head.isEndStream()) {
            call.end(-1);
          }
        }
        case Http2DataFrame data -> {
          call.body.append(data.content().toString(ISO_8859_1));
          if (data.isEndStream()) {
            call.end(-1);
          }
        }
        default -> {}
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof Http2ResetFrame reset) {
        call.end(reset.errorCode());
      }
      ReferenceCountUtil.release(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      call.end(-2);
    }
  }

  private final class Connection extends SimpleChannelInboundHandler<Object> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object frame) {
      if (frame instanceof Http2GoAwayFrame) {
        goAway.countDown();
      }
    }
  }

  private static final class Ignoring extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel pushed) {
      throw new IllegalStateException("the door pushes a stream");
    }
  }

  static @Nullable Answer now(Call call) throws Exception {
    return call.isAnswered() ? call.await() : null;
  }
}
