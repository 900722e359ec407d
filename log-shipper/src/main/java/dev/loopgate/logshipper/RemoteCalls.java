package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Asks a remote store, each call on a virtual thread named `store-call`, and waits for its answer,
/// bounded. Belongs to one thread and to those that [#uploadAll] starts for it.
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
  private final ThreadFactory threads;
  private final int atOnce;
  private final Set<Thread> asked = ConcurrentHashMap.newKeySet(); // at most `atOnce`
  private final Set<Thread> givenUp = ConcurrentHashMap.newKeySet(); // fewer than twice as many

  /// @param atOnce how many calls may wait for an answer at the same time
  RemoteCalls(int atOnce) {
    this(Thread.ofVirtual().name("store-call"), atOnce);
  }

  /// One call at a time, and on other threads than virtual ones: an interrupt must end what they
  /// wait for.
  RemoteCalls(Thread.Builder threads) {
    this(threads, 1);
  }

  private RemoteCalls(Thread.Builder threads, int atOnce) {
    this.threads = threads.factory();
    this.atOnce = atOnce;
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
    givenUp.removeIf(thread -> !thread.isAlive());
    if (givenUp.size() >= atOnce) {
      throw new IOException(what + ": an earlier call, given up, has not ended yet");
    }
    FutureTask<T> task = new FutureTask<>(call::ask);
    Thread thread = threads.newThread(task);
    asked.add(thread);
    try {
      thread.start();
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
    } finally {
      asked.remove(thread);
    }
  }

  /// Asks a store for all of these at once, each on a virtual thread named `store-upload`, and
  /// waits for all: as long as the slowest of them may take. Who is interrupted meanwhile leaves
  /// threads behind that may still look for what became of theirs, for minutes.
  ///
  /// @param uploads at most as many as may wait at the same time
  /// @return an outcome for each, in their order
  List<Upload.Outcome> uploadAll(List<Upload> uploads, ObjectStore store) throws IOException {
    if (uploads.size() == 1) {
      return List.of(uploads.getFirst().publish(store));
    }
    List<FutureTask<Upload.Outcome>> tasks = new ArrayList<>();
    for (Upload upload : uploads) {
      FutureTask<Upload.Outcome> task = new FutureTask<>(() -> upload.publish(store));
      tasks.add(task);
      Thread.ofVirtual().name("store-upload").start(task);
    }
    List<Upload.Outcome> outcomes = new ArrayList<>();
    for (FutureTask<Upload.Outcome> task : tasks) {
      outcomes.add(outcomeOf(task));
    }
    return outcomes;
  }

  private Upload.Outcome outcomeOf(FutureTask<Upload.Outcome> task) throws IOException {
    try {
      return task.get();
    } catch (InterruptedException _) {
      interrupt();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("uploads: interrupted");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException bug -> throw bug; // as a single upload's
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException("upload: " + e.getCause(), e);
      }
    }
  }

  /// Ends the calls that are under way. Any thread.
  void interrupt() {
    asked.forEach(Thread::interrupt);
  }

  private void giveUp(Thread thread) {
    thread.interrupt();
    givenUp.add(thread);
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
