package dev.loopgate.app;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// SIGTERM or SIGINT, turned into a call that returns. The JVM's way to end is kept waiting until
/// [#closed] is told, and then ends with the code given there; a second signal changes nothing.
final class TerminationSignal {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile int code;

  private TerminationSignal() {}

  /// Listens from now on.
  ///
  /// @param patience at most this long after the signal the process lives, whatever hangs
  static TerminationSignal install(Duration patience) {
    TerminationSignal signal = new TerminationSignal();
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform().name("termination").unstarted(() -> signal.ended(patience)));
    return signal;
  }

  /// Returns once a signal came.
  void await() throws InterruptedException {
    asked.await();
  }

  /// Returns once a signal came, or after `limit`.
  ///
  /// @return whether one came
  boolean await(Duration limit) throws InterruptedException {
    return asked.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /// All is closed: the process may end with this code.
  void closed(int exitCode) {
    code = exitCode;
    closed.countDown();
  }

  private void ended(Duration patience) {
    asked.countDown();
    try {
      if (!closed.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        Runtime.getRuntime().halt(1);
      }
    } catch (InterruptedException _) {
      return; // nobody interrupts a hook; the JVM's own code is as good
    }
    // Else a signal's own number would be the code, though all was closed as asked.
    Runtime.getRuntime().halt(code);
  }
}
