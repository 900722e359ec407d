package dev.loopgate.app;

import static dev.loopgate.app.Rig.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Redaction;
import dev.loopgate.controller.Controller;
import dev.loopgate.controller.ControllerEvents;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.FleetGateways;
import dev.loopgate.fleet.Gateways;
import dev.loopgate.fleet.Hosted;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.proxy.Proxy;
import dev.loopgate.proxy.ProxyConfig;
import dev.loopgate.proxy.ProxyEvents;
import dev.loopgate.proxy.Transport;
import dev.loopgate.runtime.HostBounds;
import dev.loopgate.runtime.HttpModelReader;
import dev.loopgate.runtime.LocalHost;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolConfig;
import dev.loopgate.spool.SpoolEvents;
import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.MachineTime;
import dev.loopgate.testkit.MemoryDeclaredStore;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two gateways hold callers of one model, and each wakes it: over one host that runs real servers,
/// with doors, fleets and spools of their own.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class TwoGatewaysIT {
  private static final int ROUNDS = 12;
  private static final int CALLERS = 20; // of each gateway
  private static final int STAGGER_MILLIS = 40;
  private static final Duration WITHIN = Duration.ofSeconds(60);
  private static final String MODEL = "m";
  private static final String ASKED =
      "GET /model/m/api/model/info HTTP/1.1\r\nhost: d\r\nconnection: close\r\n\r\n";

  @TempDir private Path directory;

  /// A gateway, as far as callers of hosted models see one.
  private static final class Side implements AutoCloseable {
    private final Spool spool;
    private final Fleet fleet = Fleet.of(List.of());
    private final FleetGateways gateways;
    private final Proxy proxy;

    Side(Path directory, LocalHost host) throws Exception {
      SpoolConfig defaults = SpoolConfig.in(directory);
      spool =
          Spool.open(
              new SpoolConfig(
                  directory,
                  directory,
                  1 << 20,
                  2 << 20,
                  1L << 30,
                  0,
                  4,
                  defaults.forceAfter(),
                  defaults.forceAfterBytes(),
                  defaults.forceTimeout()),
              new MachineTime(),
              SpoolEvents.SILENT);
      Slots slots = new Slots(spool, fleet);
      gateways =
          new FleetGateways(
              fleet,
              new Kept(true, 1 << 10, 1.0),
              id -> Thread.startVirtualThread(() -> host.wake(id)),
              slots::take,
              () -> {});
      proxy =
          Proxy.listen(
              ProxyConfig.defaults(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
              fleet,
              Redaction.DEFAULT,
              slots,
              new MachineTime(),
              ProxyEvents.SILENT,
              List.of(),
              Transport.best());
    }

    int held() {
      return fleet
          .deployment(MODEL)
          .map(each -> Objects.requireNonNull(each.hosted()))
          .map(Hosted::demand)
          .orElse(Gateways.Demand.NONE)
          .held();
    }

    @Override
    public void close() {
      proxy.close();
      spool.close();
    }
  }

  /// What the one who decides sees of both.
  private static final class Both implements Gateways {
    private final Set<Side> sides = new LinkedHashSet<>(); // guarded by this
    private List<Served> deployments = List.of();
    private List<Declared<RouteSpec, RouteStatus>> routes = List.of();

    synchronized void join(Side side) {
      side.gateways.serve(deployments, routes);
      sides.add(side);
    }

    synchronized void leave(Side side) {
      sides.remove(side);
    }

    @Override
    public synchronized Set<String> serve(
        List<Served> deployments, List<Declared<RouteSpec, RouteStatus>> routes) {
      this.deployments = deployments;
      this.routes = routes;
      Set<String> served = new TreeSet<>();
      sides.forEach(side -> served.addAll(side.gateways.serve(deployments, routes)));
      return served;
    }

    @Override
    public synchronized Demand demand(String deployment) {
      int inFlight = 0;
      int held = 0;
      int peak = 0;
      for (Side side : sides) {
        Demand one = side.gateways.demand(deployment);
        inFlight += one.inFlight();
        held += one.held();
        peak += one.peak();
      }
      return new Demand(inFlight, held, peak);
    }

    synchronized boolean isDrained(String deployment, Replica at) {
      return sides.stream().allMatch(side -> side.gateways.isDrained(deployment, at));
    }
  }

  @Test
  void whicheverGatewayHoldsCallersTheModelEndsAtOneReplica() throws Exception {
    long seed = Long.getLong("loopgate.seed", System.nanoTime());
    Random random = new Random(seed);
    Both both = new Both();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    MemoryDeclaredStore store = new MemoryDeclaredStore(Instant::now);
    store.create(Kind.DEPLOYMENT, MODEL, spec());
    ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    LocalHost host =
        LocalHost.open(
            directory, HostBounds.DEFAULT, both::isDrained, events(said), System::nanoTime);
    List<Side> sides = new ArrayList<>();
    try {
      for (int i = 0; i < 2; i++) {
        sides.add(new Side(directory.resolve("spool-" + i), host));
        both.join(sides.get(i));
      }
      Controller controller =
          Controller.start(
              new Controller.Seams(store, host, new HttpModelReader(HttpModelReader.TIMEOUT), both),
              "http://127.0.0.1",
              directory.resolve("cards"),
              new Controller.World(System::nanoTime, random, ControllerEvents.SILENT));
      try {
        // Nothing sleeps before it was asked what it is.
        await("it runs and is known", WITHIN, () -> isOne(host) && isKnown(store));
        for (int round = 0; round < ROUNDS; round++) {
          String where = "seed=" + seed + ", round=" + round;
          letSleep(host, where);
          Side leaving = random.nextInt(3) == 0 ? sides.get(random.nextInt(2)) : null;
          wake(sides, leaving, random, both, callers, where);
          await(where + ": one replica", WITHIN, () -> isOne(host));
          String lines = said.toString(UTF_8);
          assertThat(lines.lines().filter(line -> line.contains("started a server of m,")))
              .as(where + "\n" + lines)
              .hasSize(round + 2);
          if (leaving != null) {
            sides.remove(leaving);
            sides.add(new Side(directory.resolve("spool-of-" + round), host));
            both.join(sides.getLast());
          }
        }
      } finally {
        controller.close();
      }
    } finally {
      host.close();
      sides.forEach(Side::close);
      callers.shutdownNow();
    }
  }

  private static HostTelemetry events(ByteArrayOutputStream said) {
    PrometheusRegistry registry = new PrometheusRegistry();
    LogLines lines = new LogLines(new MachineTime(), new PrintStream(said, true, UTF_8));
    return new HostTelemetry(registry, lines, new ColdStartTelemetry(registry));
  }

  private static DeploymentSpec spec() {
    return new DeploymentSpec(
        ApiCaller.wineModel(),
        "odahu-ml-server",
        null,
        Map.of(),
        0,
        1,
        0,
        0,
        null,
        null,
        Map.of(),
        DeploymentSpec.Serving.NONE);
  }

  // As if nobody had called for long.
  private static void letSleep(LocalHost host, String where) throws Exception {
    host.scale(MODEL, 0);
    await(
        where + ": asleep",
        WITHIN,
        () -> host.observe(MODEL).replicas().isEmpty() && host.observe(MODEL).wanted() == 0);
  }

  private static boolean isKnown(MemoryDeclaredStore store) {
    return store.get(Kind.DEPLOYMENT, MODEL).orElseThrow().status().state()
        == DeploymentStatus.State.READY;
  }

  private static boolean isOne(LocalHost host) {
    HostedDeployment seen = host.observe(MODEL);
    return seen.wanted() == 1
        && seen.replicas().size() == 1
        && seen.replicas().getFirst().phase() == HostedDeployment.Phase.READY;
  }

  /// All callers come to both at once; one gateway may go while it holds its own.
  private static void wake(
      List<Side> sides,
      @Nullable Side leaving,
      Random random,
      Both both,
      ExecutorService threads,
      String where)
      throws Exception {
    List<Future<Integer>> asked = new ArrayList<>();
    List<Future<Integer>> lost = new ArrayList<>();
    for (Side side : sides) {
      int pause = random.nextInt(STAGGER_MILLIS);
      InetSocketAddress door = side.proxy.address();
      for (int i = 0; i < CALLERS; i++) {
        (side == leaving ? lost : asked).add(threads.submit(() -> ask(door, pause)));
      }
    }
    if (leaving != null) {
      await(where + ": it holds", WITHIN, () -> leaving.held() == CALLERS);
      leaving.close();
      both.leave(leaving);
    }
    for (Future<Integer> each : asked) {
      assertThat(each.get(WITHIN.toSeconds(), TimeUnit.SECONDS)).as(where).isEqualTo(200);
    }
    for (Future<Integer> each : lost) { // they are not left waiting
      assertThat(each.get(WITHIN.toSeconds(), TimeUnit.SECONDS)).as(where).isNotEqualTo(200);
    }
  }

  /// The status; 0 where the gateway went.
  private static int ask(InetSocketAddress door, int pauseMillis) throws InterruptedException {
    assertThat(new CountDownLatch(1).await(pauseMillis, TimeUnit.MILLISECONDS)).isFalse();
    try (Caller caller = Caller.connect(door)) {
      caller.send(ASKED);
      Answer answer = caller.receive("GET");
      return answer.status();
    } catch (IOException _) {
      return 0;
    }
  }
}
