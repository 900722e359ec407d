package dev.loopgate.runtime;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Keeps one model server running as a child process of the gateway, in a directory of its own. One
/// thread, `model-<id>`, starts it, waits for its end and starts it again. Any thread may call the
/// methods.
public final class ProcessHost {
  /// What its one process is doing.
  public enum State {
    /// Not started, or stopped on demand.
    STOPPED,
    /// Its server runs; whether it answers is for a probe to say.
    RUNNING,
    /// It died or could not be started, and is started again after a pause.
    BACKING_OFF
  }

  private final ProcessSpec spec;
  private final RuntimeEvents events;
  private final LongSupplier nanos;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final ReentrantLock lock = new ReentrantLock(); // a start against a stop
  private @Nullable Thread keeper; // guarded by the lock: once started, until the end
  private volatile @Nullable ModelProcess process; // written under the lock; what runs now
  private volatile State state = State.STOPPED;

  /// A host that does nothing yet.
  ///
  /// @param nanos monotonic nanoseconds, to tell a crash loop from a death after long work
  public ProcessHost(ProcessSpec spec, RuntimeEvents events, LongSupplier nanos) {
    this.spec = spec;
    this.events = events;
    this.nanos = nanos;
  }

  /// A port of 127.0.0.1 that is free at this moment. Somebody else may take it before it is used:
  /// the server then dies, is started again, and the events say so.
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  /// Starts the process and returns at once; started already, nothing happens. A host that was
  /// stopped is not started again.
  public void start() {
    lock.lock();
    try {
      if (keeper == null && stopping.getCount() > 0) {
        keeper = Thread.ofPlatform().daemon().name("model-" + spec.deployment()).start(this::keep);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Its state at this moment.
  public State observe() {
    return state;
  }

  /// Stops the process, by force after its grace, and returns when it is gone.
  public void stop() {
    Thread waitedFor;
    lock.lock();
    try {
      stopping.countDown();
      waitedFor = keeper;
    } finally {
      lock.unlock();
    }
    try {
      ModelProcess running = process;
      if (running != null) {
        running.end(spec.limits().grace());
      }
      if (waitedFor != null) {
        waitedFor.join();
      }
    } catch (InterruptedException _) {
      Thread.currentThread()
          .interrupt(); // the caller is in a hurry: the next start ends what is left
    }
  }

  private void keep() {
    try {
      endOrphan();
      Duration pause = spec.limits().pauseMin();
      do {
        long startedAt = nanos.getAsLong();
        boolean hasRun = runOnce(pause);
        state = State.BACKING_OFF;
        boolean ranLong = nanos.getAsLong() - startedAt > spec.limits().pauseMax().toNanos();
        if (hasRun && ranLong) {
          pause = spec.limits().pauseMin();
        }
        if (stopping.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
          break;
        }
        pause = shorter(pause.multipliedBy(2), spec.limits().pauseMax());
      } while (true);
    } catch (InterruptedException _) {
      Thread.currentThread()
          .interrupt(); // nobody interrupts this thread; if so, it ends as by stop
    } finally {
      state = State.STOPPED;
    }
  }

  private void endOrphan() throws InterruptedException {
    try {
      ModelProcess.endLeft(
          spec.directory(),
          spec.limits().grace(),
          pid -> events.orphanEnded(spec.deployment(), pid));
    } catch (IOException e) {
      events.replicaNotStarted(spec.deployment(), e, Duration.ZERO);
    }
  }

  /// Starts the server and waits for its end; false when it could not be started.
  private boolean runOnce(Duration pause) throws InterruptedException {
    ModelProcess running;
    lock.lock();
    try {
      if (stopping.getCount() == 0) {
        return false;
      }
      running = ModelProcess.start(spec, events);
      process = running;
      state = State.RUNNING;
    } catch (IOException e) {
      events.replicaNotStarted(spec.deployment(), e, pause);
      return false;
    } finally {
      lock.unlock();
    }
    events.replicaStarted(spec.deployment(), running.pid());
    int exitCode = running.waitFor();
    process = null;
    if (stopping.getCount() == 0) {
      events.replicaStopped(spec.deployment(), exitCode);
    } else {
      events.replicaDied(spec.deployment(), exitCode, pause);
    }
    running.forget();
    return true;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
