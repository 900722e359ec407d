package dev.loopgate.proxy;

import dev.loopgate.capture.RequestId;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A caller's HTTP/1.1 connection: reads one request after the other, hands each to its exchange,
/// and the next only when that one is over. Confined to its event loop.
///
/// What came too early waits here, up to [ProxyConfig#HELD_BYTES_MAX] and what one read brought;
/// then the caller is not read any more. A caller who takes no answers gets no further ones either:
/// the next head is read once the answers before it are on their way.
final class CallerConnection extends ChannelInboundHandlerAdapter implements Caller, CallerLink {
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
  private final Exchanges exchanges;
  private final HeadReader heads;
  private final Http1Answer answer;
  private @Nullable Channel channel;
  private String address = "unknown";
  private boolean secure;
  private boolean counted;
  private Phase phase = Phase.HEAD;
  private final Unread unread = new Unread();
  private @Nullable BodyReader body; // of the request that is going on
  private @Nullable Exchange exchange;
  private boolean processing;
  private boolean inRead;
  private boolean toldRequestEnd;
  private boolean first = true; // nothing was read yet
  private boolean replaced; // by HTTP/2
  private long sinceNanos; // of the phase, or of a head's first byte
  private long thrownAway;

  CallerConnection(Exchanges exchanges) {
    this.loop = exchanges.loop();
    this.exchanges = exchanges;
    this.answer = new Http1Answer(loop);
    this.heads = loop.newHeadReader();
  }

  @Override
  public String address() {
    return address;
  }

  @Override
  public boolean isSecure() {
    return secure;
  }

  @Override
  public Answer answer() {
    return answer;
  }

  @Override
  public boolean hasUnread() {
    return !unread.isEmpty();
  }

  @Override
  public void resume() {
    process();
  }

  @Override
  public void switchProtocols() {
    answer.switched();
    body = new BodyReader(BodyFraming.UNTIL_CLOSE);
    toldRequestEnd = false;
    process(); // what came early
  }

  @Override
  public void finish() {
    exchange = null;
    body = null;
    sinceNanos = loop.time().nanos();
    if (answer.isPersistent() && !loop.isDraining()) {
      phase = Phase.HEAD;
      answer.flush();
      process();
    } else {
      end();
    }
  }

  @Override
  public void abort() {
    exchange = null;
    body = null;
    if (answer.endsWithConnection()) {
      answer.cutOff();
    } else {
      end();
    }
  }

  @Override
  public void drain() {
    if (phase == Phase.HEAD && !hasUnread()) {
      channel().close();
    }
  }

  @Override
  public void stop() {
    Exchange now = exchange;
    if (now != null) {
      now.stop();
    } else if (phase == Phase.HEAD) {
      channel().close();
    }
  }

  @Override
  public void close() {
    channel().close();
  }

  @Override
  public void tick(long nowNanos) {
    CallerLimits limits = loop.config().caller();
    long quietNanos = nowNanos - sinceNanos;
    switch (phase) {
      case HEAD -> {
        if (!answer.isWritable()) {
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

  @Override
  public void updateReading() {
    Exchange now = exchange;
    BodyReader reader = body;
    boolean reading;
    if (now != null && reader != null && !reader.isDone() && now.takesBody()) {
      reading = now.wantsMore();
    } else {
      reading = unread.length() < ProxyConfig.HELD_BYTES_MAX;
    }
    if (channel().config().isAutoRead() != reading) {
      channel().config().setAutoRead(reading);
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = ctx.channel();
    answer.open(ctx.channel());
    if (ctx.channel().isActive()) {
      opened(ctx.channel()); // after a handshake
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    opened(ctx.channel());
    ctx.fireChannelActive();
  }

  private void opened(Channel opened) {
    if (counted) {
      return; // active before it was added, and told so once more
    }
    counted = true;
    sinceNanos = loop.time().nanos();
    address = ProxyPipeline.addressOf(opened);
    secure = opened.pipeline().get(SslHandler.class) != null;
    loop.add(this);
    loop.events().callerConnected();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    inRead = true;
    if (phase == Phase.HEAD && unread.isEmpty()) {
      sinceNanos = loop.time().nanos(); // of a head's first byte
    }
    unread.add(ctx.alloc(), (ByteBuf) message);
    process();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (replaced) {
      ctx.fireChannelReadComplete();
      return;
    }
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
    if (now != null && now.takesRest()) {
      process();
      now = exchange; // it may have ended over that
    }
    exchange = null;
    body = null;
    phase = Phase.LINGER;
    if (now != null) {
      now.callerLeft();
    }
    if (!processing) {
      unread.release();
    }
    answer.release();
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
      if (replaced) {
        unread.release();
      } else {
        unread.releaseIfRead();
      }
    }
    if (replaced) {
      return;
    }
    Exchange now = exchange;
    if (now != null && !inRead) {
      now.callerReadComplete(); // nothing else will flush what was passed on just now
    }
    updateReading();
  }

  private boolean step() {
    ByteBuf in = unread.bytes();
    Exchange now = exchange;
    BodyReader reader = body;
    return switch (phase) {
      case HEAD -> in != null && in.isReadable() && answer.isWritable() && readHead(in);
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
    Parsed<RawHead> raw = heads.readRequest(in);
    if (first && raw instanceof Parsed.Got<RawHead>(RawHead head) && !isOurs(head, in)) {
      return false;
    }
    boolean mayUpgrade = first && !secure && exchanges.upgrades() && !loop.isLeaving();
    first &= raw instanceof Parsed.More;
    return switch (raw.then(CallerRequest::of)) {
      case Parsed.More<CallerRequest> _ -> false;
      case Parsed.Refused<CallerRequest>(int status, String reason) -> {
        refuse(status, reason);
        yield true;
      }
      case Parsed.Got<CallerRequest>(CallerRequest request) -> {
        Http2Beginning asked = mayUpgrade ? Http2Beginning.askedIn(request) : null;
        if (asked != null) {
          becomeHttp2(asked, in);
        } else {
          begin(request);
        }
        yield asked == null;
      }
    };
  }

  // Whether the first head is one of HTTP/1.
  private boolean isOurs(RawHead head, ByteBuf in) {
    if (Http2Beginning.isPreface(head)) {
      becomeHttp2(Http2Beginning.PREFACE, in);
      return false;
    }
    if (!head.isHttp()) {
      loop.events().malformed(400);
      channel().close();
    }
    return head.isHttp();
  }

  private void begin(CallerRequest request) {
    phase = Phase.EXCHANGE;
    toldRequestEnd = false;
    body = new BodyReader(request.framing());
    Exchange begun = exchanges.of(this, request);
    exchange = begun;
    begun.start();
  }

  // What was read is a request, or a preface without its last bytes, which wait in `in`.
  private void becomeHttp2(Http2Beginning beginning, ByteBuf in) {
    replaced = true;
    loop.remove(this);
    beginning.replace(channel(), this, exchanges, address, secure, in);
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
      now.requestEnded(reader.trailers());
    } else {
      return piece != null;
    }
    return true;
  }

  // A head that is none: answered outside of any exchange, and nothing after it is trusted.
  private void refuse(int status, String reason) {
    loop.events().malformed(status);
    RequestId id = loop.requestIds().next(loop.time().epochMillis());
    answer.last(HeadWriter.lastReply(channel().alloc(), LocalReplies.refused(status, reason), id));
    end();
  }

  private void end() {
    phase = Phase.LAST_WRITE;
    sinceNanos = loop.time().nanos();
    answer.end(ended -> {
      if (ended) {
        phase = Phase.LINGER;
        sinceNanos = loop.time().nanos();
      } else {
        channel().close();
      }
    });
    process();
  }

  private void throwAway() {
    thrownAway += unread.release();
    if (thrownAway > LINGER_BYTES_MAX) {
      channel().close();
    }
  }

  private Channel channel() {
    return Objects.requireNonNull(channel, "connection: not opened");
  }
}
