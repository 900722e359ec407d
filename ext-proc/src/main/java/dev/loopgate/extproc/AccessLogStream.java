package dev.loopgate.extproc;

import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.TCPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.function.Consumer;

/// One stream of an Envoy's log: there is one for each of its workers, and it stays. Nothing is
/// said on it before its end. Confined to its connection's event loop.
final class AccessLogStream implements StreamObserver<StreamAccessLogsMessage>, StandingStream {
  /// Messages that are asked for before they are here; each is dealt with before the next is read.
  private static final int AHEAD = 64;

  private final ObservationLoop loop;
  private final ServerCallStreamObserver<StreamAccessLogsResponse> envoy;
  private boolean identified;
  private boolean closed;

  AccessLogStream(ObservationLoop loop, ServerCallStreamObserver<StreamAccessLogsResponse> envoy) {
    this.loop = loop;
    this.envoy = envoy;
    envoy.setOnCancelHandler(() -> gone());
    envoy.disableAutoRequest();
    envoy.request(AHEAD);
    if (loop.isStopped()) {
      stop();
    } else {
      loop.add(this);
      loop.accessLog().begin();
    }
  }

  @Override
  public void onNext(StreamAccessLogsMessage message) {
    envoy.request(1);
    if (closed) {
      return; // on its way when we ended the stream
    }
    if (!identified && !message.hasIdentifier()) {
      refuse("identifier: missing in the stream's first message");
      return;
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
  }

  @Override
  public void onCompleted() {
    stop();
  }

  @Override
  public void onError(Throwable cause) {
    gone();
  }

  @Override
  public void stop() {
    if (!closed) {
      gone();
      envoy.onNext(StreamAccessLogsResponse.getDefaultInstance()); // gRPC has no end without one
      envoy.onCompleted();
    }
  }

  // One that fails must not keep the others from being taken.
  private <T> void take(T entry, Consumer<T> by) {
    try {
      by.accept(entry);
    } catch (RuntimeException | OutOfMemoryError e) {
      loop.events().failed(e);
    }
  }

  private void refuse(String why) {
    loop.events().logged(LogUse.MALFORMED);
    gone();
    envoy.onError(Status.INVALID_ARGUMENT.withDescription(why).asRuntimeException());
  }

  private void gone() {
    closed = true;
    loop.remove(this);
  }
}
