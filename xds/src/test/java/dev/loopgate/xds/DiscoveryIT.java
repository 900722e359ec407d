package dev.loopgate.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.ServerTrust;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Over a socket, with a client that says what an Envoy says.
@Timeout(120)
final class DiscoveryIT {
  private static final Duration WARM_UP = Duration.ofMillis(300);
  private static final Duration RETRY = Duration.ofMillis(300);
  private static final Duration LINGER = Duration.ofMillis(50);
  private static final Duration SEND_WITHIN = Duration.ofSeconds(5);
  // What clocks of threads may differ by.
  private static final long EARLY_NANOS = Duration.ofMillis(20).toNanos();
  private static final Model A = Fleets.model("a", "http://127.0.0.1:7001");
  private static final Model A_MOVED = Fleets.model("a", "http://127.0.0.1:7002");
  private static final Model B = Fleets.model("b", "http://127.0.0.1:7003");

  private final Told told = new Told();
  private final Fleet fleet = Fleet.of(List.of(A));
  private ControlPlane plane;
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void open() throws Exception {
    plane =
        ControlPlane.open(
            "loopgate",
            new ControlPlane.Pace(WARM_UP, RETRY, RETRY.multipliedBy(4), LINGER, SEND_WITHIN),
            told);
    InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server =
        NettyServerBuilder.forAddress(anywhere)
            .directExecutor()
            .addService(plane.service())
            .build()
            .start();
    channel = channel(1 << 20);
    plane.serve(fleet, Fleets.CONFIG, ByteString::copyFromUtf8);
  }

  @AfterEach
  void close() throws Exception {
    plane.close();
    channel.shutdownNow();
    server.shutdownNow();
    assertThat(channel.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(server.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(told.failures()).isEmpty();
  }

  private ManagedChannel channel(int windowBytes) {
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()))
        .usePlaintext()
        .flowControlWindow(windowBytes)
        .maxInboundMessageSize(64 << 20)
        .build();
  }

  private FakeEnvoy envoy(String id) {
    return new FakeEnvoy(channel, FakeEnvoy.node(id));
  }

  private void replace(Model... models) {
    fleet.replace(List.of(models), List.of());
    plane.changed();
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited 30 s for " + what);
      }
      LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
    }
  }

  @Test
  void whatDidNotChangeIsNotSentAgain() throws Exception {
    FakeEnvoy envoy = envoy("e");
    envoy.takesAll("model_a");

    replace(A); // as it was
    replace(A_MOVED);
    DiscoveryResponse moved = envoy.next(FakeEnvoy.ENDPOINTS);
    envoy.acks(moved, "model_a");
    await("the ack", () -> told.count("acked") == 5);
    replace(A_MOVED, B);

    // In the order in which nothing is missing: whom to ask and where, then who is asked.
    FakeEnvoy.Received clusters = envoy.received();
    assertThat(clusters.response().getTypeUrl()).isEqualTo(FakeEnvoy.CLUSTERS);
    envoy.acks(clusters.response());
    DiscoveryResponse known = envoy.next(FakeEnvoy.ENDPOINTS); // one version for all of them
    envoy.acks(known, "model_a");
    envoy.acks(known, "model_a", "model_b");
    for (int i = 0; i < 2; i++) { // in the order in which threads run
      FakeEnvoy.Received each = envoy.received();
      if (each.response().getTypeUrl().equals(FakeEnvoy.ENDPOINTS)) {
        envoy.acks(each.response(), "model_a", "model_b");
      } else {
        assertThat(each.response().getTypeUrl()).isEqualTo(FakeEnvoy.ROUTES);
        assertThat(each.atNanos() - clusters.atNanos())
            .as("b is warm")
            .isGreaterThan(WARM_UP.toNanos() - EARLY_NANOS);
        envoy.acks(each.response(), "loopgate");
      }
    }
    await("all acks", () -> told.count("acked") == 9);
    assertThat(told.count("sent")).isEqualTo(9);
    assertThat(told.count("nacked")).isZero();
  }

  @Test
  void whatChangesWhileSomethingWarmsUpIsOfferedBehindIt() throws Exception {
    FakeEnvoy envoy = envoy("e");
    envoy.asks(FakeEnvoy.CLUSTERS, "");
    envoy.acks(envoy.next(FakeEnvoy.CLUSTERS));
    await("the ack", () -> told.count("acked") == 1);
    told.clear();

    replace(A, B);
    envoy.acks(envoy.next(FakeEnvoy.CLUSTERS));
    replace(A, B, Fleets.model("c", "http://127.0.0.1:7004"));
    envoy.acks(envoy.next(FakeEnvoy.CLUSTERS));

    await("the last", () -> told.count("published") == 2);
    assertThat(told.lines().getFirst()).isEqualTo("sent clusters");
    FakeEnvoy late = envoy("late");
    late.asks(FakeEnvoy.ROUTES, "", "loopgate");
    assertThat(routed(late.next(FakeEnvoy.ROUTES))).contains("a", "b", "c");
  }

  private static List<String> routed(DiscoveryResponse routes) throws Exception {
    return routes
        .getResources(0)
        .unpack(RouteConfiguration.class)
        .getVirtualHosts(0)
        .getRoutesList()
        .stream()
        .map(Route::getName)
        .toList();
  }

  @Test
  void clustersThatAreGoneStayAWhileSoThatOldRoutesLeadSomewhere() throws Exception {
    replace(A, B);
    await("routes to both", () -> told.count("published") == 2);
    FakeEnvoy envoy = envoy("e");
    envoy.takesAll("model_a", "model_b");

    replace(A);
    envoy.acks(envoy.next(FakeEnvoy.ROUTES), "loopgate");
    DiscoveryResponse clusters = envoy.next(FakeEnvoy.CLUSTERS); // after a while

    List<String> names = new ArrayList<>();
    for (Any each : clusters.getResourcesList()) {
      names.add(each.unpack(Cluster.class).getName());
    }
    assertThat(names).contains("model_a").doesNotContain("model_b");
  }

  @Test
  void whatIsNotTakenIsSentOnceAndOfferedAgainAfterPausesThatGrow() throws Exception {
    FakeEnvoy envoy = envoy("e");
    envoy.asks(FakeEnvoy.CLUSTERS, "");
    FakeEnvoy.Received first = envoy.received();
    envoy.nacks(first.response(), "", "bad\nand " + "x".repeat(1000) + "\u001b[31m");
    FakeEnvoy.Received second = envoy.received();
    envoy.nacks(second.response(), "", "bad");
    FakeEnvoy.Received third = envoy.received();

    assertThat(second.response().getVersionInfo()).isEqualTo(first.response().getVersionInfo());
    assertThat(third.response().getVersionInfo()).isEqualTo(first.response().getVersionInfo());
    assertThat(second.atNanos() - first.atNanos()).isGreaterThan(RETRY.toNanos() - EARLY_NANOS);
    assertThat(third.atNanos() - second.atNanos()).isGreaterThan(2 * RETRY.toNanos() - EARLY_NANOS);
    assertThat(told.count("sent")).isEqualTo(3);
    assertThat(told.count("nacked")).isEqualTo(2);
    assertThat(told.lines("nacked").getFirst()).startsWith("nacked clusters e bad?and xxx");
    assertThat(told.lines("nacked").getFirst().length()).isLessThan(500);

    // Another type goes on meanwhile, and the next version comes at once.
    envoy.nacks(third.response(), "", "bad");
    envoy.asks(FakeEnvoy.LISTENERS, "");
    envoy.acks(envoy.next(FakeEnvoy.LISTENERS));
    replace(A, B);
    DiscoveryResponse next = envoy.next(FakeEnvoy.CLUSTERS);
    assertThat(next.getVersionInfo()).isNotEqualTo(first.response().getVersionInfo());
    envoy.acks(next);
    await("the acks", () -> told.count("acked") == 2);
  }

  @Test
  void aNamesRequestAfterARefusalSendsNothingAtOnce() throws Exception {
    FakeEnvoy envoy = envoy("e");
    envoy.asks(FakeEnvoy.CLUSTERS, "");
    envoy.acks(envoy.next(FakeEnvoy.CLUSTERS));
    envoy.asks(FakeEnvoy.ENDPOINTS, "", "model_a");
    DiscoveryResponse bad = envoy.next(FakeEnvoy.ENDPOINTS);
    envoy.nacks(bad, "", "bad");
    for (int i = 0; i < 50; i++) {
      envoy.says(
          DiscoveryRequest.newBuilder()
              .setNode(FakeEnvoy.node("e"))
              .setTypeUrl(FakeEnvoy.ENDPOINTS)
              .setResponseNonce(bad.getNonce())
              .addResourceNames("model_a")
              .build());
    }
    envoy.asks(FakeEnvoy.LISTENERS, "");
    envoy.next(FakeEnvoy.LISTENERS); // behind all of them, and nothing between

    assertThat(told.count("sent")).isEqualTo(3);
  }

  @Test
  void whoComesBackWithWhatItKnowsIsSentWhatIsNew() throws Exception {
    FakeEnvoy first = envoy("e");
    first.asks(FakeEnvoy.CLUSTERS, "");
    DiscoveryResponse clusters = first.next(FakeEnvoy.CLUSTERS);
    first.acks(clusters);
    first.leaves();
    await("the end", () -> told.count("closed") == 1);

    FakeEnvoy again = envoy("e");
    again.asks(FakeEnvoy.CLUSTERS, clusters.getVersionInfo());
    again.asks(FakeEnvoy.LISTENERS, "");
    again.next(FakeEnvoy.LISTENERS); // and no clusters before
    replace(A, B);
    again.next(FakeEnvoy.CLUSTERS);
  }

  @Test
  void whoSaysNothingOfItselfIsRefusedWithALine() throws Exception {
    FakeEnvoy nobody = new FakeEnvoy(channel, Node.getDefaultInstance());
    nobody.asks(FakeEnvoy.CLUSTERS, "");
    assertRefused(nobody, "node: id and cluster are needed");

    FakeEnvoy hostile =
        new FakeEnvoy(channel, Node.newBuilder().setId("a\nb").setCluster("loopgate").build());
    hostile.asks(FakeEnvoy.CLUSTERS, "");
    assertRefused(hostile, "node: id and cluster are needed");

    FakeEnvoy other =
        new FakeEnvoy(channel, Node.newBuilder().setId("e").setCluster("other").build());
    other.asks(FakeEnvoy.CLUSTERS, "");
    assertRefused(other, "node.cluster: value=other, allowed=loopgate");

    FakeEnvoy unknown = envoy("e");
    unknown.asks("type.googleapis.com/envoy.unknown", "");
    assertRefused(unknown, "type_url: not served");

    FakeEnvoy huge = envoy("e");
    huge.asks(FakeEnvoy.ENDPOINTS, "", "x".repeat(300_000));
    assertRefused(huge, "request: larger than");

    assertThat(told.lines("refused"))
        .containsExactly(
            "refused no_node",
            "refused no_node",
            "refused unknown_group",
            "refused unknown_type",
            "refused over_bounds");
    await("the ends", () -> told.count("closed") == 5);
  }

  private static void assertRefused(FakeEnvoy envoy, String line) throws Exception {
    assertThat(envoy.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(envoy.end().getDescription()).startsWith(line);
  }

  @Test
  void incrementsAreNotServed() throws Exception {
    CompletableFuture<Status> ended = new CompletableFuture<>();
    AggregatedDiscoveryServiceGrpc.newStub(channel)
        .deltaAggregatedResources(
            new StreamObserver<DeltaDiscoveryResponse>() {
              @Override
              public void onNext(DeltaDiscoveryResponse response) {}

              @Override
              public void onError(Throwable t) {
                ended.complete(Status.fromThrowable(t));
              }

              @Override
              public void onCompleted() {}
            })
        .onNext(DeltaDiscoveryRequest.getDefaultInstance());
    assertThat(ended.get(20, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
  }

  @Test
  void staleNoncesAndNamesOfNobodyAreAnsweredByNothing() throws Exception {
    FakeEnvoy envoy = envoy("e");
    envoy.takesAll("model_a");
    envoy.asks(FakeEnvoy.ENDPOINTS, "", "model_none"); // no nonce: overtaken
    envoy.says(
        DiscoveryRequest.newBuilder()
            .setNode(FakeEnvoy.node("e"))
            .setTypeUrl(FakeEnvoy.CLUSTERS)
            .setResponseNonce("../../etc/passwd\n")
            .build());
    replace(A_MOVED);

    envoy.next(FakeEnvoy.ENDPOINTS);
    assertThat(told.count("sent")).isEqualTo(5);
  }

  @Test
  void authoritiesThatCannotBeReadLeaveWhatIsThere() throws Exception {
    FakeEnvoy envoy = envoy("e");
    envoy.takesAll("model_a");
    plane.serve(
        fleet,
        Fleets.CONFIG,
        _ -> {
          throw new IllegalArgumentException("no such file");
        });
    replace(
        A,
        Fleets.model(
            "s",
            Predictor.NONE,
            Protocol.HTTP1,
            false,
            new ServerTrust("ca.pem", null, null, null),
            "https://127.0.0.1:7004"));
    await("the line", () -> told.count("unpublished") > 0);

    replace(A_MOVED);
    envoy.next(FakeEnvoy.ENDPOINTS);
    assertThat(told.lines("unpublished")).containsOnly("unpublished no such file");
  }

  @Test
  void twoHundredEnvoysAreSentEachVersionOnceAndOneThatDoesNotReadHoldsUpNobody() throws Exception {
    List<Model> models = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      models.add(Fleets.model("m-" + i, "http://127.0.0.1:" + (7100 + i)));
    }
    fleet.replace(models, List.of());
    plane.changed();
    await("the configuration", () -> told.count("published") >= 2);
    await("what is gone to be gone", () -> told.count("opened") == 0 && lingered());
    ManagedChannel narrow = channel(64 << 10);
    FakeEnvoy idle = new FakeEnvoy(narrow, FakeEnvoy.node("idle"), false);
    idle.asks(FakeEnvoy.CLUSTERS, "");
    List<FakeEnvoy> envoys = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      FakeEnvoy envoy = envoy("e-" + i);
      envoys.add(envoy);
      envoy.asks(FakeEnvoy.CLUSTERS, "");
    }
    for (FakeEnvoy envoy : envoys) {
      envoy.acks(envoy.next(FakeEnvoy.CLUSTERS));
    }
    await("all acks", () -> told.count("acked") == 200);

    models.add(B);
    fleet.replace(models, List.of());
    plane.changed();
    plane.changed();
    for (FakeEnvoy envoy : envoys) {
      envoy.acks(envoy.next(FakeEnvoy.CLUSTERS));
    }
    await("all acks", () -> told.count("acked") == 400);

    await("the end of who reads nothing", () -> told.count("refused") == 1);
    assertThat(told.lines("refused")).containsExactly("refused too_slow");
    assertThat(told.count("sent")).isEqualTo(401);
    narrow.shutdownNow();
    assertThat(narrow.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  // A stream that is open from here on sees no lingering cluster go.
  private boolean lingered() throws Exception {
    FakeEnvoy look = envoy("look");
    look.asks(FakeEnvoy.CLUSTERS, "");
    int count = look.next(FakeEnvoy.CLUSTERS).getResourcesCount();
    look.leaves();
    await("the look's end", () -> told.count("closed") == told.count("opened"));
    told.clear();
    return count == 303;
  }
}
