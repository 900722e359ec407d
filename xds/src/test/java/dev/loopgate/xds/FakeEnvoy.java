package dev.loopgate.xds;

import com.google.rpc.Status;
import io.envoyproxy.controlplane.cache.Resources;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Speaks on one stream what an Envoy would, and no more. Belongs to the test's thread.
final class FakeEnvoy {
  static final String CLUSTERS = Resources.V3.CLUSTER_TYPE_URL;
  static final String ENDPOINTS = Resources.V3.ENDPOINT_TYPE_URL;
  static final String LISTENERS = Resources.V3.LISTENER_TYPE_URL;
  static final String ROUTES = Resources.V3.ROUTE_TYPE_URL;
  static final int SECONDS = 30;

  /// A response, and when it came.
  record Received(DiscoveryResponse response, long atNanos) {}

  private final Node node;
  private final boolean reads;
  private final BlockingQueue<Received> received = new ArrayBlockingQueue<>(10_000);
  private final CompletableFuture<io.grpc.Status> ended = new CompletableFuture<>();
  private final StreamObserver<DiscoveryRequest> requests;

  FakeEnvoy(ManagedChannel channel, Node node) {
    this(channel, node, true);
  }

  /// @param reads whether it takes what it is sent
  FakeEnvoy(ManagedChannel channel, Node node, boolean reads) {
    this.node = node;
    this.reads = reads;
    this.requests =
        AggregatedDiscoveryServiceGrpc.newStub(channel)
            .streamAggregatedResources(
                new ClientResponseObserver<DiscoveryRequest, DiscoveryResponse>() {
                  @Override
                  public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> stream) {
                    if (!FakeEnvoy.this.reads) {
                      stream.disableAutoRequestWithInitial(0);
                    }
                  }

                  @Override
                  public void onNext(DiscoveryResponse response) {
                    received.add(new Received(response, System.nanoTime()));
                  }

                  @Override
                  public void onError(Throwable t) {
                    ended.complete(io.grpc.Status.fromThrowable(t));
                  }

                  @Override
                  public void onCompleted() {
                    ended.complete(io.grpc.Status.OK);
                  }
                });
  }

  static Node node(String id) {
    return Node.newBuilder().setId(id).setCluster("loopgate").build();
  }

  void asks(String type, String version, String... names) {
    requests.onNext(
        DiscoveryRequest.newBuilder()
            .setNode(node)
            .setTypeUrl(type)
            .setVersionInfo(version)
            .addAllResourceNames(List.of(names))
            .build());
  }

  void says(DiscoveryRequest request) {
    requests.onNext(request);
  }

  void acks(DiscoveryResponse response, String... names) {
    requests.onNext(
        DiscoveryRequest.newBuilder()
            .setNode(node)
            .setTypeUrl(response.getTypeUrl())
            .setVersionInfo(response.getVersionInfo())
            .setResponseNonce(response.getNonce())
            .addAllResourceNames(List.of(names))
            .build());
  }

  /// @param version that it keeps
  void nacks(DiscoveryResponse response, String version, String reason) {
    requests.onNext(
        DiscoveryRequest.newBuilder()
            .setNode(node)
            .setTypeUrl(response.getTypeUrl())
            .setVersionInfo(version)
            .setResponseNonce(response.getNonce())
            .setErrorDetail(Status.newBuilder().setCode(13).setMessage(reason))
            .build());
  }

  /// Subscribes to everything, and takes it.
  void takesAll(String... models) throws InterruptedException {
    asks(CLUSTERS, "");
    acks(next(CLUSTERS));
    asks(ENDPOINTS, "", models);
    acks(next(ENDPOINTS), models);
    asks(LISTENERS, "");
    acks(next(LISTENERS));
    asks(ROUTES, "", "loopgate");
    acks(next(ROUTES), "loopgate");
  }

  Received received() throws InterruptedException {
    Received next = received.poll(SECONDS, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing came within " + SECONDS + " s, ended: " + ended);
    }
    return next;
  }

  /// The next response, which must be of this type.
  DiscoveryResponse next(String type) throws InterruptedException {
    DiscoveryResponse next = received().response();
    if (!next.getTypeUrl().equals(type)) {
      throw new AssertionError("wanted " + type + ", came " + next.getTypeUrl());
    }
    return next;
  }

  /// How its stream ended.
  io.grpc.Status end() throws Exception {
    return ended.get(SECONDS, TimeUnit.SECONDS);
  }

  void leaves() {
    requests.onError(new IllegalStateException("it leaves")); // which cancels the call
  }
}
