package dev.loopgate.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A connection until its header of the PROXY protocol is read; then whatever reads TLS or requests
/// takes its place. Confined to its event loop.
///
/// Holds at most [ProxyHeader#BYTES_MAX] and what one read brought, for as long as a request's head
/// may take.
final class ProxyHeaderReader extends ChannelInboundHandlerAdapter implements CallerLink {
  private final ProxyLoop loop;
  private final List<AddressRange> peers;
  private final Consumer<Channel> next;
  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf pending;
  private boolean opened;
  private boolean over; // read, or refused
  private long sinceNanos;

  /// @param peers who may connect; empty for anybody
  /// @param next adds to a channel's pipeline what reads on
  ProxyHeaderReader(ProxyLoop loop, List<AddressRange> peers, Consumer<Channel> next) {
    this.loop = loop;
    this.peers = peers;
    this.next = next;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    if (ctx.channel().isActive()) {
      open(ctx);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    open(ctx);
  }

  private void open(ChannelHandlerContext ctx) {
    if (opened) {
      return; // active before it was added, and told so once more
    }
    opened = true;
    sinceNanos = loop.time().nanos();
    loop.add(this);
    if (!peers.isEmpty() && !isTrusted(ctx.channel())) {
      refuse(ctx, ProxyHeaderFault.UNTRUSTED_PEER);
    }
  }

  private boolean isTrusted(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress remote
        && remote.getAddress() != null
        && peers.stream().anyMatch(range -> range.contains(remote.getAddress()));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    if (over) {
      in.release();
      return;
    }
    ByteBuf before = pending;
    ByteBuf all =
        before == null
            ? in
            : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), before, in);
    pending = all;
    switch (ProxyHeader.read(all)) {
      case ProxyHeader.Read.More _ -> {}
      case ProxyHeader.Read.Refused(ProxyHeaderFault fault) -> refuse(ctx, fault);
      case ProxyHeader.Read.Whole whole -> readOn(ctx, all, whole.caller());
    }
  }

  private void readOn(ChannelHandlerContext ctx, ByteBuf rest, @Nullable InetSocketAddress caller) {
    over = true;
    pending = null;
    loop.remove(this);
    if (caller != null) {
      ctx.channel().attr(ProxyPipeline.CALLER).set(caller);
    }
    next.accept(ctx.channel());
    if (rest.isReadable()) {
      ctx.fireChannelRead(rest);
    } else {
      rest.release();
    }
    ctx.pipeline().remove(this);
  }

  private void refuse(ChannelHandlerContext ctx, ProxyHeaderFault fault) {
    over = true;
    loop.events().proxyHeaderRefused(fault);
    release();
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ByteBuf half = pending;
    if (!over && half != null) {
      loop.events().proxyHeaderRefused(ProxyHeaderFault.MALFORMED);
    }
    over = true;
    release();
    loop.remove(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof IOException)) {
      loop.events().failed(cause);
    }
    ctx.close();
  }

  @Override
  public void tick(long nowNanos) {
    ChannelHandlerContext ctx = context;
    if (ctx != null && !over && nowNanos - sinceNanos >= loop.config().caller().head().toNanos()) {
      refuse(ctx, ProxyHeaderFault.LATE);
    }
  }

  @Override
  public void drain() {
    close();
  }

  @Override
  public void stop() {
    close();
  }

  @Override
  public void close() {
    ChannelHandlerContext ctx = context;
    if (ctx != null) {
      ctx.close();
    }
  }

  private void release() {
    ByteBuf in = pending;
    pending = null;
    if (in != null) {
      in.release();
    }
  }
}
