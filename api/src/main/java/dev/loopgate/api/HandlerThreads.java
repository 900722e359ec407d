package dev.loopgate.api;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Handles requests on virtual threads named `api-*`, which may block. Any thread.
///
/// Bounded: so many at a time, so many that wait, and so many bytes of their bodies. What is beyond
/// is refused at once.
final class HandlerThreads implements AutoCloseable {
  /// Requests that are handled at a time.
  static final int RUNNING_MAX = 64;

  /// Requests that wait for a thread at most.
  static final int WAITING_MAX = 1_024;

  /// Bytes of the bodies of all of them at most.
  static final long BYTES_MAX = 16 << 20;

  private static final long END_WITHIN_SECONDS = 10;

  /// A request.
  ///
  /// @param bytes of its body
  /// @param handling throws nothing
  /// @param refusing instead of it, told on the thread of who asks or closes
  private record Handled(AtomicLong held, int bytes, Runnable handling, Runnable refusing)
      implements Runnable {
    @Override
    public void run() {
      try {
        handling.run();
      } finally {
        held.addAndGet(-bytes);
      }
    }

    void refuse() {
      held.addAndGet(-bytes);
      refusing.run();
    }
  }

  private final BlockingQueue<Runnable> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
  private final AtomicLong held = new AtomicLong();
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          RUNNING_MAX,
          RUNNING_MAX,
          1,
          TimeUnit.SECONDS,
          waiting,
          Thread.ofVirtual().name("api-", 0).factory());

  HandlerThreads() {
    threads.allowCoreThreadTimeOut(true);
  }

  /// Runs one of both, once.
  ///
  /// @param bytes of the body that is held meanwhile
  /// @param handling throws nothing
  /// @param refusing before this returns, or when it is closed: must not block
  void submit(int bytes, Runnable handling, Runnable refusing) {
    Handled request = new Handled(held, bytes, handling, refusing);
    if (held.addAndGet(bytes) > BYTES_MAX) {
      request.refuse();
      return;
    }
    try {
      threads.execute(request);
    } catch (RejectedExecutionException _) {
      request.refuse(); // as much waits as may, or it is closed
    }
  }

  /// What waits is refused; what is being handled may end, for 10 s. Nothing is interrupted: who is
  /// interrupted at a file closes it.
  @Override
  public void close() {
    List<Runnable> left = new ArrayList<>();
    waiting.drainTo(left);
    threads.shutdown();
    left.forEach(each -> ((Handled) each).refuse());
    try {
      boolean _ = threads.awaitTermination(END_WITHIN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
