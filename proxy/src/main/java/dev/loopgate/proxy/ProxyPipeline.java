package dev.loopgate.proxy;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The life of an exchange, as what a caller's bytes pass through. Any thread; each channel is
/// built on its own event loop.
///
/// ```text
///  caller                                                                                   model
///    | ("proxy-header" ProxyHeaderReader)   who is behind the connection, before all else     |
///    | ("first-bytes" InterceptedConnection)   in place of all these, where the kernel        |
///    |                                         redirects: HTTP, or bytes that pass            |
///    | ("tls" SslHandler, "alpn")                                                             |
///    v                                                                                        |
///  "caller" CallerConnection   HeadReader, CallerRequest: one request at a time               |
///    or                                                                                       |
///  "http2" Http2CallerConnection   by ALPN, preface or upgrade: an Http2CallerStream a request|
///    v                                                                                        |
///  Exchanges                   RequestIdentity, Router                                        |
///    v                                                                                        |
///  (Admission)                 asks the Policy, where tokens are asked for                    |
///    v                                                                                        |
///  RelayedExchange             ExchangeCapture: copies as it passes, ends once                |
///    | (hold: between the exchange and ModelPool.acquire, while the model wakes)              |
///    v                                                                                        |
///  ModelPool                   a ModelCall on a connection of this event loop                 |
///    v                                                                                        |
///  "model" ModelConnection     HeadReader, ModelAnswer                                        |
///    or                                                                                       |
///  "http2" Http2ModelConnection   a call is an Http2ModelStream  <- ("tls", by ModelOpening) <+
/// ```
final class ProxyPipeline extends ChannelInitializer<Channel> {
  /// Who is behind a connection, where its header of the PROXY protocol says so.
  static final AttributeKey<InetSocketAddress> CALLER = AttributeKey.valueOf("loopgate.caller");

  private final Threshold threshold;
  private final Router router;
  private final Edge edge;
  private final @Nullable Tls tls;

  /// @param edge of this door: what it begins with
  ProxyPipeline(Threshold threshold, Router router, Edge edge, @Nullable Tls tls) {
    this.threshold = threshold;
    this.router = router;
    this.edge = edge;
    this.tls = tls;
  }

  @Override
  protected void initChannel(Channel channel) {
    ProxyLoop loop = threshold.enter(channel);
    if (loop == null) {
      return;
    }
    Exchanges exchanges = new Exchanges(loop, router, threshold.slots());
    switch (edge.proxyProtocol()) {
      case OFF -> serve(channel, exchanges);
      case REQUIRED ->
          channel
              .pipeline()
              .addLast(
                  "proxy-header",
                  new ProxyHeaderReader(
                      loop, edge.proxyProtocolPeers(), opened -> serve(opened, exchanges)));
    }
  }

  private void serve(Channel channel, Exchanges exchanges) {
    if (tls == null) {
      channel.pipeline().addLast("caller", new CallerConnection(exchanges));
    } else {
      channel.pipeline().addLast("tls", tls.newHandler(channel.alloc()));
      channel.pipeline().addLast("alpn", new Negotiated(exchanges));
    }
  }

  /// After the handshake: who chose `h2` speaks it, everybody else HTTP/1.1.
  private static final class Negotiated extends ApplicationProtocolNegotiationHandler {
    private final Exchanges exchanges;

    Negotiated(Exchanges exchanges) {
      super(ApplicationProtocolNames.HTTP_1_1);
      this.exchanges = exchanges;
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
      if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
        String address = addressOf(ctx.channel());
        exchanges.loop().events().callerConnected();
        ctx.pipeline().addLast("http2", Http2CallerConnection.of(exchanges, address, true));
      } else {
        ctx.pipeline().addLast("caller", new CallerConnection(exchanges));
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
      if (event instanceof SslHandshakeCompletionEvent done && !done.isSuccess()) {
        exchanges.loop().events().handshakeFailed();
        ctx.close();
      }
      super.userEventTriggered(ctx, event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close(); // the handshake's failure is told as an event, too
    }
  }

  /// The address of the caller: at the other end, or who is behind it; without its scope.
  static String addressOf(Channel channel) {
    InetSocketAddress told = channel.hasAttr(CALLER) ? channel.attr(CALLER).get() : null;
    if ((told == null ? channel.remoteAddress() : told) instanceof InetSocketAddress remote
        && remote.getAddress() != null) {
      String text = remote.getAddress().getHostAddress();
      int scope = text.indexOf('%');
      return scope < 0 ? text : text.substring(0, scope);
    }
    return "unknown";
  }

  /// What holds for the sockets of both sides.
  static void settings(Channel channel) {
    channel.config().setOption(ChannelOption.TCP_NODELAY, true);
    channel
        .config()
        .setRecvByteBufAllocator(
            new AdaptiveRecvByteBufAllocator(1024, 4096, ProxyConfig.RECEIVE_BYTES_MAX));
    channel
        .config()
        .setWriteBufferWaterMark(
            new WriteBufferWaterMark(
                ProxyConfig.WRITE_BYTES_HIGH / 2, ProxyConfig.WRITE_BYTES_HIGH));
  }
}
