package dev.loopgate.proxy;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;

/// The kernel's side: epoll, and NIO where that does not load. Any thread.
enum Transport {
  EPOLL {
    @Override
    IoHandlerFactory handlers() {
      return EpollIoHandler.newFactory();
    }

    @Override
    Class<? extends ServerChannel> serverChannel() {
      return EpollServerSocketChannel.class;
    }

    @Override
    SocketChannel newChannel() {
      return new EpollSocketChannel();
    }

    @Override
    int readOne(Channel channel, ByteBuffer one) throws IOException {
      return ((EpollSocketChannel) channel).fd().read(one, 0, 1);
    }
  },
  NIO {
    @Override
    IoHandlerFactory handlers() {
      return NioIoHandler.newFactory();
    }

    @Override
    Class<? extends ServerChannel> serverChannel() {
      return NioServerSocketChannel.class;
    }

    @Override
    SocketChannel newChannel() {
      return new OpenNioChannel();
    }

    @Override
    int readOne(Channel channel, ByteBuffer one) throws IOException {
      return ((OpenNioChannel) channel).readOne(one);
    }
  };

  /// Shows the JDK's channel, so that it can be read outside of the event loop's turn.
  private static final class OpenNioChannel extends NioSocketChannel {
    int readOne(ByteBuffer one) throws IOException {
      return javaChannel().read(one);
    }
  }

  /// The best that loads here.
  static Transport best() {
    return Epoll.isAvailable() ? EPOLL : NIO;
  }

  abstract IoHandlerFactory handlers();

  abstract Class<? extends ServerChannel> serverChannel();

  abstract SocketChannel newChannel();

  /// Reads one byte at once; 0 when there is none, below 0 at the end.
  abstract int readOne(Channel channel, ByteBuffer one) throws IOException;

  /// Connections to models over this transport.
  ModelConnector connector() {
    return new ModelConnector() {
      @Override
      public ChannelFuture connect(
          EventLoop loop, InetSocketAddress address, ModelConnection connection, Duration within) {
        return new Bootstrap()
            .group(loop)
            .channelFactory(Transport.this::newChannel)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                Math.toIntExact(within.toMillis()) + 1) // 0 would be without end
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    ProxyPipeline.settings(channel);
                    channel.pipeline().addLast("model", connection);
                  }
                })
            .connect(address);
      }

      @Override
      public boolean isQuiet(Channel channel, ByteBuffer one) {
        try {
          return readOne(channel, one.clear()) == 0;
        } catch (IOException _) {
          return false; // reset: not to be used any more, which is all that was asked
        }
      }
    };
  }
}
