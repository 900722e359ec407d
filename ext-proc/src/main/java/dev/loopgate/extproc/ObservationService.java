package dev.loopgate.extproc;

import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Fleet;
import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.ExternalProcessorGrpc;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import io.envoyproxy.envoy.service.metrics.v3.MetricsServiceGrpc;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsResponse;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// Envoy's external processing (`envoy.service.ext_proc.v3.ExternalProcessor`), as an observer:
/// each stream is one exchange, each exchange of a model one entry, and nothing that passes through
/// Envoy is ever changed. Each message says whether Envoy waits for an answer to it: both are
/// served here. And Envoy's access log (`envoy.service.accesslog.v3.AccessLogService`), which says
/// how exchanges ended, and what was not shown. And its metrics
/// (`envoy.service.metrics.v3.MetricsService`), of which a few counters are read: what it says that
/// it could not tell.
///
/// To be served by a gRPC server whose calls run on the loops that were given here, on a direct
/// executor: bodies are read from the connection's own buffers.
public final class ObservationService {
  private static final long SWEEP_MILLIS = 1_000;
  private static final long LOOPS_SECONDS_MAX = 5;

  private final List<ScheduledExecutorService> loops;
  private final Map<Thread, ObservationLoop> ofThread = new ConcurrentHashMap<>();

  private ObservationService(List<ScheduledExecutorService> loops) {
    this.loops = loops;
  }

  /// Opens a lane on each loop; waits for that. Not for event loops.
  ///
  /// @param loops each of one thread
  public static ObservationService open(
      List<ScheduledExecutorService> loops,
      ObservationConfig config,
      Fleet fleet,
      Redaction redaction,
      TimeSource time,
      ObservationEvents events,
      ObserverLanes lanes) {
    ObservationService service = new ObservationService(List.copyOf(loops));
    ObservationLoop.Shared shared =
        new ObservationLoop.Shared(
            config,
            loops.size(),
            fleet,
            redaction,
            time,
            events,
            lanes,
            new Joins(time),
            new EnvoyCounters(time),
            new AtomicInteger());
    service.onEachLoop(loop -> service.enter(loop, shared));
    return service;
  }

  private void enter(ScheduledExecutorService executor, ObservationLoop.Shared shared) {
    ObservationLoop loop = new ObservationLoop(shared, executor);
    ofThread.put(Thread.currentThread(), loop);
    var _ =
        executor.scheduleWithFixedDelay( // ends with its loop
            loop::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
  }

  /// What a server serves.
  public List<ServerServiceDefinition> definitions() {
    return List.of(externalProcessing(), accessLog(), metrics());
  }

  private ServerServiceDefinition accessLog() {
    MethodDescriptor<StreamAccessLogsMessage, StreamAccessLogsResponse> method =
        AccessLogServiceGrpc.getStreamAccessLogsMethod().toBuilder()
            .setRequestMarshaller(new AccessLogMarshaller())
            .build();
    return ServerServiceDefinition.builder(AccessLogServiceGrpc.SERVICE_NAME)
        .addMethod(
            method,
            ServerCalls.asyncClientStreamingCall(envoy ->
                AccessLogStream.open(
                    ofThisThread(), (ServerCallStreamObserver<StreamAccessLogsResponse>) envoy)))
        .build();
  }

  private ServerServiceDefinition metrics() {
    MethodDescriptor<MetricsMessage, StreamMetricsResponse> method =
        MetricsServiceGrpc.getStreamMetricsMethod().toBuilder(
                new MetricsMarshaller(),
                MetricsServiceGrpc.getStreamMetricsMethod().getResponseMarshaller())
            .build();
    return ServerServiceDefinition.builder(MetricsServiceGrpc.SERVICE_NAME)
        .addMethod(
            method,
            ServerCalls.asyncClientStreamingCall(envoy ->
                MetricsStream.open(
                    ofThisThread(), (ServerCallStreamObserver<StreamMetricsResponse>) envoy)))
        .build();
  }

  private ServerServiceDefinition externalProcessing() {
    MethodDescriptor<ProcessingRequest, ProcessingResponse> method =
        ExternalProcessorGrpc.getProcessMethod().toBuilder()
            .setRequestMarshaller(new ObservationMarshaller())
            .build();
    return ServerServiceDefinition.builder(ExternalProcessorGrpc.SERVICE_NAME)
        .addMethod(method, ServerCalls.asyncBidiStreamingCall(this::process))
        .build();
  }

  /// Lets go of Envoys' logs and metrics within a second after the last exchange that is open:
  /// nobody else ends them. Waits for nothing.
  public void leave() {
    for (ScheduledExecutorService loop : loops) {
      loop.execute(() -> ofThisThread().leave());
    }
  }

  /// Ends every exchange that is open, each with its entry, and follows none that still comes.
  /// Waits for it, at most 5 s; not for event loops.
  ///
  /// @throws java.util.concurrent.CompletionException when a loop does not answer
  public void stop() {
    onEachLoop(_ -> ofThisThread().stop());
  }

  private void onEachLoop(Consumer<ScheduledExecutorService> task) {
    loops.stream()
        .map(loop ->
            CompletableFuture.runAsync(() -> task.accept(loop), loop)
                .orTimeout(LOOPS_SECONDS_MAX, TimeUnit.SECONDS))
        .toList()
        .forEach(CompletableFuture::join);
  }

  private StreamObserver<ProcessingRequest> process(StreamObserver<ProcessingResponse> envoy) {
    return new ObservedStream(ofThisThread(), (ServerCallStreamObserver<ProcessingResponse>) envoy);
  }

  /// Whether no loop holds anything of any exchange any more.
  boolean isEmpty() {
    AtomicBoolean empty = new AtomicBoolean(true);
    onEachLoop(_ -> {
      if (!ofThisThread().isEmpty()) {
        empty.set(false);
      }
    });
    return empty.get();
  }

  private ObservationLoop ofThisThread() {
    ObservationLoop loop = ofThread.get(Thread.currentThread());
    if (loop == null) {
      throw new IllegalStateException(
          "external processing: not called on an event loop of its own");
    }
    return loop;
  }
}
