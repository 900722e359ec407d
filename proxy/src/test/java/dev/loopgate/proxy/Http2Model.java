package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A model server in HTTP/2, by Netty's server: says frame for frame what a test wants.
final class Http2Model implements AutoCloseable {
  /// What answers a request that is whole; on the server's thread.
  interface Script {
    void answer(Request request);
  }

  /// A request, and the way back.
  static final class Request {
    private final ChannelHandlerContext stream;
    private final Http2Headers head;
    private final StringBuilder body = new StringBuilder();
    private volatile @Nullable Http2Headers behind;
    private final CountDownLatch reset = new CountDownLatch(1);

    Request(ChannelHandlerContext stream, Http2Headers head) {
      this.stream = stream;
      this.head = head;
    }

    String header(String name) {
      CharSequence value = head.get(name);
      return value == null ? "" : value.toString();
    }

    /// What stood behind the body.
    String trailer(String name) {
      Http2Headers trailers = behind;
      CharSequence value = trailers == null ? null : trailers.get(name);
      return value == null ? "" : value.toString();
    }

    String path() {
      return header(":path");
    }

    String body() {
      return body.toString();
    }

    /// @param headers names and values in turn
    Request head(boolean last, String... headers) {
      return headers(new DefaultHttp2Headers(false).status("200"), last, headers);
    }

    Request trailers(String... headers) {
      return headers(new DefaultHttp2Headers(false), true, headers);
    }

    private Request headers(Http2Headers out, boolean last, String... headers) {
      for (int i = 0; i < headers.length; i += 2) {
        if (headers[i].equals(":status")) {
          out.status(headers[i + 1]);
        } else {
          out.add(headers[i], headers[i + 1]);
        }
      }
      stream.writeAndFlush(new DefaultHttp2HeadersFrame(out, last));
      return this;
    }

    Request data(String text, boolean last) {
      stream.writeAndFlush(
          new DefaultHttp2DataFrame(Unpooled.copiedBuffer(text, ISO_8859_1), last));
      return this;
    }

    void reset(Http2Error error) {
      stream.writeAndFlush(new DefaultHttp2ResetFrame(error));
    }

    /// Takes no further request on this connection.
    Request goAway() {
      stream.channel().parent().writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
      return this;
    }

    void later(Runnable what) {
      stream.executor().execute(what);
    }

    boolean awaitReset() throws InterruptedException {
      return reset.await(20, TimeUnit.SECONDS);
    }
  }

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final AtomicInteger connections = new AtomicInteger();
  private final Script script;
  private final Http2Settings settings;
  private final boolean atOnce;
  private final Channel door;

  private Http2Model(
      Script script, Http2Settings settings, @Nullable SslContext tls, boolean atOnce)
      throws InterruptedException {
    this.script = script;
    this.atOnce = atOnce;
    this.settings = settings;
    this.door =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel opened) {
                    connections.incrementAndGet();
                    if (tls == null) {
                      speakHttp2(opened);
                    } else {
                      opened.pipeline().addLast(tls.newHandler(opened.alloc()), new Negotiated());
                    }
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), 0)
            .sync()
            .channel();
  }

  static Http2Model start(Script script) throws InterruptedException {
    return new Http2Model(script, Http2Settings.defaultSettings(), null, false);
  }

  static Http2Model start(Script script, Http2Settings settings) throws InterruptedException {
    return new Http2Model(script, settings, null, false);
  }

  /// Answers as soon as a request's head has come.
  static Http2Model startAtOnce(Script script) throws InterruptedException {
    return new Http2Model(script, Http2Settings.defaultSettings(), null, true);
  }

  static Http2Model startSecure(Script script, SslContext tls) throws InterruptedException {
    return new Http2Model(script, Http2Settings.defaultSettings(), tls, false);
  }

  /// Answers with what it was asked.
  static void echo(Request request) {
    request.head(false, "content-length", Integer.toString(request.body().length()));
    request.data(request.body(), true);
  }

  int port() {
    return ((InetSocketAddress) door.localAddress()).getPort();
  }

  /// How many were made to it so far.
  int connections() {
    return connections.get();
  }

  @Override
  public void close() {
    door.close().syncUninterruptibly();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private void speakHttp2(Channel opened) {
    opened
        .pipeline()
        .addLast(
            Http2FrameCodecBuilder.forServer()
                .initialSettings(settings)
                .validateHeaders(false)
                .build(),
            new Http2MultiplexHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel stream) {
                    stream.pipeline().addLast(new Answering());
                  }
                }));
  }

  private final class Negotiated extends ApplicationProtocolNegotiationHandler {
    Negotiated() {
      super(ApplicationProtocolNames.HTTP_1_1);
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
      if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
        speakHttp2(ctx.channel());
      } else {
        ctx.pipeline().addLast(new Http11());
      }
    }

    @Override
    protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  /// What a server says that agreed on HTTP/1.1.
  private static final class Http11 extends SimpleChannelInboundHandler<Object> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object message) {
      String answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n1.1";
      ctx.writeAndFlush(Unpooled.copiedBuffer(answer, ISO_8859_1));
    }
  }

  private final class Answering extends SimpleChannelInboundHandler<Object> {
    private @Nullable Request request;

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object frame) {
      switch (frame) {
        case Http2HeadersFrame head -> {
          Request begun = request;
          boolean first = begun == null;
          if (begun == null) {
            begun = new Request(ctx, head.headers());
          } else {
            begun.behind = head.headers();
          }
          request = begun;
          if (atOnce ? first : head.isEndStream()) {
            script.answer(begun);
          }
        }
        case Http2DataFrame data -> {
          Request begun = request;
          if (begun != null) {
            begun.body.append(data.content().toString(ISO_8859_1));
            if (data.isEndStream() && !atOnce) {
              script.answer(begun);
            }
          }
        }
        default -> {}
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      Request begun = request;
      if (event instanceof Http2ResetFrame && begun != null) {
        begun.reset.countDown();
      }
      ReferenceCountUtil.release(event);
    }
  }
}
