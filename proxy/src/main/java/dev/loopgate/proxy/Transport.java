package dev.loopgate.proxy;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;

/// The kernel's side. Any thread.
public enum Transport {
  EPOLL("epoll") {
    @Override
    public boolean isAvailable() {
      return Epoll.isAvailable();
    }

    @Override
    public boolean seesDestinations() {
      return true;
    }

    @Override
    IoHandlerFactory handlers() {
      return SteadyEpoll.newFactory();
    }

    @Override
    Class<? extends ServerChannel> serverChannel() {
      return EpollServerSocketChannel.class;
    }

    @Override
    SocketChannel newChannel() {
      return new EpollSocketChannel();
    }
  },
  /// Fewer system calls; not everywhere allowed, in containers above all.
  IO_URING("io_uring") {
    @Override
    public boolean isAvailable() {
      return IoUring.isAvailable();
    }

    @Override
    IoHandlerFactory handlers() {
      return IoUringIoHandler.newFactory();
    }

    @Override
    Class<? extends ServerChannel> serverChannel() {
      return IoUringServerSocketChannel.class;
    }

    @Override
    SocketChannel newChannel() {
      return new IoUringSocketChannel();
    }
  },
  NIO("nio") {
    @Override
    public boolean isAvailable() {
      return true;
    }

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

  private final String word;

  Transport(String word) {
    this.word = word;
  }

  /// What serves if nothing else is asked for: epoll where it loads, else NIO.
  public static Transport best() {
    return EPOLL.isAvailable() ? EPOLL : NIO;
  }

  /// As configuration and log say it.
  public String word() {
    return word;
  }

  /// Whether it loads here.
  public abstract boolean isAvailable();

  /// Whether it can say where a redirected connection was going.
  public boolean seesDestinations() {
    return false;
  }

  abstract IoHandlerFactory handlers();

  abstract Class<? extends ServerChannel> serverChannel();

  abstract SocketChannel newChannel();

  /// Reads one byte at once; 0 when there is none, below 0 at the end.
  int readOne(Channel channel, ByteBuffer one) throws IOException {
    return ((UnixChannel) channel).fd().read(one, 0, 1);
  }

  /// Connections to models over this transport.
  ModelConnector connector() {
    return new ModelConnector() {
      @Override
      public ChannelFuture connect(
          EventLoop loop, InetSocketAddress address, ChannelHandler handler, Duration within) {
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
                    channel.pipeline().addLast("model", handler);
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
