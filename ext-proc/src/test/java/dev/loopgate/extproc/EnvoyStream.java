package dev.loopgate.extproc;

import io.envoyproxy.envoy.service.ext_proc.v3.ExternalProcessorGrpc;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One stream as Envoy opens it, observing or waiting for each answer.
final class EnvoyStream implements ClientResponseObserver<ProcessingRequest, ProcessingResponse> {
  private static final long WAIT_MILLIS = 20_000;

  private final boolean observer;
  private final List<ProcessingResponse> replies = new ArrayList<>();
  private @Nullable ClientCallStreamObserver<ProcessingRequest> call;
  private @Nullable Status ended;

  private EnvoyStream(boolean observer) {
    this.observer = observer;
  }

  static EnvoyStream observing(Channel channel) {
    return open(channel, true);
  }

  static EnvoyStream waiting(Channel channel) {
    return open(channel, false);
  }

  private static EnvoyStream open(Channel channel, boolean observer) {
    EnvoyStream stream = new EnvoyStream(observer);
    ExternalProcessorGrpc.newStub(channel).process(stream);
    return stream;
  }

  /// Shows messages; where Envoy would wait, the answer to each.
  EnvoyStream show(ProcessingRequest.Builder... messages) throws InterruptedException {
    for (ProcessingRequest.Builder message : messages) {
      int before = replies();
      call().onNext(message.setObservabilityMode(observer).build());
      if (!observer) {
        awaitReply(before + 1);
      }
    }
    return this;
  }

  /// Envoy half-closes, as it does where nothing more is to be shown.
  void complete() {
    call().onCompleted();
  }

  /// Envoy resets the stream.
  void cancel() {
    call().cancel("reset", null);
  }

  synchronized int replies() {
    return replies.size();
  }

  synchronized List<ProcessingResponse.ResponseCase> replyKinds() {
    return replies.stream().map(ProcessingResponse::getResponseCase).toList();
  }

  synchronized void awaitReply(int count) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
    while (replies.size() < count && ended == null && System.nanoTime() - deadline < 0) {
      wait(50);
    }
  }

  /// Waits until the stream is ended by the other side; how.
  synchronized Status.Code awaitEnd() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
    while (ended == null && System.nanoTime() - deadline < 0) {
      wait(50);
    }
    if (ended == null) {
      throw new AssertionError("the stream is still open");
    }
    return ended.getCode();
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<ProcessingRequest> requests) {
    call = requests;
  }

  @Override
  public synchronized void onNext(ProcessingResponse reply) {
    replies.add(reply);
    notifyAll();
  }

  @Override
  public synchronized void onError(Throwable cause) {
    ended = Status.fromThrowable(cause);
    notifyAll();
  }

  @Override
  public synchronized void onCompleted() {
    ended = Status.OK;
    notifyAll();
  }

  private ClientCallStreamObserver<ProcessingRequest> call() {
    ClientCallStreamObserver<ProcessingRequest> open = call;
    if (open == null) {
      throw new IllegalStateException("stream: not open");
    }
    return open;
  }
}
