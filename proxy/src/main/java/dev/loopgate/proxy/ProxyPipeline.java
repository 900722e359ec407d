package dev.loopgate.proxy;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// The life of an exchange, as what a caller's bytes pass through. Any thread; each channel is
/// built on its own event loop.
///
/// ```text
///  caller                                                                                   model
///    | (tls: SslHandler, and by ALPN http/2 instead of "caller")                              |
///    v                                                                                        |
///  "caller" CallerConnection   HeadReader, CallerRequest: one request at a time               |
///    |                         RequestIdentity, Router   (tokens: before the route is taken)  |
///    v                                                                                        |
///  RelayedExchange             ExchangeCapture: copies as it passes, ends once                |
///    | (hold: between the exchange and ModelPool.acquire, while the model wakes)              |
///    v                                                                                        |
///  ModelPool                   a connection of this event loop                                |
///    v                                                                                        |
///  "model" ModelConnection     HeadReader, ModelAnswer  <- (tls: in ModelConnector)  <--------+
/// ```
final class ProxyPipeline extends ChannelInitializer<Channel> {
  private final Map<EventLoop, ProxyLoop> loops;
  private final Router router;
  private final AtomicInteger connections;
  private final int connectionsMax;
  private final ProxyEvents events;

  /// @param connections of all doors together
  ProxyPipeline(
      Map<EventLoop, ProxyLoop> loops,
      Router router,
      AtomicInteger connections,
      ProxyConfig config,
      ProxyEvents events) {
    this.loops = loops;
    this.router = router;
    this.connections = connections;
    this.connectionsMax = config.connectionsMax();
    this.events = events;
  }

  @Override
  protected void initChannel(Channel channel) {
    if (connections.incrementAndGet() > connectionsMax) {
      connections.decrementAndGet();
      events.callerRefused();
      channel.close();
      return;
    }
    channel.closeFuture().addListener(_ -> connections.decrementAndGet());
    ProxyLoop loop = loops.get(channel.eventLoop());
    if (loop == null) {
      throw new IllegalStateException("pipeline: event loop without a proxy loop");
    }
    settings(channel);
    channel.pipeline().addLast("caller", new CallerConnection(loop, router));
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
