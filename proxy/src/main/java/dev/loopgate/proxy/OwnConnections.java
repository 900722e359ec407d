package dev.loopgate.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Makes connections, and knows those of this process again when they come in at its own door. Any
/// thread.
///
/// Bounded by the connections that are open.
final class OwnConnections implements ModelConnector {
  private final ModelConnector connector;
  private final Set<SocketAddress> ends = ConcurrentHashMap.newKeySet();
  private volatile boolean known;

  OwnConnections(ModelConnector connector) {
    this.connector = connector;
  }

  /// From now on those that are made are known.
  void know() {
    known = true;
  }

  /// Whether this process made the connection whose other end is at `remote`. Sure once a byte of
  /// it was read: none is sent before it is known here.
  boolean has(SocketAddress remote) {
    return ends.contains(remote);
  }

  @Override
  public ChannelFuture connect(
      EventLoop loop, InetSocketAddress address, ChannelHandler handler, Duration within) {
    ChannelFuture connecting = connector.connect(loop, address, handler, within);
    if (known) {
      connecting.addListener(done -> {
        Channel channel = connecting.channel();
        SocketAddress end = channel.localAddress();
        if (done.isSuccess() && end != null) {
          ends.add(end);
          channel.closeFuture().addListener(_ -> ends.remove(end));
        }
      });
    }
    return connecting;
  }

  @Override
  public boolean isQuiet(Channel channel, ByteBuffer one) {
    return connector.isQuiet(channel, one);
  }
}
