package dev.loopgate.runtime;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A model server as a container of a Docker Engine. Two threads of its own, `model-<id>-exit` and
/// `model-<id>-log`, wait for its end and copy what it prints; while the Engine is away they ask
/// again and again, and what nobody can say is no death. Any thread may call the methods.
final class ModelContainer implements ModelServer {
  private static final Duration PAUSE = Duration.ofMillis(250); // between two questions
  private static final int SHOWN_DIGITS = 12;
  private static final int KILLED = 137;

  /// How it ended.
  private record Exit(int code, String words) {}

  private final DockerEngine engine;
  private final String id;
  private final String memory; // its limit, as it was declared
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Map<EngineCall, Boolean> calls = new ConcurrentHashMap<>(); // at most two
  private volatile boolean isOutOfReach; // whoever ended it could not
  private final CountDownLatch logged = new CountDownLatch(1);

  private ModelContainer(DockerEngine engine, String id, String memory) {
    this.engine = engine;
    this.id = id;
    this.memory = memory;
  }

  /// Looks after a container that was started.
  ///
  /// @param deployment whose it is
  /// @param memory its limit, for people; empty for none
  /// @param log closed in the end
  static ModelContainer of(
      DockerEngine engine,
      String id,
      String deployment,
      String memory,
      RotatingLog log,
      RuntimeEvents events) {
    ModelContainer container = new ModelContainer(engine, id, memory);
    Thread.ofVirtual().name("model-" + deployment + "-exit").start(container::awaitExit);
    Thread.ofVirtual()
        .name("model-" + deployment + "-log")
        .start(() -> container.follow(log, deployment, events));
    return container;
  }

  @Override
  public String shown() {
    return "container " + id.substring(0, SHOWN_DIGITS);
  }

  @Override
  public boolean isAlive() {
    return !exit.isDone();
  }

  @Override
  public void onExit(Runnable action) {
    var _ = exit.thenRun(action); // nobody waits for what it does
  }

  /// What could not be told to end is not waited for.
  @Override
  public void waitFor(Duration atMost) throws InterruptedException {
    if (isOutOfReach) {
      return;
    }
    try {
      exit.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      // whoever waits goes on
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public int exitCode() {
    Exit now = exit.getNow(null);
    return now == null ? -1 : now.code();
  }

  @Override
  public String ending() {
    Exit now = exit.getNow(null);
    return now == null ? "does not answer" : now.words();
  }

  /// An Engine that is away ends nothing: what is left is looked for when the replica is disposed.
  @Override
  public void end(Duration grace) throws InterruptedException {
    if (!isAlive()) {
      return;
    }
    try {
      engine.ping(); // so that one that is away costs no more than that
      stop(grace);
    } catch (IOException _) {
      isOutOfReach = true;
    }
  }

  private void stop(Duration grace) throws IOException {
    try {
      engine.stop(id, grace);
    } catch (EngineException _) {
      engine.kill(id);
    }
  }

  @Override
  public void awaitLog(Duration atMost) throws InterruptedException {
    boolean _ = logged.await(atMost.toNanos(), TimeUnit.NANOSECONDS); // what is there is read
  }

  @Override
  public void close() {
    closed.countDown();
    calls.keySet().forEach(EngineCall::close);
  }

  private void awaitExit() {
    try {
      do {
        waitUntilItMayHaveEnded();
        look();
      } while (!exit.isDone() && !closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody interrupts this thread
    }
  }

  private void waitUntilItMayHaveEnded() {
    try (EngineCall call = engine.open();
        Closeable _ = under(call)) {
      engine.awaitExit(call, id);
    } catch (IOException _) {
      // the Engine went, or it is asked again
    }
  }

  private void look() {
    try {
      DockerEngine.Seen seen = engine.inspect(id);
      if (!seen.isRunning()) {
        exit.complete(
            new Exit(
                seen.exitCode(),
                seen.isOutOfMemory()
                    ? "ran out of memory, limit=" + (memory.isEmpty() ? "none" : memory)
                    : "ended with exit code " + seen.exitCode()));
      }
    } catch (EngineException e) {
      if (e.isNotFound()) {
        exit.complete(new Exit(KILLED, "was removed by somebody else"));
      }
    } catch (IOException _) {
      // asked again
    }
  }

  private void follow(RotatingLog log, String deployment, RuntimeEvents events) {
    FramedLog frames = new FramedLog(log);
    try (log) {
      boolean isLast = false;
      while (!isLast) {
        isLast = exit.isDone(); // before it is read: what came after a break is still to be read
        read(frames);
        isLast |= closed.await(isLast ? 0 : PAUSE.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (IOException | FramedLog.LogException e) {
      events.replicaLogFailed(deployment, e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody interrupts this thread
    } finally {
      logged.countDown();
    }
  }

  private void read(FramedLog frames) throws FramedLog.LogException {
    try (EngineCall call = engine.open();
        Closeable _ = under(call)) {
      frames.copy(engine.log(call, id, frames.since()));
    } catch (IOException _) {
      // the Engine went, or it is asked again
    }
  }

  /// Keeps the call among those that [#close] ends.
  private Closeable under(EngineCall call) {
    calls.put(call, true);
    if (closed.getCount() == 0) {
      call.close();
    }
    return () -> calls.remove(call);
  }
}
