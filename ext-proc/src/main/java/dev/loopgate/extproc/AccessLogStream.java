package dev.loopgate.extproc;

import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.TCPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One stream of an Envoy's log: there is one for each of its workers.
final class AccessLogStream implements StandingStream.Reader<StreamAccessLogsMessage> {
  private static final int AHEAD = 64;

  private final ObservationLoop loop;
  private boolean identified;

  private AccessLogStream(ObservationLoop loop) {
    this.loop = loop;
  }

  static StreamObserver<StreamAccessLogsMessage> open(
      ObservationLoop loop, ServerCallStreamObserver<StreamAccessLogsResponse> envoy) {
    return StandingStream.open(
        loop,
        envoy,
        AHEAD,
        StreamAccessLogsResponse.getDefaultInstance(),
        new AccessLogStream(loop));
  }

  @Override
  public void begins() {
    loop.accessLog().begin();
  }

  @Override
  public @Nullable Status received(StreamAccessLogsMessage message) {
    if (!identified && !message.hasIdentifier()) {
      loop.events().logged(LogUse.MALFORMED);
      return Status.INVALID_ARGUMENT.withDescription(
          "identifier: missing in the stream's first message");
    }
    identified = true;
    switch (message.getLogEntriesCase()) {
      case HTTP_LOGS -> {
        for (HTTPAccessLogEntry entry : message.getHttpLogs().getLogEntryList()) {
          take(entry, loop.accessLog()::http);
        }
      }
      case TCP_LOGS -> {
        for (TCPAccessLogEntry entry : message.getTcpLogs().getLogEntryList()) {
          take(entry, loop.accessLog()::tcp);
        }
      }
      case LOGENTRIES_NOT_SET -> loop.events().logged(LogUse.MALFORMED);
    }
    return null;
  }

  // One that fails must not keep the others from being taken.
  private <T> void take(T entry, Consumer<T> by) {
    try {
      by.accept(entry);
    } catch (RuntimeException | OutOfMemoryError e) {
      loop.events().failed(e);
    }
  }
}
