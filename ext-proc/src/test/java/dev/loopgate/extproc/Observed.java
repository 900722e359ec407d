package dev.loopgate.extproc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.spool.LedgerCounts;
import dev.loopgate.spool.LogPosition;
import dev.loopgate.spool.LogRecord;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolConfig;
import dev.loopgate.spool.SpoolEvents;
import dev.loopgate.spool.SpoolLane;
import dev.loopgate.spool.SpoolReader;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// The service at a real gRPC server, over a real spool, and a channel to it: what Envoy shows and
/// what is kept of it.
final class Observed implements ObservationEvents, ObserverLanes {
  /// What was kept of one exchange, with copies of its bodies.
  record Seen(Prediction prediction, String requestText, String responseText) {
    Ending ending() {
      return prediction.ending();
    }
  }

  private static final long WAIT_MILLIS = 20_000;

  private final Spool spool;
  private final SpoolReader reader;
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ObservationService service;
  private final Server server;
  private final ManagedChannel channel;
  private final Map<PassedOver, Integer> passedOver = new EnumMap<>(PassedOver.class);
  private final Map<LogUse, Integer> logged = new EnumMap<>(LogUse.class);
  private final Map<MetricsUse, Integer> metrics = new EnumMap<>(MetricsUse.class);
  private final Map<ToldLoss, Long> toldLost = new EnumMap<>(ToldLoss.class);
  private final AtomicLong aheadNanos = new AtomicLong();
  private int streamsOpen;
  private int failures;

  Observed(Path directory, ObservationConfig config, Kept kept) throws IOException {
    Files.createDirectories(directory.resolve("rings"));
    SpoolConfig defaults = SpoolConfig.in(directory.resolve("spool"));
    TimeSource time =
        new TimeSource() {
          @Override
          public long nanos() {
            return System.nanoTime() + aheadNanos.get();
          }

          @Override
          public long epochMillis() {
            return System.currentTimeMillis();
          }
        };
    spool =
        Spool.open(
            new SpoolConfig(
                defaults.directory(),
                directory.resolve("rings"),
                16 << 20,
                16 << 20,
                256 << 20,
                0,
                2,
                defaults.forceAfter(),
                defaults.forceAfterBytes(),
                defaults.forceTimeout()),
            time,
            SpoolEvents.SILENT);
    spool.slotOf("m"); // before it is counted
    spool.start();
    reader = spool.reader();
    Model model =
        new Model(
            "m",
            new Upstream(List.of(new Replica(URI.create("http://127.0.0.1:1")))),
            Predictor.NONE,
            "/model/m",
            null,
            "1",
            kept);
    service =
        ObservationService.open(
            List.of(loops.next()),
            config,
            Fleet.of(List.of(model)),
            Redaction.DEFAULT,
            time,
            this,
            this);
    InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server =
        NettyServerBuilder.forAddress(anywhere)
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .channelType(NioServerSocketChannel.class)
            .directExecutor()
            .addServices(service.definitions())
            .build()
            .start();
    channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()))
            .eventLoopGroup(loops)
            .channelType(NioSocketChannel.class)
            .usePlaintext()
            .directExecutor()
            .build();
  }

  static Observed in(Path directory) throws IOException {
    return new Observed(directory, config(), new Kept(true, 1 << 20, 1.0));
  }

  static ObservationConfig config() {
    return config(AccessLogMode.JOIN);
  }

  static ObservationConfig config(AccessLogMode mode) {
    return new ObservationConfig(16 << 20, 100, 1 << 20, Duration.ofHours(1), mode);
  }

  /// The monotonic clock runs ahead from now on.
  void advance(Duration by) {
    aheadNanos.addAndGet(by.toNanos());
  }

  ManagedChannel channel() {
    return channel;
  }

  ObservationService service() {
    return service;
  }

  /// Accepted by the ring at this moment.
  long accepted() {
    return counts("m").accepted();
  }

  long sampledOut() {
    return counts("m").sampledOut();
  }

  /// Begun and not ended.
  long open() {
    return counts("m").open();
  }

  private LedgerCounts counts(String deployment) {
    return counts(EntryKind.PREDICTION, deployment);
  }

  LedgerCounts counts(EntryKind kind, String deployment) {
    return Objects.requireNonNull(
        Objects.requireNonNull(spool.status().counts().get(kind)).get(deployment));
  }

  /// What the log kept of access logs, once so many are durable.
  synchronized List<AccessRecord> awaitAccess(int count) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
    List<AccessRecord> kept = access();
    while (kept.size() < count && System.nanoTime() - deadline < 0) {
      wait(5); // the writer's own turn
      kept = access();
    }
    if (kept.size() != count) {
      throw new AssertionError("kept=" + kept.size() + ", awaited=" + count + ", of " + logged);
    }
    return kept;
  }

  /// Waits until so many entries of logs became that.
  synchronized void awaitLogged(LogUse use, int count) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
    while (logged.getOrDefault(use, 0) < count && System.nanoTime() - deadline < 0) {
      wait(50);
    }
    if (logged.getOrDefault(use, 0) != count) {
      throw new AssertionError("logged: " + logged + ", awaited=" + use);
    }
  }

  /// All that is durable, once so many are.
  synchronized List<Seen> await(int count) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
    List<Seen> kept = read();
    while (kept.size() < count && System.nanoTime() - deadline < 0) {
      wait(5); // the writer's own turn
      kept = read();
    }
    if (kept.size() != count) {
      throw new AssertionError("kept=" + kept.size() + ", awaited=" + count + ", open=" + open());
    }
    return kept;
  }

  /// Waits until the events say so many.
  synchronized void awaitPassedOver(PassedOver why, int count) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
    while (passedOver.getOrDefault(why, 0) < count && System.nanoTime() - deadline < 0) {
      wait(50);
    }
    if (passedOver.getOrDefault(why, 0) != count) {
      throw new AssertionError("passed over: " + passedOver + ", awaited=" + why);
    }
  }

  /// Waits until so many messages of metrics became that.
  synchronized void awaitMetrics(MetricsUse use, int count) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
    while (metrics.getOrDefault(use, 0) < count && System.nanoTime() - deadline < 0) {
      wait(50);
    }
    if (metrics.getOrDefault(use, 0) != count) {
      throw new AssertionError("metrics: " + metrics + ", awaited=" + use);
    }
  }

  /// What Envoys told of so far.
  synchronized Map<ToldLoss, Long> toldLost() {
    return Map.copyOf(toldLost);
  }

  synchronized int streamsOpen() {
    return streamsOpen;
  }

  synchronized int failures() {
    return failures;
  }

  @Override
  public synchronized void streamOpened(boolean observer) {
    streamsOpen++;
  }

  @Override
  public synchronized void streamClosed() {
    streamsOpen--;
  }

  @Override
  public synchronized void passedOver(PassedOver why) {
    passedOver.merge(why, 1, Integer::sum);
    notifyAll();
  }

  @Override
  public synchronized void logged(LogUse use) {
    logged.merge(use, 1, Integer::sum);
    notifyAll();
  }

  @Override
  public synchronized void metrics(MetricsUse use) {
    metrics.merge(use, 1, Integer::sum);
    notifyAll();
  }

  @Override
  public synchronized void toldLost(ToldLoss what, long count) {
    toldLost.merge(what, count, Long::sum);
  }

  @Override
  public synchronized void failed(Throwable cause) {
    failures++;
  }

  @Override
  public SpoolLane openLane() {
    return spool.openLane();
  }

  @Override
  public int slotOf(String deployment) {
    return spool.slotOf(deployment);
  }

  void close() throws InterruptedException {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    server.shutdown();
    service.stop();
    boolean empty = service.isEmpty();
    server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
    spool.close();
    if (!empty) {
      throw new AssertionError("something of an exchange is still held");
    }
  }

  private List<Seen> read() throws IOException {
    return entries().stream()
        .filter(Prediction.class::isInstance)
        .map(Prediction.class::cast)
        .map(prediction ->
            new Seen(
                prediction,
                new String(prediction.requestBody().copyKept(), ISO_8859_1),
                new String(prediction.responseBody().copyKept(), ISO_8859_1)))
        .toList();
  }

  private List<AccessRecord> access() throws IOException {
    return entries().stream()
        .filter(AccessRecord.class::isInstance)
        .map(AccessRecord.class::cast)
        .toList();
  }

  private List<Entry> entries() throws IOException {
    List<Entry> entries = new ArrayList<>();
    LogPosition at = reader.start();
    Optional<LogRecord> next = reader.next(at);
    while (next.isPresent()) {
      if (next.get() instanceof LogRecord.EntryAt entry) {
        entries.add(reader.read(entry));
      }
      next = reader.next(next.get().next());
    }
    return entries;
  }
}
