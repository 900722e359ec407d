package dev.loopgate.api;

import dev.loopgate.fleet.StoreException;
import java.util.function.Consumer;

/// Answers requests on [HandlerThreads], each exactly once, whatever comes of it. Any thread.
final class AnsweringThreads implements AutoCloseable {
  /// What a request is answered.
  @FunctionalInterface
  interface Answering {
    ApiReply reply() throws ProblemException, StoreException;
  }

  private final HandlerThreads threads = new HandlerThreads();
  private final ApiEvents events;

  AnsweringThreads(ApiEvents events) {
    this.events = events;
  }

  /// Answers one request.
  ///
  /// @param bytes of its body, which is held meanwhile
  /// @param reply told before this returns, or on a thread of this room, or on the one that closes
  void answer(int bytes, Answering answering, Consumer<ApiReply> reply) {
    threads.submit(bytes, () -> tell(reply, replyOf(answering)), () -> tell(reply, overloaded()));
  }

  /// Tells what is known without any thread.
  void tell(Consumer<ApiReply> reply, ApiReply answered) {
    try {
      reply.accept(answered);
    } catch (RuntimeException e) {
      events.failed(e); // who takes answers has a bug: there is nobody else to tell
    }
  }

  /// Requests that wait are answered 503, and those that come.
  @Override
  public void close() {
    threads.close();
  }

  private ApiReply overloaded() {
    events.overloaded();
    return new Problem(503, "too many requests wait").reply().with("retry-after", "1");
  }

  private ApiReply replyOf(Answering answering) {
    try {
      return answering.reply();
    } catch (ProblemException e) {
      return e.problem().reply();
    } catch (StoreException e) {
      events.storeFailed(e);
      return new Problem(
              500,
              e.isUncertain()
                  ? "it is not known whether the change was kept"
                  : "the change could not be kept")
          .reply();
    } catch (RuntimeException | Error e) { // whoever asks would else wait for ever
      events.failed(e);
      return new Problem(500, "the gateway has failed").reply();
    }
  }
}
