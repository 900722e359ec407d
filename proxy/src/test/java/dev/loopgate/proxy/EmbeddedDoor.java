package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Redaction;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.policy.Policy;
import dev.loopgate.testkit.ManualTime;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A door without sockets: one caller, and models whose side the test plays.
final class EmbeddedDoor implements ModelConnector {
  /// What the proxy told the outside, as words.
  static final class Told implements ProxyEvents {
    final List<String> words = new ArrayList<>();

    @Override
    public void exchangeStarted(String deployment) {
      words.add("started " + deployment);
    }

    @Override
    public void exchangeEnded(
        String deployment, Ending ending, int status, long durationNanos, long firstByteNanos) {
      words.add("ended " + deployment + " " + ending.word() + " " + status);
    }

    @Override
    public void bodyCut(CutReason reason) {
      words.add("cut " + reason.word());
    }

    @Override
    public void replicaLeftOut(String deployment, String replica) {
      words.add("left out " + deployment + " " + replica);
    }

    @Override
    public void replicaBack(String deployment, String replica) {
      words.add("back " + deployment + " " + replica);
    }

    @Override
    public void mirrored(String deployment, Mirrored outcome) {
      words.add("mirrored " + deployment + " " + outcome.word());
    }

    @Override
    public void circuitOpen(String deployment) {
      words.add("circuit " + deployment);
    }

    @Override
    public void released(String deployment, long heldNanos, boolean cold) {
      words.add("released " + deployment + " " + heldNanos / 1_000_000 + (cold ? " cold" : ""));
    }

    @Override
    public void holdFull(String deployment) {
      words.add("full " + deployment);
    }

    @Override
    public void malformed(int status) {
      words.add("malformed " + status);
    }

    @Override
    public void unknownModel() {
      words.add("unknown model");
    }

    @Override
    public void failed(Throwable cause) {
      words.add("failed " + cause.getMessage());
    }
  }

  static final ModelLimits LIMITS =
      new ModelLimits(
          Duration.ofSeconds(2),
          Duration.ofSeconds(20),
          Duration.ofSeconds(10),
          Duration.ofSeconds(100),
          Duration.ofMillis(1500),
          2);

  static final int LOCAL_BYTES_MAX = 20;

  final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  final KeepingLane lane = new KeepingLane();
  final Told told = new Told();
  final List<EmbeddedChannel> models = new ArrayList<>();
  final EmbeddedChannel base = new EmbeddedChannel();
  final ModelSlots slots;
  final LocalBytes localBytes = new LocalBytes(LOCAL_BYTES_MAX);
  final ProxyLoop loop;
  private final Router router;
  private final StringBuilder seenByCaller = new StringBuilder();
  private final List<StringBuilder> seenByModel = new ArrayList<>();
  private final List<EmbeddedChannel> formerCallers = new ArrayList<>();
  EmbeddedChannel caller;

  /// For each write to the caller, how many entries were kept before it, and its bytes.
  final List<String> writes = new ArrayList<>();

  boolean refusesConnections;

  /// Where the host of any model is.
  List<InetAddress> addresses = List.of(InetAddress.ofLiteral("10.0.0.1"));

  /// Where other hosts are.
  final Map<String, List<InetAddress>> hosts = new HashMap<>();

  /// Addresses that refuse.
  final Set<String> refusing = new HashSet<>();

  /// What was tried: address and milliseconds it was given.
  final List<String> tried = new ArrayList<>();

  /// How long a try takes that is refused.
  Duration refusedAfter = Duration.ZERO;

  boolean pooledIsStale;

  EmbeddedDoor(Model... models) {
    this(List.of(models), List.of(), 1 << 20);
  }

  EmbeddedDoor(List<Model> models, List<LocalService> services, long captureBytesMax) {
    this(models, services, captureBytesMax, Edge.DEFAULT);
  }

  EmbeddedDoor(
      List<Model> models,
      List<LocalService> services,
      long captureBytesMax,
      @Nullable Policy policy) {
    this(
        Fleet.of(models), services, captureBytesMax, Edge.DEFAULT, LIMITS.connectionsMax(), policy);
  }

  /// With another edge; its PROXY protocol apart, which is the pipeline's.
  EmbeddedDoor(List<Model> models, List<LocalService> services, long captureBytesMax, Edge edge) {
    this(Fleet.of(models), services, captureBytesMax, edge, LIMITS.connectionsMax(), null);
  }

  EmbeddedDoor(
      Fleet fleet,
      List<LocalService> services,
      long captureBytesMax,
      Edge edge,
      int connectionsMax,
      @Nullable Policy policy) {
    this(fleet, services, captureBytesMax, edge, connectionsMax, policy, Redaction.DEFAULT);
  }

  EmbeddedDoor(
      Fleet fleet,
      List<LocalService> services,
      long captureBytesMax,
      Edge edge,
      int connectionsMax,
      @Nullable Policy policy,
      Redaction redaction) {
    slots = new ModelSlots(connectionsMax);
    Map<String, Integer> ledger = new HashMap<>();
    fleet.deployments().forEach(deployment -> ledger.put(deployment.model().id(), ledger.size()));
    ProxyConfig config =
        new ProxyConfig(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            1,
            16,
            4096,
            captureBytesMax,
            LOCAL_BYTES_MAX,
            CallerLimits.DEFAULT,
            LIMITS,
            edge,
            null);
    this.router = new Router(fleet, services);
    this.loop =
        new ProxyLoop(
            base.eventLoop(),
            new ProxyLoop.Shared(
                config,
                redaction,
                time,
                told,
                slots,
                new Holds(time.nanos()),
                this,
                (replica, _, found) -> found.accept(hosts.getOrDefault(replica.host(), addresses)),
                new ModelTls(told),
                localBytes,
                policy,
                ledger::get),
            lane);
    this.caller =
        new EmbeddedChannel(
            new CountedWrites(),
            new CallerConnection(new Exchanges(loop, router, new CallerSlots(16))));
  }

  /// Text with `~` for each line end.
  static String http(String text) {
    return text.replace("~", "\r\n");
  }

  static Model wine() {
    return model("wine", "http://10.0.0.1:5000", Predictor.NONE, "/model/wine");
  }

  static Model model(String id, String url, Predictor predictor, String prefix) {
    return Model.of(id, URI.create(url), predictor, prefix, null, null, 1 << 20);
  }

  /// A new caller.
  void connect() {
    settle();
    formerCallers.add(caller);
    seenByCaller.setLength(0);
    caller =
        new EmbeddedChannel(
            new CountedWrites(),
            new CallerConnection(new Exchanges(loop, router, new CallerSlots(16))));
  }

  /// Lets whatever was put off happen.
  void settle() {
    for (int round = 0; round < 3; round++) {
      base.runPendingTasks();
      caller.runPendingTasks();
      models.forEach(EmbeddedChannel::runPendingTasks);
    }
    drain(caller, seenByCaller);
    formerCallers.forEach(former -> drain(former, new StringBuilder()));
    for (int i = 0; i < models.size(); i++) {
      drain(models.get(i), seenByModel.get(i));
    }
  }

  void send(String bytes) {
    caller.writeInbound(Unpooled.copiedBuffer(bytes, ISO_8859_1));
    settle();
  }

  /// What the `index`-th model connection has been sent since it was asked last.
  String asked(int index) {
    settle();
    StringBuilder seen = seenByModel.get(index);
    String text = seen.toString();
    seen.setLength(0);
    return text;
  }

  void answer(int index, String bytes) {
    models.get(index).writeInbound(Unpooled.copiedBuffer(bytes, ISO_8859_1));
    settle();
  }

  void modelCloses(int index) {
    models.get(index).close();
    settle();
  }

  void turn(Duration by) {
    time.advance(by);
    loop.sweep();
    settle();
  }

  /// All that the caller has been sent.
  String received() {
    settle();
    return seenByCaller.toString();
  }

  KeepingLane.Kept only() {
    if (lane.kept().size() != 1 || lane.open() != 0) {
      throw new AssertionError("kept=" + lane.kept().size() + ", open=" + lane.open());
    }
    return lane.kept().getFirst();
  }

  @Override
  public ChannelFuture connect(
      EventLoop eventLoop, InetSocketAddress address, ChannelHandler handler, Duration within) {
    EmbeddedChannel model = new EmbeddedChannel();
    String host = address.getAddress().getHostAddress();
    tried.add(host + " " + within.toMillis());
    if (refusesConnections || refusing.contains(host)) {
      time.advance(refusedAfter);
      return model.newFailedFuture(new IOException("refused"));
    }
    model.pipeline().addLast("model", handler);
    models.add(model);
    seenByModel.add(new StringBuilder());
    return model.newSucceededFuture();
  }

  @Override
  public boolean isQuiet(Channel channel, ByteBuffer one) {
    return !pooledIsStale;
  }

  private static void drain(EmbeddedChannel channel, StringBuilder into) {
    ByteBuf buffer;
    while ((buffer = channel.readOutbound()) != null) {
      into.append(buffer.toString(ISO_8859_1));
      buffer.release();
    }
  }

  private final class CountedWrites extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      ByteBuf bytes = (ByteBuf) message;
      if (bytes.isReadable()) {
        writes.add(lane.kept().size() + " " + bytes.toString(ISO_8859_1));
      }
      ctx.write(message, promise);
    }
  }
}
