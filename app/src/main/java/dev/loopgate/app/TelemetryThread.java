package dev.loopgate.app;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/// The thread named `telemetry`: writes expositions and holds the clock to the wall, once a second.
/// A bounded queue: scrapes beyond it are refused.
final class TelemetryThread implements Executor, AutoCloseable {
  private static final int QUEUE_MAX = 16;
  private static final Duration TICK = Duration.ofSeconds(1);

  private final ArrayBlockingQueue<Runnable> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
  private final GuardedClock clock;
  private final LogLines log;
  private final Thread thread;
  private volatile boolean stopped;

  private TelemetryThread(GuardedClock clock, LogLines log) {
    this.clock = clock;
    this.log = log;
    this.thread = Thread.ofPlatform().name("telemetry").daemon(true).unstarted(this::run);
  }

  static TelemetryThread start(GuardedClock clock, LogLines log) {
    TelemetryThread telemetry = new TelemetryThread(clock, log);
    telemetry.thread.start();
    return telemetry;
  }

  @Override
  public void execute(Runnable task) {
    if (stopped || !queue.offer(task)) {
      throw new RejectedExecutionException("telemetry: queue=" + QUEUE_MAX);
    }
  }

  private void run() {
    long stepsBefore = 0;
    long adjustedAt = clock.nanos();
    while (!stopped) {
      try {
        Runnable task = queue.poll(TICK.toMillis(), TimeUnit.MILLISECONDS);
        if (task != null) {
          task.run();
        }
        if (clock.nanos() - adjustedAt >= TICK.toNanos()) {
          adjustedAt = clock.nanos();
          clock.adjust();
          stepsBefore = tellStep(stepsBefore);
        }
      } catch (InterruptedException _) {
        return; // closing
      } catch (RuntimeException e) {
        log.repeated(LogLines.Level.ERROR, "app", "telemetry", "a bug in telemetry: " + e);
      }
    }
  }

  private long tellStep(long before) {
    long steps = clock.steps();
    if (steps != before) {
      log.line(
          LogLines.Level.WARN,
          "app",
          "the wall clock was set by more than a minute; hours of records follow it");
    }
    return steps;
  }

  @Override
  public void close() {
    stopped = true;
    thread.interrupt();
  }
}
