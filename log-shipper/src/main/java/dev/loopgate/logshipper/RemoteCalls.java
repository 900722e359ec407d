package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Asks a remote store, each call on a virtual thread named `store-call`, and waits for its answer,
/// bounded. Confined to one thread.
final class RemoteCalls {
  /*
   * A client's own timer interrupts the thread that called. The thread named `shipper` must never be:
   * an interrupt closes the `FileChannel` it is at. A virtual thread may be, and only there does it
   * help: a socket that a platform thread is blocked in takes no notice of an interrupt, a virtual
   * thread's is closed by it.
   *
   * A call that was given up may still reach the store. That is the commit protocol's business: the
   * key stays the same, and whatever landed is recognised.
   */
  private final Thread.Builder threads;
  private @Nullable Thread givenUp;
  private volatile @Nullable Thread asked;

  RemoteCalls() {
    this(Thread.ofVirtual().name("store-call"));
  }

  /// Calls on other threads than virtual ones: an interrupt must end what they wait for.
  RemoteCalls(Thread.Builder threads) {
    this.threads = threads;
  }

  /// One question.
  ///
  /// @param <T> the answer
  @FunctionalInterface
  interface Call<T> {
    T ask() throws IOException;
  }

  /// The answer.
  ///
  /// @param what for the message, when there is none
  /// @param within the longest that is waited; then the call is interrupted
  /// @throws IOException of the call, or that there was no answer; what else the call throws is one
  <T> T ask(String what, Duration within, Call<T> call) throws IOException {
    Thread before = givenUp;
    if (before != null && before.isAlive()) {
      throw new IOException(what + ": an earlier call, given up, has not ended yet");
    }
    FutureTask<T> task = new FutureTask<>(call::ask);
    Thread thread = threads.start(task);
    asked = thread;
    try {
      return task.get(within.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      giveUp(thread);
      throw new IOException(what + ": no answer within " + within.toSeconds() + " s", e);
    } catch (InterruptedException _) {
      giveUp(thread);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(what + ": interrupted");
    } catch (ExecutionException e) {
      throw unwrapped(what, e);
    }
  }

  /// Ends the call that is under way, if there is one. Any thread.
  void interrupt() {
    Thread thread = asked;
    if (thread != null) {
      thread.interrupt();
    }
  }

  private void giveUp(Thread thread) {
    thread.interrupt();
    givenUp = thread;
  }

  private static IOException unwrapped(String what, ExecutionException e) {
    return switch (e.getCause()) {
      case IOException failure -> failure;
      case VirtualMachineError error -> throw error;
      // Whatever else a client throws (of a file it can't read, bare ones) proves nothing either.
      case null, default -> new IOException(what + ": " + e.getCause(), e);
    };
  }
}
