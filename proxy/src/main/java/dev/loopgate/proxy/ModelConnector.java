package dev.loopgate.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;

/// Makes connections to models: as far as the kernel is asked.
interface ModelConnector {
  /// Connects on `loop`, or fails within `within`; `handler` becomes the channel's.
  ChannelFuture connect(
      EventLoop loop, InetSocketAddress address, ChannelHandler handler, Duration within);

  /// Whether an idle connection has nothing to read, neither bytes nor its end, at this very
  /// moment.
  ///
  /// @param one a direct buffer of one byte for that look
  boolean isQuiet(Channel channel, ByteBuffer one);
}
