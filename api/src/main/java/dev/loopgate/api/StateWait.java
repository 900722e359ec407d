package dev.loopgate.api;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Lets callers wait for what becomes of something they declared. Any thread that may block.
final class StateWait implements AutoCloseable {
  /// Who waits at a time: each has a thread of [HandlerThreads], of which others want some, too.
  static final int WAITING_MAX = HandlerThreads.RUNNING_MAX / 2;

  /// The longest wait: a door gives an answer up after 30 s.
  static final Duration WITHIN_MAX = Duration.ofSeconds(25);

  private static final long LOOK_EVERY_MILLIS = 50;

  private final LongSupplier nanos;
  private final Semaphore free = new Semaphore(WAITING_MAX);
  private final CountDownLatch closing = new CountDownLatch(1);

  /// @param nanos the monotonic clock
  StateWait(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /// A look at it.
  @FunctionalInterface
  interface Look {
    /// @return whether it is as it is waited for
    /// @throws ProblemException when it is gone
    boolean isSo() throws ProblemException;
  }

  /// Looks until it is so, time is over, or nobody is served any more.
  ///
  /// @throws ProblemException as [Look], and when as many wait as may
  void await(Duration within, Look look) throws ProblemException {
    if (look.isSo()) {
      return;
    }
    if (!free.tryAcquire()) {
      throw new Problem(503, "too many requests wait").thrown();
    }
    try {
      long deadline = nanos.getAsLong() + within.toNanos();
      while (nanos.getAsLong() - deadline < 0) {
        boolean isClosing = closing.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
        if (isClosing || look.isSo()) {
          return;
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody does; whoever asked is answered at once
    } finally {
      free.release();
    }
  }

  /// Nobody waits any more.
  @Override
  public void close() {
    closing.countDown();
  }
}
