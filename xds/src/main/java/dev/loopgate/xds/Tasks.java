package dev.loopgate.xds;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// What is to be done on the thread `xds`; a bug in one task is told and stops no other. Any
/// thread.
record Tasks(ScheduledExecutorService thread, XdsEvents events) {
  void run(Runnable task) {
    thread.execute(() -> guarded(task));
  }

  Future<?> after(Duration pause, Runnable task) {
    return thread.schedule(() -> guarded(task), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      events.failed(e);
    }
  }
}
