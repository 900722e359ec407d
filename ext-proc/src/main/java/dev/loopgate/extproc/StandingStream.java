package dev.loopgate.extproc;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/// A stream of an Envoy that has no end of its own, and on which nothing is said before its end.
/// Confined to its connection's event loop.
///
/// @param <M> what the Envoy says
/// @param <R> what it is answered at the end
final class StandingStream<M, R> implements StreamObserver<M> {
  /// Who reads what comes.
  interface Reader<M> {
    /// It stands; told once, before anything else, unless the loop has stopped.
    default void begins() {}

    /// One message of a stream that is open.
    ///
    /// @return why the stream is to be ended; null when it goes on
    @Nullable Status received(M message);

    /// It is about to be over, and neither side has ended it.
    default void breaks() {}

    /// It is over, however; told once.
    default void over() {}
  }

  private final ObservationLoop loop;
  private final ServerCallStreamObserver<R> envoy;
  private final R farewell; // gRPC has no end without one
  private final Reader<M> reader;
  private boolean closed;

  private StandingStream(
      ObservationLoop loop, ServerCallStreamObserver<R> envoy, R farewell, Reader<M> reader) {
    this.loop = loop;
    this.envoy = envoy;
    this.farewell = farewell;
    this.reader = reader;
  }

  /// Begins to read; ends it at once where the loop has stopped.
  ///
  /// @param ahead messages that are asked for before they are here; each is dealt with before the
  ///   next is read
  static <M, R> StreamObserver<M> open(
      ObservationLoop loop,
      ServerCallStreamObserver<R> envoy,
      int ahead,
      R farewell,
      Reader<M> reader) {
    StandingStream<M, R> stream = new StandingStream<>(loop, envoy, farewell, reader);
    envoy.setOnCancelHandler(() -> stream.broken());
    envoy.disableAutoRequest();
    envoy.request(ahead);
    if (loop.isStopped()) {
      stream.stop();
    } else {
      loop.add(stream);
      reader.begins();
    }
    return stream;
  }

  /// Ends it: the Envoy opens another one, perhaps elsewhere.
  void stop() {
    if (!closed) {
      close();
      envoy.onNext(farewell);
      envoy.onCompleted();
    }
  }

  @Override
  public void onNext(M message) {
    envoy.request(1);
    if (closed) {
      return; // on its way when we ended the stream
    }
    Status refusal = reader.received(message);
    if (refusal != null) {
      close();
      envoy.onError(refusal.asRuntimeException());
    }
  }

  @Override
  public void onCompleted() {
    stop();
  }

  @Override
  public void onError(Throwable cause) {
    broken();
  }

  private void broken() {
    if (!closed) {
      reader.breaks();
      close();
    }
  }

  private void close() {
    closed = true;
    loop.remove(this);
    reader.over();
  }
}
