package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.ReplicaState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A connection to a model server in HTTP/1.1: idle in the pool, or answering one exchange.
/// Confined to its event loop.
///
/// What is no HTTP answer, or comes when none is due, closes it.
final class ModelConnection extends ChannelInboundHandlerAdapter implements ModelCall {
  /// Heads before the answer (1xx), at most.
  private static final int INTERIM_MAX = 32;

  private final ProxyLoop loop;
  private final Deployment deployment;
  private final ReplicaState replica;
  private final HeadReader heads;
  private final Outgoing outgoing = new Outgoing();
  private @Nullable Channel channel;
  private @Nullable Listener listener;
  private String method = "";
  private boolean switches; // the request asks for another protocol
  private boolean chunked; // so the request's body goes out
  private @Nullable ModelAnswer answer; // from its head to its last byte
  private @Nullable BodyReader body;
  private final Unread pending = new Unread();
  private int interims;
  private boolean broken;
  private boolean resetByModel;
  private boolean reported;
  private long expiresNanos;
  private long keepNanos;

  ModelConnection(ProxyLoop loop, Deployment deployment, ReplicaState replica) {
    this.loop = loop;
    this.deployment = deployment;
    this.replica = replica;
    this.heads = loop.newHeadReader();
  }

  Deployment deployment() {
    return deployment;
  }

  @Override
  public ReplicaState replica() {
    return replica;
  }

  Channel channel() {
    return Objects.requireNonNull(channel, "connection: not opened");
  }

  void opened(Channel opened) {
    channel = opened;
    reported = true;
    keepNanos = loop.config().model().keep().toNanos();
  }

  /// Whether another request can be written.
  boolean isUsable() {
    return !broken && pending.isEmpty() && listener == null && channel().isActive();
  }

  boolean isExpired(long nowNanos) {
    return nowNanos - expiresNanos >= 0;
  }

  @Override
  public void begin(Listener to, CallerRequest request, String path, List<Header> headers) {
    listener = to;
    method = request.method();
    switches = request.upgrade() != null && RawHead.first(headers, "upgrade") != null;
    chunked = request.framing().kind() == BodyFraming.Kind.CHUNKED;
    interims = 0;
    outgoing.head(
        channel(),
        HeadWriter.request(
            loop.buffers(),
            method,
            path,
            deployment.hostAt(replica.replica(), request.host()),
            headers));
  }

  /// Into the pool, if it can be used again.
  @Override
  public void letGo(boolean requestWhole) {
    listener = null;
    if (!requestWhole) {
      close(); // there is no telling where the next request would begin
      return;
    }
    expiresNanos = loop.time().nanos() + keepNanos;
    channel().config().setAutoRead(true);
    loop.models().giveBack(this);
  }

  @Override
  public void piece(ByteBuf piece) {
    if (chunked) {
      outgoing.chunk(channel(), piece);
    } else {
      outgoing.piece(channel(), piece);
    }
  }

  @Override
  public void end(List<Header> trailers) {
    if (chunked) {
      outgoing.piece(channel(), HeadWriter.lastChunk(loop.buffers(), trailers));
    }
  }

  @Override
  public void flush() {
    outgoing.pass(channel());
    channel().flush();
  }

  @Override
  public boolean isWritable() {
    return channel().isWritable();
  }

  @Override
  public void setReading(boolean reading) {
    channel().config().setAutoRead(reading);
  }

  @Override
  public void close() {
    listener = null;
    broken = true;
    channel().close();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    pending.add(ctx.alloc(), (ByteBuf) message);
    ByteBuf all = pending.bytes();
    while (!broken && all != null && all.isReadable() && step(all)) {
      // One head or piece after the other.
    }
    if (broken) {
      pending.release();
    } else {
      pending.releaseIfRead();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    Listener to = listener;
    if (to != null) {
      to.modelReadComplete();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    Listener to = listener;
    if (to != null) {
      to.modelWritabilityChanged();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    pending.release();
    outgoing.release();
    BodyReader open = body;
    Listener to = listener;
    if (to != null && open != null && open.endsWithConnection() && !resetByModel) {
      broken = true;
      ended();
      to.answerPiece(Unpooled.EMPTY_BUFFER, true);
      to.modelReadComplete();
    } else if (to != null) {
      fail();
    }
    if (reported) {
      reported = false;
      loop.models().closed(this);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    resetByModel = true; // a reset is no end of a body, though the channel's end follows
    if (!(cause instanceof IOException)) {
      loop.events().failed(cause);
    }
    ctx.close();
  }

  private boolean step(ByteBuf in) {
    Listener to = listener;
    if (to == null) {
      close(); // bytes that nobody asked for
      return false;
    }
    return body == null ? readHead(in, to) : readBody(in, to, body);
  }

  private boolean readHead(ByteBuf in, Listener to) {
    Parsed<ModelAnswer> parsed =
        heads.readResponse(in).then(head -> ModelAnswer.of(head, method, switches));
    if (parsed instanceof Parsed.More) {
      return false;
    }
    if (!(parsed instanceof Parsed.Got<ModelAnswer>(ModelAnswer got))
        || (got.isInterim() && ++interims > INTERIM_MAX)) {
      fail();
      return false;
    }
    if (!got.isInterim()) {
      answer = got;
      body = new BodyReader(got.framing());
      noteKeepAlive(got);
    }
    to.answerStarted(got);
    BodyReader reader = body;
    if (reader != null && reader.isDone() && listener != null) {
      ended();
      to.answerPiece(Unpooled.EMPTY_BUFFER, true);
    }
    return true;
  }

  private boolean readBody(ByteBuf in, Listener to, BodyReader reader) {
    ByteBuf piece = reader.next(in);
    if (reader.isMalformed()) {
      if (piece != null) {
        piece.release();
      }
      fail();
      return false;
    }
    boolean last = reader.isDone();
    boolean trailed = last && !reader.trailers().isEmpty();
    if (last) {
      ended();
    }
    if (piece != null || (last && !trailed)) {
      to.answerPiece(piece == null ? Unpooled.EMPTY_BUFFER : piece, last && !trailed);
    }
    if (trailed && listener != null) {
      to.answerEnded(reader.trailers());
    }
    return piece != null || last;
  }

  private void ended() {
    ModelAnswer over = answer;
    broken |= over == null || !over.persistent();
    answer = null;
    body = null;
  }

  private void noteKeepAlive(ModelAnswer got) {
    long most = loop.config().model().keep().toNanos();
    // Half a second before the model lets go by its own word.
    keepNanos =
        got.keepSeconds() < 0
            ? most
            : Math.clamp(got.keepSeconds() * 1_000_000_000L - 500_000_000L, 0, most);
  }

  private void fail() {
    Listener to = listener;
    broken = true;
    listener = null;
    if (to != null) {
      to.modelBroke();
    }
    channel().close();
  }
}
