package dev.loopgate.controller;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/// Calls that block, on other threads, a few at a time; what comes of them is told on the thread
/// that asked, when that says so. Confined to that thread.
///
/// What waits is bounded by who asks: each of its things has one call under way.
final class Calls {
  /// Is told what came of a call.
  interface Then<R> {
    void done(R result);

    void failed(Throwable cause);
  }

  private final int runningMax;
  private final Executor executor;
  private final Runnable wake;
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private final Queue<Runnable> ended = new ConcurrentLinkedQueue<>(); // of those that run
  private int running;

  /// None yet.
  ///
  /// @param runningMax so many at a time
  /// @param executor runs each on a thread that may block
  /// @param wake there is something to [#deliver]; called on those threads
  Calls(int runningMax, Executor executor, Runnable wake) {
    this.runningMax = runningMax;
    this.executor = executor;
    this.wake = wake;
  }

  /// Makes a call when others have made room for it.
  <R> void call(Callable<R> work, Then<R> then) {
    waiting.add(() -> run(work, then));
    startSome();
  }

  /// Tells what came of those that have ended.
  void deliver() {
    Runnable end = ended.poll();
    while (end != null) {
      running--;
      end.run();
      end = ended.poll();
    }
    startSome();
  }

  private void startSome() {
    while (running < runningMax && !waiting.isEmpty()) {
      running++;
      executor.execute(waiting.remove());
    }
  }

  private <R> void run(Callable<R> work, Then<R> then) {
    Runnable end;
    try {
      R result = work.call();
      end = () -> then.done(result);
    } catch (Exception | Error e) { // or who asked would wait for ever
      end = () -> then.failed(e);
    }
    ended.add(end);
    wake.run();
  }
}
