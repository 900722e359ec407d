package dev.loopgate.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;

/// Makes connections to models. The place where TLS towards a model comes in.
interface ModelConnector {
  /// Connects on `loop`, or fails within `within`; `connection` becomes the channel's handler.
  ChannelFuture connect(
      EventLoop loop, InetSocketAddress address, ModelConnection connection, Duration within);

  /// Whether an idle connection has nothing to read, neither bytes nor its end, at this very
  /// moment.
  ///
  /// @param one a direct buffer of one byte for that look
  boolean isQuiet(Channel channel, ByteBuffer one);
}
