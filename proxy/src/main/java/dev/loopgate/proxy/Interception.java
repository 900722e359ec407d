package dev.loopgate.proxy;

import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The door for connections that the kernel redirects, whoever they were for. Any thread; each
/// channel is built on its own event loop.
///
/// Their callers know nothing of it: paths, hosts and protocol stay theirs, and whatever is no HTTP
/// passes as bytes.
final class Interception extends ChannelInitializer<Channel> {
  /// Says where connections were going. Called on their event loops.
  interface Destinations {
    /// Null when it was not redirected, or came to the port itself.
    @Nullable InetSocketAddress of(Channel channel);
  }

  private final Threshold threshold;
  private final Fleet fleet;
  private final OwnConnections own;
  private final Destinations destinations;
  private final Duration idle;
  private final InterceptionEvents events;

  /// @param own the connector of all loops
  /// @param idle how long a connection may be silent whose bytes pass
  Interception(
      Threshold threshold,
      Fleet fleet,
      OwnConnections own,
      Destinations destinations,
      Duration idle,
      InterceptionEvents events) {
    this.threshold = threshold;
    this.fleet = fleet;
    this.own = own;
    this.destinations = destinations;
    this.idle = idle;
    this.events = events;
  }

  @Override
  protected void initChannel(Channel channel) {
    ProxyLoop loop = threshold.enter(channel);
    if (loop != null) {
      channel.pipeline().addLast("first-bytes", new InterceptedConnection(loop, this));
    }
  }

  OwnConnections own() {
    return own;
  }

  Duration idle() {
    return idle;
  }

  InterceptionEvents events() {
    return events;
  }

  boolean hasModelAt(InetSocketAddress destination) {
    return fleet.isAtPort(destination.getPort());
  }

  /// Where a connection was going; null when it was not redirected.
  @Nullable InetSocketAddress destinationOf(Channel channel) {
    return destinations.of(channel);
  }

  /// What answers the requests of a connection that was going there.
  Exchanges exchangesAt(InetSocketAddress destination, ProxyLoop loop) {
    Replica place = placeOf(destination);
    Routing routing =
        request ->
            fleet
                .matchPort(place, request.http2() ? Protocol.H2C : Protocol.HTTP1, request.path())
                .<Router.Route>map(Router.Route.ToModel::new)
                .orElseGet(Router.Route.UnknownModel::new);
    // Who asks for HTTP/2 in HTTP/1.1 may be at a server that speaks none: it stays with HTTP/1.1.
    return new Exchanges(loop, routing, threshold.slots(), false);
  }

  private static Replica placeOf(InetSocketAddress destination) {
    String host = destination.getAddress().getHostAddress();
    int scope = host.indexOf('%');
    String plain = scope < 0 ? host : host.substring(0, scope);
    boolean six = destination.getAddress() instanceof Inet6Address;
    return new Replica(
        URI.create("http://" + (six ? "[" + plain + "]" : plain) + ":" + destination.getPort()));
  }
}
