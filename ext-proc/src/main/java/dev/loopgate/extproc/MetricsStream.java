package dev.loopgate.extproc;

import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/// One stream of an Envoy's metrics: there is one for the whole of it, and it stays. Nothing is
/// said on it before its end. Confined to its connection's event loop.
final class MetricsStream implements StreamObserver<MetricsMessage>, StandingStream {
  /// Messages that are asked for before they are here; each is dealt with before the next is read.
  private static final int AHEAD = 4;

  private final ObservationLoop loop;
  private final ServerCallStreamObserver<StreamMetricsResponse> envoy;
  private EnvoyCounters.@Nullable Teller teller; // null before its first message
  private boolean closed;

  MetricsStream(ObservationLoop loop, ServerCallStreamObserver<StreamMetricsResponse> envoy) {
    this.loop = loop;
    this.envoy = envoy;
    envoy.setOnCancelHandler(() -> broken());
    envoy.disableAutoRequest();
    envoy.request(AHEAD);
    if (loop.isStopped()) {
      stop();
    } else {
      loop.add(this);
    }
  }

  @Override
  public void onNext(MetricsMessage message) {
    envoy.request(1);
    if (closed) {
      return; // on its way when we ended the stream
    }
    if (message.malformed()) {
      refuse(MetricsUse.MALFORMED, Status.INVALID_ARGUMENT.withDescription("no metrics"));
      return;
    }
    if (teller == null && message.node().isEmpty()) {
      refuse(
          MetricsUse.MALFORMED,
          Status.INVALID_ARGUMENT.withDescription(
              "identifier.node.id: missing in the stream's first message"));
      return;
    }
    if (teller == null) {
      teller = loop.counters().opened(message.node());
    }
    if (teller == null) {
      refuse(
          MetricsUse.OVER_BOUNDS,
          Status.RESOURCE_EXHAUSTED.withDescription(
              "Envoys: allowed=" + EnvoyCounters.NODES_MAX + " with a name of their own"));
      return;
    }
    EnvoyCounters.Told told = loop.counters().told(teller, message.counters());
    told.growth().forEach(loop.events()::toldLost);
    loop.events().metrics(told.shared() ? MetricsUse.SHARED_NODE : MetricsUse.READ);
  }

  @Override
  public void onCompleted() {
    stop();
  }

  @Override
  public void onError(Throwable cause) {
    broken();
  }

  @Override
  public void stop() {
    if (!closed) {
      gone();
      envoy.onNext(StreamMetricsResponse.getDefaultInstance()); // gRPC has no end without one
      envoy.onCompleted();
    }
  }

  private void refuse(MetricsUse use, Status why) {
    loop.events().metrics(use);
    gone();
    envoy.onError(why.asRuntimeException());
  }

  private void broken() {
    if (!closed && teller == null) {
      loop.events().metrics(MetricsUse.UNREAD);
    }
    gone();
  }

  private void gone() {
    if (!closed && teller != null) {
      loop.counters().closed(teller);
    }
    closed = true;
    loop.remove(this);
  }
}
