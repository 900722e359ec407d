package dev.loopgate.proxy;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.ReplicaState;
import dev.loopgate.fleet.Upstream;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Makes one connection to a replica: its host's addresses one after the other, then TLS, then
/// HTTP/2's settings, as the model asks for it. Confined to its event loop.
///
/// Each address has an equal part of the time that is left, so that one that is silent does not
/// take it all.
final class ModelOpening {
  /// Who wanted it. Told once how it went.
  interface Owner {
    /// Nobody wants it any more.
    boolean isGone();

    void opened(ModelConnection connection);

    void opened(Http2ModelConnection connection);

    /// @param missed at least one try was made, and none came through
    void failed(boolean missed);
  }

  /// Addresses of a host that are tried, at most.
  static final int ADDRESSES_MAX = 8;

  private final ProxyLoop loop;
  private final ModelPool.Means means;
  private final Deployment deployment;
  private final ReplicaState replica;
  private final Upstream upstream;
  private final long untilNanos;
  private final Owner owner;
  private List<InetAddress> addresses = List.of();
  private @Nullable SslContext tls;
  private boolean missed;

  /// @param untilNanos when it has to be done, by the loop's time
  ModelOpening(
      ProxyLoop loop,
      ModelPool.Means means,
      Deployment deployment,
      ReplicaState replica,
      long untilNanos,
      Owner owner) {
    this.loop = loop;
    this.means = means;
    this.deployment = deployment;
    this.replica = replica;
    this.upstream = deployment.model().upstream();
    this.untilNanos = untilNanos;
    this.owner = owner;
  }

  void start() {
    if (!upstream.isSecure()) {
      resolve();
      return;
    }
    means
        .tls()
        .find(
            upstream.trust(),
            protocolsOf(upstream.protocol()),
            loop.eventLoop(),
            loop.time().nanos(),
            found -> {
              if (found == null) {
                owner.failed(false); // which is not the replica's doing
              } else {
                tls = found;
                resolve();
              }
            });
  }

  private static List<String> protocolsOf(Protocol protocol) {
    return switch (protocol) {
      case HTTP1 -> List.of(ApplicationProtocolNames.HTTP_1_1);
      case H2 -> List.of(ApplicationProtocolNames.HTTP_2);
      case AUTO, H2C -> List.of(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1);
    };
  }

  private void resolve() {
    means
        .resolver()
        .resolve(
            replica.replica(),
            loop.eventLoop(),
            found -> {
              addresses = found.subList(0, Math.min(found.size(), ADDRESSES_MAX));
              missed = found.isEmpty();
              next();
            });
  }

  private void next() {
    long leftNanos = untilNanos - loop.time().nanos();
    if (addresses.isEmpty() || leftNanos <= 0 || owner.isGone()) {
      owner.failed(missed);
      return;
    }
    InetSocketAddress address =
        new InetSocketAddress(addresses.getFirst(), replica.replica().port());
    Duration within = Duration.ofNanos(leftNanos / addresses.size());
    addresses = addresses.subList(1, addresses.size());
    if (upstream.isSecure() || upstream.isHttp2()) {
      new Attempt(within).start(address);
    } else {
      plain(address, within);
    }
  }

  private void plain(InetSocketAddress address, Duration within) {
    ModelConnection connection = new ModelConnection(loop, deployment, replica);
    ChannelFuture connecting =
        means.connector().connect(loop.eventLoop(), address, connection, within);
    connecting.addListener(done -> {
      if (done.isSuccess()) {
        opened(connection, connecting.channel());
      } else {
        missed = true;
        next();
      }
    });
  }

  private void opened(ModelConnection connection, Channel channel) {
    loop.events().modelConnected(deployment.model().id());
    connection.opened(channel);
    owner.opened(connection);
  }

  /// One address, for what takes more than a connection: over when the connection can be used, or
  /// is closed, or time is up.
  private final class Attempt implements Http2ModelConnection.Listener {
    private final Duration within;
    private @Nullable Channel channel;
    private @Nullable Future<?> deadline;
    private boolean over;
    private boolean used; // its connection is the owner's

    Attempt(Duration within) {
      this.within = within;
    }

    void start(InetSocketAddress address) {
      ChannelHandler first =
          upstream.isSecure()
              ? new Secured()
              : Http2ModelConnection.of(loop, deployment, replica, this);
      ChannelFuture connecting =
          means.connector().connect(loop.eventLoop(), address, first, within);
      channel = connecting.channel();
      connecting.addListener(done -> {
        if (!done.isSuccess()) {
          fail();
        } else {
          deadline = loop.eventLoop().schedule(this::fail, within.toNanos(), TimeUnit.NANOSECONDS);
        }
      });
      connecting.channel().closeFuture().addListener(_ -> fail());
    }

    private void fail() {
      if (over) {
        return;
      }
      end();
      Channel failed = channel;
      if (failed != null) {
        failed.close();
      }
      missed = true;
      next();
    }

    private void end() {
      over = true;
      Future<?> waiting = deadline;
      if (waiting != null) {
        waiting.cancel(false);
      }
    }

    @Override
    public void opened(Http2ModelConnection connection) {
      if (over) {
        connection.closeNow();
        return;
      }
      end();
      used = true;
      loop.events().modelConnected(deployment.model().id());
      owner.opened(connection);
    }

    @Override
    public void streamEnded(Http2ModelConnection connection) {
      loop.models().streamEnded(connection);
    }

    @Override
    public void closed(Http2ModelConnection connection) {
      if (used) {
        loop.models().closed(connection);
      } else {
        fail();
      }
    }

    /// Shakes hands, and speaks then what was agreed on.
    private final class Secured extends ChannelInitializer<Channel> {
      @Override
      protected void initChannel(Channel fresh) {
        SslContext context = tls;
        if (context == null) {
          throw new IllegalStateException("model tls: no context");
        }
        String named = upstream.trust().serverName();
        String host = replica.replica().host();
        SslHandler handler =
            context.newHandler(
                fresh.alloc(), named == null ? plain(host) : named, replica.replica().port());
        handler.setHandshakeTimeoutMillis(Math.max(1, within.toMillis()));
        fresh.pipeline().addLast("tls", handler);
        fresh.pipeline().addLast("alpn", new Negotiated());
      }

      private String plain(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      }
    }

    private final class Negotiated extends ApplicationProtocolNegotiationHandler {
      Negotiated() {
        super(ApplicationProtocolNames.HTTP_1_1);
      }

      @Override
      protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
        boolean wantsHttp2 = upstream.protocol() == Protocol.H2;
        if (over) {
          ctx.close();
        } else if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
          ctx.pipeline()
              .addLast("http2", Http2ModelConnection.of(loop, deployment, replica, Attempt.this));
        } else if (wantsHttp2) {
          ctx.close(); // it agreed on nothing of the kind
        } else {
          end();
          ModelConnection connection = new ModelConnection(loop, deployment, replica);
          ctx.pipeline().addLast("model", connection);
          ModelOpening.this.opened(connection, ctx.channel());
        }
      }

      @Override
      protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close(); // which ends the attempt
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
      }
    }
  }
}
