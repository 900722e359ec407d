package dev.loopgate.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A connection whose bytes pass both ways, unread: with back-pressure, each side shut for itself,
/// reset where it was reset. Confined to the event loop of both channels.
///
/// Ends when both sides are shut, or one is reset, or nothing passed for too long.
final class PassedBytes implements CallerLink {
  private final ProxyLoop loop;
  private final Interception interception;
  private final Spoken spoken;
  private final Side caller;
  private final Side server;
  private boolean over;
  private long progressNanos;

  private PassedBytes(
      ProxyLoop loop, Interception interception, Spoken spoken, Channel caller, Channel server) {
    this.loop = loop;
    this.interception = interception;
    this.spoken = spoken;
    this.caller = new Side(caller, true);
    this.server = new Side(server, false);
    this.progressNanos = loop.time().nanos();
  }

  /// Takes the place of the only handler on either side.
  ///
  /// @param caller whose channel is not read at the moment
  /// @param first what the caller said so far; taken
  /// @param callerEnded it has shut its side already
  static void begin(
      ProxyLoop loop,
      Interception interception,
      Spoken spoken,
      ChannelHandlerContext caller,
      Channel server,
      @Nullable ByteBuf first,
      boolean callerEnded) {
    PassedBytes passed = new PassedBytes(loop, interception, spoken, caller.channel(), server);
    loop.add(passed);
    interception.events().passingBegan();
    caller.pipeline().replace(caller.handler(), "bytes", passed.caller);
    server.pipeline().replace("model", "bytes", passed.server);
    if (first != null) {
      passed.caller.take(first);
      server.flush();
    }
    if (callerEnded) {
      passed.caller.shut();
    }
    passed.caller.updateReading();
  }

  /// Its other end will see a reset, as it would have without us. Nothing happens to one that is
  /// closed.
  static void resetOnClose(Channel channel) {
    if (channel.isOpen()) { // else its descriptor may be another connection's by now
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
  }

  @Override
  public void tick(long nowNanos) {
    if (!over && nowNanos - progressNanos >= interception.idle().toNanos()) {
      interception.events().refused(InterceptionFault.IDLE);
      reset();
    }
  }

  @Override
  public void drain() {} // goes on until it ends by itself, or is stopped

  @Override
  public void stop() {
    reset();
  }

  @Override
  public void close() {
    reset();
  }

  private void reset() {
    if (over) {
      return;
    }
    resetOnClose(caller.channel);
    resetOnClose(server.channel);
    end();
  }

  private void end() {
    if (!over) {
      over = true;
      loop.remove(this);
      interception.events().passingEnded();
      caller.channel.close();
      server.channel.close();
    }
  }

  // A channel that is gone takes nothing more: its other side needs not be waited for.
  private void endIfAllIsPassedOn() {
    boolean callerDone = caller.passedOn || !server.channel.isActive();
    boolean serverDone = server.passedOn || !caller.channel.isActive();
    if (callerDone && serverDone) {
      end();
    }
  }

  /// One of both channels: what is read from it goes to the other.
  private final class Side extends ChannelInboundHandlerAdapter {
    private final Channel channel;
    private final boolean isCaller;
    private boolean shut; // nothing more will be read
    private boolean passedOn; // and the other's end knows

    Side(Channel channel, boolean isCaller) {
      this.channel = channel;
      this.isCaller = isCaller;
    }

    private Side other() {
      return isCaller ? server : caller;
    }

    void take(ByteBuf bytes) {
      progressNanos = loop.time().nanos();
      if (!other().channel.isActive()) {
        bytes.release();
        reset(); // as who is gone would have answered it
        return;
      }
      interception.events().bytesPassed(spoken, isCaller, bytes.readableBytes());
      other().channel.write(bytes);
      updateReading();
    }

    void updateReading() {
      if (over) {
        return;
      }
      boolean reading = other().channel.isWritable();
      if (channel.config().isAutoRead() != reading) {
        channel.config().setAutoRead(reading);
      }
    }

    // Nothing comes from here any more; the other end is told after all that came before.
    void shut() {
      if (shut || over) {
        return;
      }
      shut = true;
      Channel to = other().channel;
      to.writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(_ ->
              ((DuplexChannel) to)
                  .shutdownOutput()
                  .addListener(
                      (ChannelFutureListener)
                          _ -> {
                            passedOn = true;
                            endIfAllIsPassedOn();
                          }));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      if (over) {
        bytes.release();
      } else {
        take(bytes);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      other().channel.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      progressNanos = loop.time().nanos();
      other().updateReading();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof ChannelInputShutdownEvent) {
        shut();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (shut) {
        endIfAllIsPassedOn(); // what came before may still be on its way to the other
      } else {
        reset();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!(cause instanceof IOException)) {
        loop.events().failed(cause);
      }
      reset();
    }
  }
}
