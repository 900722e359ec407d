package dev.loopgate.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// Turns Netty's leak reports, which are only log lines, into a failure.
///
/// Netty reports a leak when the next buffer is allocated after the leaked one was collected: hence the
/// rounds of collecting and allocating before the verdict.
public final class NoLeaks implements AutoCloseable {
  private static final int ROUNDS = 5;

  // Held strongly: the log manager does not.
  private final Logger logger = Logger.getLogger("io.netty.util.ResourceLeakDetector");
  private final List<String> leaks = new CopyOnWriteArrayList<>();
  private final Runnable allocate;
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          if (entry.getMessage().contains("LEAK")) {
            leaks.add(entry.getMessage());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private NoLeaks(Runnable allocate) {
    this.allocate = allocate;
  }

  /// Watches from now until [#close].
  ///
  /// @param allocate allocates and releases some buffers from the allocators in use
  public static NoLeaks watch(Runnable allocate) {
    NoLeaks watching = new NoLeaks(allocate);
    watching.logger.addHandler(watching.handler);
    return watching;
  }

  /// @throws AssertionError when something leaked since [#watch]
  @Override
  public void close() {
    for (int round = 0; round < ROUNDS; round++) {
      System.gc();
      allocate.run();
    }
    logger.removeHandler(handler);
    if (!leaks.isEmpty()) {
      throw new AssertionError("leaks: count=" + leaks.size() + "\n" + leaks.getFirst());
    }
  }
}
