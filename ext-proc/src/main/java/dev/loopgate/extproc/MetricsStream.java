package dev.loopgate.extproc;

import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/// One stream of an Envoy's metrics: there is one for the whole of it.
final class MetricsStream implements StandingStream.Reader<MetricsMessage> {
  private static final int AHEAD = 4;

  private final ObservationLoop loop;
  private EnvoyCounters.@Nullable Teller teller; // null before its first message

  private MetricsStream(ObservationLoop loop) {
    this.loop = loop;
  }

  static StreamObserver<MetricsMessage> open(
      ObservationLoop loop, ServerCallStreamObserver<StreamMetricsResponse> envoy) {
    return StandingStream.open(
        loop, envoy, AHEAD, StreamMetricsResponse.getDefaultInstance(), new MetricsStream(loop));
  }

  @Override
  public @Nullable Status received(MetricsMessage message) {
    if (message.malformed()) {
      return refused(MetricsUse.MALFORMED, Status.INVALID_ARGUMENT, "no metrics");
    }
    if (teller == null && message.node().isEmpty()) {
      return refused(
          MetricsUse.MALFORMED,
          Status.INVALID_ARGUMENT,
          "identifier.node.id: missing in the stream's first message");
    }
    if (teller == null) {
      teller = loop.counters().opened(message.node());
    }
    if (teller == null) {
      return refused(
          MetricsUse.OVER_BOUNDS,
          Status.RESOURCE_EXHAUSTED,
          "Envoys: allowed=" + EnvoyCounters.NODES_MAX + " with a name of their own");
    }
    EnvoyCounters.Told told = loop.counters().told(teller, message.counters());
    told.growth().forEach(loop.events()::toldLost);
    loop.events().metrics(told.shared() ? MetricsUse.SHARED_NODE : MetricsUse.READ);
    return null;
  }

  private Status refused(MetricsUse use, Status status, String why) {
    loop.events().metrics(use);
    return status.withDescription(why);
  }

  @Override
  public void breaks() {
    if (teller == null) {
      loop.events().metrics(MetricsUse.UNREAD);
    }
  }

  @Override
  public void over() {
    if (teller != null) {
      loop.counters().closed(teller);
    }
  }
}
