package dev.loopgate.extproc;

import dev.loopgate.testkit.GrpcBytes;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.metrics.v3.MetricsServiceGrpc;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.prometheus.client.Metrics;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// One stream of an Envoy's metrics, as it opens one; or bytes of whoever else.
final class EnvoyMetrics {
  static final String BROKEN_OFF = "cluster.loopgate_capture.upstream_rq_pending_failure_eject";
  static final String FAILED = "http.ingress.ext_proc.streams_failed";

  private final ClientCall<byte[], byte[]> call;
  private final CompletableFuture<Status> ended = new CompletableFuture<>();

  private EnvoyMetrics(Channel channel) {
    call =
        channel.newCall(
            MethodDescriptor.newBuilder(GrpcBytes.AS_THEY_ARE, GrpcBytes.AS_THEY_ARE)
                .setType(MethodDescriptor.MethodType.CLIENT_STREAMING)
                .setFullMethodName(MetricsServiceGrpc.getStreamMetricsMethod().getFullMethodName())
                .build(),
            CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.complete(status);
          }
        },
        new Metadata());
    call.request(2);
  }

  static EnvoyMetrics open(Channel channel) {
    return new EnvoyMetrics(channel);
  }

  /// The first message of a stream of the Envoy of that name.
  static StreamMetricsMessage.Builder ofEnvoy(String node) {
    StreamMetricsMessage.Builder message = StreamMetricsMessage.newBuilder();
    message
        .getIdentifierBuilder()
        .setNode(Node.newBuilder().setId(node).setCluster("edge").setUserAgentName("envoy"));
    return message;
  }

  /// The same with a counter more.
  static StreamMetricsMessage.Builder counted(
      StreamMetricsMessage.Builder message, String name, double value) {
    message
        .addEnvoyMetricsBuilder()
        .setName(name)
        .setType(Metrics.MetricType.COUNTER)
        .addMetricBuilder()
        .setTimestampMs(1)
        .setCounter(Metrics.Counter.newBuilder().setValue(value));
    return message;
  }

  static StreamMetricsMessage.Builder counted(String name, double value) {
    return counted(StreamMetricsMessage.newBuilder(), name, value);
  }

  EnvoyMetrics tell(StreamMetricsMessage.Builder message) {
    return tell(message.build().toByteArray());
  }

  EnvoyMetrics tell(byte[] bytes) {
    call.sendMessage(bytes);
    return this;
  }

  /// It goes, and opens another one for its next message.
  void close() throws Exception {
    call.halfClose();
    awaitEnd();
  }

  Status.Code awaitEnd() throws Exception {
    return ended.get(20, TimeUnit.SECONDS).getCode();
  }

  boolean isOpen() {
    return !ended.isDone();
  }
}
