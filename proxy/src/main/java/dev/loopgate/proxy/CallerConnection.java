package dev.loopgate.proxy;

import dev.loopgate.capture.RequestId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A caller's connection: reads one request after the other, hands each to its exchange, and the
/// next only when that one is over. Confined to its event loop.
///
/// What came too early waits here, up to [ProxyConfig#HELD_BYTES_MAX] and what one read brought;
/// then the caller is not read any more. A caller who takes no answers gets no further ones either:
/// the next head is read once the answers before it are on their way.
final class CallerConnection extends ChannelInboundHandlerAdapter {
  /// How long a caller may take to see that its connection is over.
  private static final long LINGER_NANOS = 2_000_000_000L;

  /// Bytes that are thrown away while it does.
  private static final long LINGER_BYTES_MAX = 4 << 20;

  private enum Phase {
    /// Between requests, or reading a head.
    HEAD,
    /// An exchange is going on.
    EXCHANGE,
    /// The last answer is being written, then the connection ends.
    LAST_WRITE,
    /// Our side is shut; what still comes is thrown away, so that no reset destroys the answer.
    LINGER
  }

  private final ProxyLoop loop;
  private final Router router;
  private final HeadReader heads;
  private final Outgoing outgoing = new Outgoing();
  private @Nullable Channel channel;
  private String address = "unknown";
  private Phase phase = Phase.HEAD;
  private @Nullable ByteBuf pending;
  private @Nullable BodyReader body; // of the request that is going on
  private @Nullable Exchange exchange;
  private boolean processing;
  private boolean inRead;
  private boolean toldRequestEnd;
  private long sinceNanos; // of the phase, or of a head's first byte
  private long thrownAway;

  CallerConnection(ProxyLoop loop, Router router) {
    this.loop = loop;
    this.router = router;
    this.heads = loop.newHeadReader();
  }

  /// The caller's address, for `x-forwarded-for`.
  String address() {
    return address;
  }

  ByteBufAllocator buffers() {
    return channel().alloc();
  }

  boolean isWritable() {
    return channel().isWritable();
  }

  /// Whether bytes of the caller wait to be looked at.
  boolean hasUnread() {
    ByteBuf unread = pending;
    return unread != null && unread.isReadable();
  }

  void writeHead(ByteBuf head) {
    outgoing.head(channel(), head);
  }

  void write(ByteBuf piece) {
    outgoing.piece(channel(), piece);
  }

  /// `written` is run when the message left or never will.
  void write(ByteBuf message, Runnable written) {
    outgoing.pass(channel());
    channel().write(message).addListener(_ -> written.run());
  }

  void flush() {
    outgoing.pass(channel());
    channel().flush();
  }

  /// The exchange can take more than before.
  void resume() {
    process();
  }

  /// The exchange is over and its answer whole.
  ///
  /// @param keep the connection goes on, as the answer said
  void finish(boolean keep) {
    exchange = null;
    body = null;
    sinceNanos = loop.time().nanos();
    if (keep && !loop.isDraining()) {
      phase = Phase.HEAD;
      flush();
      process();
    } else {
      end();
    }
  }

  /// The exchange is over and its answer is not whole.
  ///
  /// @param reset a plain close would look like the answer's end
  void abort(boolean reset) {
    exchange = null;
    body = null;
    if (reset) {
      channel().config().setOption(ChannelOption.SO_LINGER, 0);
      channel().close();
    } else {
      end();
    }
  }

  /// No further request: closes what is idle; what goes on ends with its answer.
  void drain() {
    if (phase == Phase.HEAD && !hasUnread()) {
      channel().close();
    }
  }

  /// Time is up: whatever goes on ends now.
  void stop() {
    Exchange now = exchange;
    if (now != null) {
      now.stop();
    } else if (phase == Phase.HEAD) {
      channel().close();
    }
  }

  void close() {
    channel().close();
  }

  /// A look at the deadlines.
  void tick(long nowNanos) {
    CallerLimits limits = loop.config().caller();
    long quietNanos = nowNanos - sinceNanos;
    switch (phase) {
      case HEAD -> {
        if (!isWritable()) {
          if (quietNanos >= limits.stalled().toNanos()) {
            channel().close();
          }
        } else if (hasUnread()) {
          if (quietNanos >= limits.head().toNanos()) {
            refuse(408, "the head did not arrive in time");
          }
        } else if (quietNanos >= limits.idle().toNanos()) {
          channel().close();
        }
      }
      case EXCHANGE -> {
        Exchange now = exchange;
        if (now != null) {
          now.tick(nowNanos);
        }
      }
      case LAST_WRITE -> {
        if (quietNanos >= limits.stalled().toNanos()) {
          channel().close();
        }
      }
      case LINGER -> {
        if (quietNanos >= LINGER_NANOS) {
          channel().close();
        }
      }
    }
  }

  /// Reads on, or for now no more, as things are.
  void updateReading() {
    ByteBuf unread = pending;
    Exchange now = exchange;
    BodyReader reader = body;
    boolean reading;
    if (now != null && reader != null && !reader.isDone() && now.takesBody()) {
      reading = now.wantsMore();
    } else {
      reading = unread == null || unread.readableBytes() < ProxyConfig.HELD_BYTES_MAX;
    }
    if (channel().config().isAutoRead() != reading) {
      channel().config().setAutoRead(reading);
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = ctx.channel();
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    sinceNanos = loop.time().nanos();
    if (ctx.channel().remoteAddress() instanceof InetSocketAddress remote
        && remote.getAddress() != null) {
      String text = remote.getAddress().getHostAddress();
      int scope = text.indexOf('%');
      address = scope < 0 ? text : text.substring(0, scope);
    }
    loop.add(this);
    loop.events().callerConnected();
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    inRead = true;
    ByteBuf in = (ByteBuf) message;
    if (pending == null) {
      if (phase == Phase.HEAD) {
        sinceNanos = loop.time().nanos(); // of a head's first byte
      }
      pending = in;
    } else {
      pending = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), pending, in);
    }
    process();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    inRead = false;
    Exchange now = exchange;
    if (now != null) {
      now.callerReadComplete();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    Exchange now = exchange;
    if (now != null) {
      now.callerWritabilityChanged();
    } else if (phase != Phase.LINGER) {
      sinceNanos = loop.time().nanos();
      process();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    Exchange now = exchange;
    exchange = null;
    body = null;
    phase = Phase.LINGER;
    if (now != null) {
      now.callerLeft();
    }
    if (!processing) {
      releasePending();
    }
    outgoing.release();
    loop.remove(this);
    loop.events().callerDisconnected();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof IOException)) {
      loop.events().failed(cause);
      Exchange now = exchange;
      if (now != null) {
        now.stop(); // a bug of ours: the caller did not leave
      }
    }
    ctx.close();
  }

  // Works through what is there, one head or piece after the other, never in itself.
  private void process() {
    if (processing) {
      return;
    }
    processing = true;
    try {
      boolean more = true;
      while (more) {
        more = step();
      }
    } finally {
      processing = false;
      if (pending != null && !pending.isReadable()) {
        releasePending();
      }
    }
    Exchange now = exchange;
    if (now != null && !inRead) {
      now.callerReadComplete(); // nothing else will flush what was passed on just now
    }
    updateReading();
  }

  private boolean step() {
    ByteBuf in = pending;
    Exchange now = exchange;
    BodyReader reader = body;
    return switch (phase) {
      case HEAD -> in != null && in.isReadable() && isWritable() && readHead(in);
      case EXCHANGE -> {
        if (now == null || reader == null || !now.takesBody() || toldRequestEnd) {
          yield false; // what is there is the next request's
        }
        yield readBody(in, now, reader);
      }
      case LAST_WRITE, LINGER -> {
        throwAway();
        yield false;
      }
    };
  }

  private boolean readHead(ByteBuf in) {
    Parsed<CallerRequest> parsed =
        switch (heads.readRequest(in)) {
          case Parsed.More<RawHead> _ -> new Parsed.More<>();
          case Parsed.Refused<RawHead>(int status, String reason) ->
              new Parsed.Refused<>(status, reason);
          case Parsed.Got<RawHead>(RawHead head) -> CallerRequest.of(head);
        };
    return switch (parsed) {
      case Parsed.More<CallerRequest> _ -> false;
      case Parsed.Refused<CallerRequest>(int status, String reason) -> {
        refuse(status, reason);
        yield true;
      }
      case Parsed.Got<CallerRequest>(CallerRequest request) -> {
        begin(request);
        yield true;
      }
    };
  }

  private void begin(CallerRequest request) {
    RequestIdentity identity =
        RequestIdentity.of(request.headers(), loop.requestIds(), loop.time().epochMillis());
    phase = Phase.EXCHANGE;
    toldRequestEnd = false;
    body = new BodyReader(request.framing());
    Exchange begun =
        switch (router.route(request.method(), request.path())) {
          case Router.Route.ToModel(var match) ->
              new RelayedExchange(this, loop, request, identity, match);
          case Router.Route.ToService(var service) ->
              new LocalExchange(this, loop, request, identity, service);
          case Router.Route.UnknownModel() -> {
            loop.events().unknownModel();
            yield always(request, identity, LocalReplies.unknownModel());
          }
          case Router.Route.Nobody(var reply) -> always(request, identity, reply);
        };
    exchange = begun;
    begun.start();
  }

  private Exchange always(CallerRequest request, RequestIdentity identity, LocalReply reply) {
    return new LocalExchange(this, loop, request, identity, new LocalExchange.Always(reply));
  }

  private boolean readBody(@Nullable ByteBuf in, Exchange now, BodyReader reader) {
    ByteBuf piece = in == null ? null : reader.next(in);
    if (piece != null) {
      now.requestPiece(piece);
    }
    if (exchange == null) {
      return true; // it ended over that piece
    }
    if (reader.isMalformed()) {
      now.requestMalformed();
    } else if (reader.isDone()) {
      toldRequestEnd = true;
      now.requestEnded();
    } else {
      return piece != null;
    }
    return true;
  }

  // A head that is none: answered outside of any exchange, and nothing after it is trusted.
  private void refuse(int status, String reason) {
    loop.events().malformed(status);
    RequestId id = loop.requestIds().next(loop.time().epochMillis());
    write(HeadWriter.lastReply(buffers(), LocalReplies.refused(status, reason), id));
    end();
  }

  private void end() {
    phase = Phase.LAST_WRITE;
    sinceNanos = loop.time().nanos();
    outgoing.pass(channel());
    channel()
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            (ChannelFutureListener)
                written -> {
                  if (written.isSuccess() && written.channel() instanceof DuplexChannel duplex) {
                    phase = Phase.LINGER;
                    sinceNanos = loop.time().nanos();
                    duplex.shutdownOutput();
                  } else {
                    written.channel().close();
                  }
                });
    process();
  }

  private void throwAway() {
    ByteBuf in = pending;
    if (in != null) {
      thrownAway += in.readableBytes();
      in.skipBytes(in.readableBytes());
      if (thrownAway > LINGER_BYTES_MAX) {
        channel().close();
      }
    }
  }

  private void releasePending() {
    ByteBuf in = pending;
    pending = null;
    if (in != null) {
      in.release();
    }
  }

  private Channel channel() {
    return Objects.requireNonNull(channel, "connection: not opened");
  }
}
