package dev.loopgate.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A redirected connection until it is known what it speaks; then a [CallerConnection] takes its
/// place, or its bytes pass ([PassedBytes]). Confined to its event loop.
///
/// Whoever says nothing at first may be waiting for the server to speak: after [#WAIT] the server
/// is connected, and who speaks first decides. A caller that speaks HTTP late is still heard as
/// one. So is that of a server who greets with HTTP/2's settings: it waits for its caller, whatever
/// it says first. Holds at most a line of the size of a head, or a handshake's first record.
final class InterceptedConnection extends ChannelInboundHandlerAdapter implements CallerLink {
  /// What a server that speaks first comes later than without us.
  static final Duration WAIT = Duration.ofMillis(100);

  private final ProxyLoop loop;
  private final Interception interception;
  private final FirstBytes firstBytes;
  private final Unread unread = new Unread();
  private @Nullable ChannelHandlerContext context;
  private @Nullable InetSocketAddress destination;
  private @Nullable Spoken spoken; // known, while the server is being connected
  private @Nullable Channel server;
  private boolean connecting;
  private boolean serverWaits; // for its caller, as is known
  private boolean callerEnded; // its side is shut
  private boolean opened;
  private boolean over; // somebody else has the connection, or it is closed
  private long sinceNanos; // it is there, or of its first byte

  InterceptedConnection(ProxyLoop loop, Interception interception) {
    this.loop = loop;
    this.interception = interception;
    this.firstBytes = new FirstBytes(loop.config().headBytesMax());
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
    if (over) {
      return; // the loop is draining
    }
    ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    InetSocketAddress asked = interception.destinationOf(ctx.channel());
    destination = asked;
    if (asked == null) {
      refuse(InterceptionFault.STRAIGHT);
    } else if (!interception.hasModelAt(asked)) {
      pass(Spoken.NO_MODEL);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    if (over) {
      in.release();
      return;
    }
    if (unread.isEmpty()) {
      sinceNanos = loop.time().nanos(); // of the first byte
    }
    unread.add(ctx.alloc(), in);
    ByteBuf all = unread.bytes();
    if (spoken != null || all == null) {
      return; // it is connected already: what came on the way goes with the rest
    }
    switch (firstBytes.of(all)) {
      case MORE -> {}
      case HTTP -> becomeHttp(ctx);
      case TLS -> {
        String name = ServerName.in(all);
        if (name != null) {
          interception.events().tlsBegan(name);
          pass(Spoken.TLS);
        }
      }
      case OTHER -> pass(Spoken.OTHER);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof ChannelInputShutdownEvent) || over) {
      return;
    }
    callerEnded = true;
    if (spoken == null) {
      if (unread.isEmpty() && server == null) {
        interception.events().intercepted(Spoken.NOTHING);
        end();
      } else {
        pass(Spoken.OTHER); // a word that nothing follows
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof IOException)) {
      loop.events().failed(cause);
    }
    end();
  }

  @Override
  public void tick(long nowNanos) {
    long quietNanos = nowNanos - sinceNanos;
    if (over || spoken != null) {
      return; // connecting has a deadline of its own
    }
    if (quietNanos >= interception.idle().toNanos()) {
      refuse(InterceptionFault.IDLE);
    } else if (!unread.isEmpty() && quietNanos >= loop.config().caller().head().toNanos()) {
      if (firstBytes.isLikeHttp()) {
        becomeHttp(context()); // which tells it what a slow head is told
      } else {
        pass(Spoken.OTHER);
      }
    } else if (quietNanos >= WAIT.toNanos() && !connecting && !serverWaits) {
      connect();
    }
  }

  @Override
  public void drain() {
    if (spoken == null) {
      end();
    }
  }

  @Override
  public void stop() {
    reset();
  }

  @Override
  public void close() {
    reset();
  }

  private void becomeHttp(ChannelHandlerContext ctx) {
    if (isOwn()) {
      refuse(InterceptionFault.LOOP);
      return;
    }
    over = true;
    loop.remove(this);
    closeServer();
    interception.events().intercepted(Spoken.HTTP);
    // From here on a caller who shuts its side has left, as at any door.
    ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
    ctx.pipeline()
        .addLast("caller", new CallerConnection(interception.exchangesAt(destination(), loop)));
    ByteBuf bytes = unread.take();
    if (bytes != null) {
      ctx.fireChannelRead(bytes);
      ctx.fireChannelReadComplete(); // this may be no read's turn
    }
    ctx.pipeline().remove(this);
  }

  /// Its bytes pass from here on: at once if the server is connected, else as soon as it is.
  private void pass(Spoken what) {
    spoken = what;
    interception.events().intercepted(what);
    context().channel().config().setAutoRead(false); // until they have somewhere to go
    Channel there = server;
    if (there != null) {
      begin(what, there);
    } else if (!connecting) {
      connect();
    }
  }

  private void connect() {
    if (isOwn()) {
      refuse(InterceptionFault.LOOP);
      return;
    }
    connecting = true;
    ChannelFuture made =
        interception
            .own()
            .connect(
                loop.eventLoop(), destination(), new Server(), loop.config().model().connect());
    made.addListener(done -> connected(made.channel(), done.isSuccess()));
  }

  private void connected(Channel there, boolean success) {
    if (over) {
      there.close();
    } else if (!success) {
      refuse(InterceptionFault.UNREACHABLE);
    } else {
      there.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
      server = there;
      Spoken what = spoken;
      if (what != null) {
        begin(what, there);
      }
    }
  }

  private void begin(Spoken what, Channel there) {
    over = true;
    loop.remove(this);
    server = null;
    PassedBytes.begin(loop, interception, what, context(), there, unread.take(), callerEnded);
  }

  private void refuse(InterceptionFault fault) {
    if (!over) {
      interception.events().refused(fault);
      reset();
    }
  }

  private void reset() {
    if (!over) {
      PassedBytes.resetOnClose(context().channel());
      end();
    }
  }

  private void end() {
    if (!over) {
      over = true;
      loop.remove(this);
      unread.release();
      closeServer();
      context().close();
    }
  }

  private void closeServer() {
    Channel there = server;
    server = null;
    if (there != null) {
      there.close();
    }
  }

  // What it said it will say again to whoever is connected to it next, for a caller.
  private void dropServer() {
    serverWaits = true;
    connecting = false;
    closeServer();
  }

  private boolean isOwn() {
    return interception.own().has(context().channel().remoteAddress(), destination());
  }

  private ChannelHandlerContext context() {
    return Objects.requireNonNull(context, "intercepted: not added");
  }

  private InetSocketAddress destination() {
    return Objects.requireNonNull(destination, "intercepted: no destination");
  }

  /// The server's side, until it is known what is spoken.
  private final class Server extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf said = (ByteBuf) message;
      if (!isServer(ctx)) {
        said.release();
      } else if (Http2Beginning.isServers(said)) {
        said.release();
        dropServer();
      } else {
        pass(Spoken.OTHER); // it speaks first
        ctx.pipeline().fireChannelRead(said); // to who has taken our place
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof ChannelInputShutdownEvent && isServer(ctx)) {
        end(); // as the caller would have seen it
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (isServer(ctx)) {
        end();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }

    // It may have been dropped, or another has taken its place.
    private boolean isServer(ChannelHandlerContext ctx) {
      return ctx.channel().equals(server);
    }
  }
}
