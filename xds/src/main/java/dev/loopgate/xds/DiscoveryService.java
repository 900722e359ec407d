package dev.loopgate.xds;

import io.envoyproxy.controlplane.server.V3DiscoveryServer;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// Takes the streams of Envoys on their event loops, and hands what they say to the thread `xds`,
/// of each stream one message at a time. Increments (delta) are not served.
final class DiscoveryService extends AggregatedDiscoveryServiceImplBase {
  /// Streams at once; an Envoy has one.
  static final int STREAMS_MAX = 1024;

  private final DiscoveryStream.Served served;
  private final AtomicInteger open = new AtomicInteger();
  private volatile boolean ended;
  private final Set<DiscoveryStream> streams = new HashSet<>(); // confined to the thread

  DiscoveryService(
      String group,
      V3DiscoveryServer server,
      Tasks tasks,
      ControlPlane.Pace pace,
      XdsEvents events) {
    this.served =
        new DiscoveryStream.Served(
            group,
            server.getAggregatedDiscoveryServiceImpl(),
            tasks,
            pace,
            events,
            new Turns(),
            this::closed);
  }

  @Override
  public StreamObserver<DiscoveryRequest> streamAggregatedResources(
      StreamObserver<DiscoveryResponse> responses) {
    ServerCallStreamObserver<DiscoveryResponse> call =
        (ServerCallStreamObserver<DiscoveryResponse>) responses;
    if (ended) {
      call.onError(Status.UNAVAILABLE.withDescription(DiscoveryStream.STOPS).asRuntimeException());
      return new Ignored();
    }
    if (open.incrementAndGet() > STREAMS_MAX) {
      open.decrementAndGet();
      String line = "streams: more than " + STREAMS_MAX;
      served.tasks().run(() -> served.events().refused(RefusedReason.OVER_BOUNDS, line));
      call.onError(Status.RESOURCE_EXHAUSTED.withDescription(line).asRuntimeException());
      return new Ignored();
    }
    DiscoveryStream stream = new DiscoveryStream(served, call);
    Tasks tasks = served.tasks();
    call.disableAutoRequest();
    call.setOnCancelHandler(() -> tasks.run(stream::left));
    call.setOnReadyHandler(() -> tasks.run(stream::drained));
    tasks.run(() -> {
      streams.add(stream);
      stream.opened();
      if (ended) { // since it was looked at
        stream.end();
      }
    });
    call.request(1);
    return new StreamObserver<>() {
      @Override
      public void onNext(DiscoveryRequest request) {
        tasks.run(() -> {
          stream.asked(request);
          call.request(1);
        });
      }

      @Override
      public void onError(Throwable t) {
        tasks.run(stream::left);
      }

      @Override
      public void onCompleted() {
        tasks.run(stream::left);
      }
    };
  }

  private void closed(DiscoveryStream stream) {
    if (streams.remove(stream)) {
      open.decrementAndGet();
    }
  }

  /// Ends all streams, and takes no more; on the thread.
  void end() {
    ended = true;
    List.copyOf(streams).forEach(DiscoveryStream::end);
  }

  private static final class Ignored implements StreamObserver<DiscoveryRequest> {
    @Override
    public void onNext(DiscoveryRequest request) {}

    @Override
    public void onError(Throwable t) {}

    @Override
    public void onCompleted() {}
  }
}
