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
  // One end alone may be another connection's, too, of another process to another place.
  private record Ends(SocketAddress local, SocketAddress remote) {}

  private final ModelConnector connector;
  private final Set<Ends> made = ConcurrentHashMap.newKeySet();
  private volatile boolean known;

  OwnConnections(ModelConnector connector) {
    this.connector = connector;
  }

  /// From now on those that are made are known.
  void know() {
    known = true;
  }

  /// Whether this process made the connection from `local` to `remote`. Sure once a byte of it was
  /// read: none is sent before it is known here.
  boolean has(SocketAddress local, SocketAddress remote) {
    return made.contains(new Ends(local, remote));
  }

  @Override
  public ChannelFuture connect(
      EventLoop loop, InetSocketAddress address, ChannelHandler handler, Duration within) {
    ChannelFuture connecting = connector.connect(loop, address, handler, within);
    if (known) {
      connecting.addListener(done -> {
        Channel channel = connecting.channel();
        SocketAddress local = channel.localAddress();
        SocketAddress remote = channel.remoteAddress();
        if (done.isSuccess() && local != null && remote != null) {
          Ends ends = new Ends(local, remote);
          made.add(ends);
          channel.closeFuture().addListener(_ -> made.remove(ends));
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
