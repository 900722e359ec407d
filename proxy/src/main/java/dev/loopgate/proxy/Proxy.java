package dev.loopgate.proxy;

import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.policy.Policy;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The door in the path: accepts callers, relays to models, keeps what passes. Any thread may call
/// this class; the work is done on its event loops, named `proxy-loop-N`, and connections are
/// accepted on `proxy-accept`.
public final class Proxy implements AutoCloseable {
  static {
    // Netty's own default follows one buffer in 128 with a stack trace, which costs 2 % of a loop.
    if (System.getProperty("io.netty.leakDetection.level") == null) {
      ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }
  }

  private static final Duration SWEEP_EVERY = Duration.ofMillis(50);
  private static final int BACKLOG = 1024;

  private final ProxyConfig config;
  private final ProxyEvents events;
  private final Transport transport;
  private final MultiThreadIoEventLoopGroup acceptor;
  private final MultiThreadIoEventLoopGroup group;
  private final Map<EventLoop, ProxyLoop> loops = new HashMap<>();
  private final CallerSlots slots;
  private final OwnConnections connector;
  private final List<Channel> doors = new ArrayList<>();
  private boolean accepting;
  private final Router router;
  private @Nullable Tls tls;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Proxy(ProxyConfig config, Router router, ProxyEvents events, Transport transport) {
    this.config = config;
    this.router = router;
    this.events = events;
    this.transport = transport;
    this.slots = new CallerSlots(config.connectionsMax());
    this.connector = new OwnConnections(transport.connector());
    this.acceptor =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("proxy-accept"), transport.handlers());
    this.group =
        new MultiThreadIoEventLoopGroup(
            config.loops(), new DefaultThreadFactory("proxy-loop"), transport.handlers());
  }

  /// Opens the door. What it answers itself stands in `services`, the first that serves a path is
  /// asked.
  ///
  /// @throws IOException when the address can't be listened on, or the certificate can't be used;
  ///   the message names it
  public static Proxy listen(
      ProxyConfig config,
      Fleet fleet,
      Redaction redaction,
      Lanes lanes,
      TimeSource time,
      ProxyEvents events,
      List<LocalService> services,
      Transport transport)
      throws IOException {
    return listen(config, fleet, redaction, lanes, time, events, services, transport, null);
  }

  /// The same for those alone whom `policy` lets pass; null for everybody.
  public static Proxy listen(
      ProxyConfig config,
      Fleet fleet,
      Redaction redaction,
      Lanes lanes,
      TimeSource time,
      ProxyEvents events,
      List<LocalService> services,
      Transport transport,
      @Nullable Policy policy)
      throws IOException {
    Proxy proxy = bind(config, fleet, redaction, lanes, time, events, services, transport, policy);
    proxy.accept();
    return proxy;
  }

  /// The same, but callers wait in front of the door until [#accept]: so none is told that a model
  /// is not there which is about to be.
  public static Proxy bind(
      ProxyConfig config,
      Fleet fleet,
      Redaction redaction,
      Lanes lanes,
      TimeSource time,
      ProxyEvents events,
      List<LocalService> services,
      Transport transport,
      @Nullable Policy policy)
      throws IOException {
    Proxy proxy = new Proxy(config, new Router(fleet, services), events, transport);
    try {
      proxy.openLoops(
          new ProxyLoop.Shared(
              config,
              redaction,
              time,
              events,
              new ModelSlots(config.modelConnectionsMax()),
              new Holds(time.nanos()),
              proxy.connector,
              ModelResolver.OF_SYSTEM,
              new ModelTls(events),
              new LocalBytes(config.localBytesMax()),
              policy,
              lanes::slotOf),
          lanes);
      TlsFiles files = config.tls();
      if (files != null) {
        proxy.tls = Tls.open(files, events);
      }
      proxy.open(
          config.address(),
          false,
          new ProxyPipeline(proxy.threshold(), proxy.router, config.edge(), proxy.tls));
      return proxy;
    } catch (IOException | RuntimeException e) {
      proxy.close();
      throw e;
    }
  }

  /// Reads what connections to a model over TLS are made with once, to see whether it can be used.
  ///
  /// @throws IOException when it can't be read or does not fit together; the message names the
  ///   files
  public static void check(ServerTrust trust) throws IOException {
    ModelTls.of(trust, List.of()).open();
  }

  /// Opens a further door that serves the same, as soon as the first does, over TLS if the first
  /// is; whoever comes there comes straight, with no proxy in front. Says where it is.
  ///
  /// @throws IOException when the address can't be listened on; the message names it
  public InetSocketAddress openDoor(InetSocketAddress address) throws IOException {
    return open(address, accepting, new ProxyPipeline(threshold(), router, Edge.DEFAULT, tls));
  }

  /// Lets in who waits in front of the doors, and whoever comes.
  public void accept() {
    accepting = true;
    doors.forEach(door -> door.config().setAutoRead(true));
  }

  /// Opens a further door for `services` only, on the same event loops, and says where it is.
  ///
  /// @throws IOException when the address can't be listened on; the message names it
  public InetSocketAddress openServiceDoor(InetSocketAddress address, List<LocalService> services)
      throws IOException {
    Router router = new Router(Fleet.of(List.of()), services);
    return open(address, true, new ProxyPipeline(threshold(), router, Edge.DEFAULT, null));
  }

  /// Opens a door for connections that the kernel redirects, on the same event loops: those for a
  /// port that a model of `fleet` is at are its exchanges, as far as they speak HTTP, and all
  /// others pass as bytes. Needs a [Transport] that [Transport#seesDestinations].
  ///
  /// @param idle how long a connection may be silent whose bytes pass
  /// @throws IOException when the address can't be listened on; the message names it
  public InetSocketAddress intercept(
      InetSocketAddress address, Fleet fleet, Duration idle, InterceptionEvents told)
      throws IOException {
    return intercept(address, fleet, idle, told, OriginalDestination::of);
  }

  /// The same, where somebody else than the kernel says where they were going.
  InetSocketAddress intercept(
      InetSocketAddress address,
      Fleet fleet,
      Duration idle,
      InterceptionEvents told,
      Interception.Destinations destinations)
      throws IOException {
    connector.know();
    return open(
        address, true, new Interception(threshold(), fleet, connector, destinations, idle, told));
  }

  /// Where the first door is, with its true port.
  public InetSocketAddress address() {
    return (InetSocketAddress) doors.getFirst().localAddress();
  }

  /// `epoll` or `nio`.
  public String transport() {
    return transport.word();
  }

  /// Who encrypts for callers over TLS: `boringssl`, or `jdk` where that has no library or does not
  /// know the certificate's key; empty without TLS.
  public String tlsEngine() {
    Tls secure = tls;
    return secure == null ? "" : secure.engine();
  }

  /// Whether callers come over TLS.
  public boolean isSecure() {
    return tls != null;
  }

  /// The most memory that this room can ever hold.
  public long bytesMax() {
    return config.bytesMax();
  }

  /// Serves on for `pause`, door open, and asks callers to come elsewhere: each answer has
  /// `connection: close`, over HTTP/2 there is a GOAWAY that excludes nothing. So whoever spreads
  /// the load can see that this gateway leaves before [#drain] closes the door. Blocks.
  public void leave(Duration pause) throws InterruptedException {
    each(ProxyLoop::leave);
    acceptor.awaitTermination(pause.toMillis(), TimeUnit.MILLISECONDS); // a pause
  }

  /// Accepts no more, lets end what goes on, each answer with `connection: close`. What is not over
  /// within the limit ends as `gateway_stopped`. Blocks until all connections are closed, at most
  /// the limit and some seconds.
  ///
  /// @return whether everything ended by itself
  public boolean drain(Duration limit) throws InterruptedException {
    for (Channel door : doors) {
      door.close().sync();
    }
    each(ProxyLoop::drain);
    boolean drained = awaitNoConnections(limit);
    if (!drained) {
      each(ProxyLoop::stop);
      awaitNoConnections(Duration.ofSeconds(3)); // callers see the end, and let go
    }
    return drained;
  }

  /// Closes what is still open, at once, and ends the threads. What goes on ends as
  /// `gateway_stopped`. Harmless when repeated.
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    for (Channel door : doors) {
      door.close().syncUninterruptibly();
    }
    try {
      each(ProxyLoop::stop);
      each(ProxyLoop::closeAll);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // the threads are ended all the same
    }
    Tls open = tls;
    if (open != null) {
      open.close();
    }
    acceptor.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    group.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
  }

  // What is thrown here would end all looks at deadlines for good.
  private void sweep(ProxyLoop loop) {
    try {
      loop.sweep();
    } catch (RuntimeException e) {
      events.failed(e);
    }
  }

  private void openLoops(ProxyLoop.Shared shared, Lanes lanes) {
    for (EventExecutor executor : group) {
      EventLoop eventLoop = (EventLoop) executor;
      ProxyLoop loop =
          eventLoop
              .submit(() -> new ProxyLoop(eventLoop, shared, lanes.openLane()))
              .syncUninterruptibly()
              .getNow();
      loops.put(eventLoop, loop);
      long every = SWEEP_EVERY.toMillis();
      eventLoop.scheduleWithFixedDelay(() -> sweep(loop), every, every, TimeUnit.MILLISECONDS);
    }
  }

  private Threshold threshold() {
    return new Threshold(loops, slots, events);
  }

  /// @param now whether callers are let in at once
  private InetSocketAddress open(
      InetSocketAddress address, boolean now, ChannelInitializer<Channel> pipeline)
      throws IOException {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(acceptor, group)
            .channel(transport.serverChannel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.AUTO_READ, now)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(pipeline)
            .bind(address)
            .awaitUninterruptibly();
    Throwable cause = bound.cause();
    if (cause != null) {
      throw new IOException(
          "listen: address="
              + address.getHostString()
              + ":"
              + address.getPort()
              + ", "
              + cause.getMessage(),
          cause);
    }
    doors.add(bound.channel());
    return (InetSocketAddress) bound.channel().localAddress();
  }

  private boolean awaitNoConnections(Duration limit) throws InterruptedException {
    long rounds = Math.max(1, limit.toMillis() / SWEEP_EVERY.toMillis());
    for (long round = 0; round < rounds && slots.taken() > 0; round++) {
      acceptor.awaitTermination(SWEEP_EVERY.toMillis(), TimeUnit.MILLISECONDS); // a pause
    }
    return slots.taken() == 0;
  }

  private void each(Consumer<ProxyLoop> action) throws InterruptedException {
    for (ProxyLoop loop : loops.values()) {
      try {
        loop.eventLoop().submit(() -> action.accept(loop)).get();
      } catch (ExecutionException e) {
        events.failed(e.getCause() == null ? e : e.getCause());
      }
    }
  }
}
