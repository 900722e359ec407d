package dev.loopgate.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Runs a model server as a child process of the gateway, in `<directory>`:
///
/// ```text
/// model.log, .1, .2   what it prints, both streams
/// replica.token       what its environment holds, written before it is started
/// replica.pid         who it is, for the next life of the gateway
/// work/               its working directory
/// ```
///
/// One thread, `model-<id>`, starts it, waits for its end and starts it again; another,
/// `model-<id>-log`, drains its output. Any thread may call the methods.
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

  private static final String LOOPGATE = "LOOPGATE_";

  private final ProcessSpec spec;
  private final RuntimeEvents events;
  private final LongSupplier nanos;
  private final Path pidFile;
  private final Path tokenFile;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final ReentrantLock lock = new ReentrantLock(); // a start against a stop
  private @Nullable Thread keeper; // guarded by the lock: once started, until the end
  private volatile @Nullable Process process; // written under the lock; what runs now
  private volatile State state = State.STOPPED;

  /// A host that does nothing yet.
  ///
  /// @param nanos monotonic nanoseconds, to tell a crash loop from a death after long work
  public ProcessHost(ProcessSpec spec, RuntimeEvents events, LongSupplier nanos) {
    this.spec = spec;
    this.events = events;
    this.nanos = nanos;
    this.pidFile = spec.directory().resolve("replica.pid");
    this.tokenFile = spec.directory().resolve("replica.token");
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
      Process running = process;
      if (running != null) {
        Optional<ProcessIdentity> identity = ProcessIdentity.of(running.pid());
        if (identity.isPresent()) {
          ProcessGroup.end(identity.get(), spec.limits().grace());
        }
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

  /// Ends what an earlier life of this gateway left running, and never another process that got its
  /// number.
  private void endOrphan() throws InterruptedException {
    try {
      Optional<ProcessIdentity> left = ProcessIdentity.read(pidFile);
      if (left.isPresent() && left.get().isAlive()) {
        endOrphan(left.get());
      }
      // A life that was killed between the start of its server and the line about it: and what a
      // server started outside of its group.
      Optional<ReplicaToken> token = ReplicaToken.read(tokenFile);
      if (token.isPresent()) {
        for (ProcessIdentity holder : token.get().holders()) {
          if (holder.isAlive()) { // not ended with another one
            endOrphan(holder);
          }
        }
      }
    } catch (IOException e) {
      events.replicaNotStarted(spec.deployment(), e, Duration.ZERO);
    }
  }

  private void endOrphan(ProcessIdentity left) throws InterruptedException {
    ProcessGroup.end(left, spec.limits().grace());
    events.orphanEnded(spec.deployment(), left.pid());
  }

  /// Starts the server and waits for its end; false when it could not be started.
  private boolean runOnce(Duration pause) throws InterruptedException {
    Process running;
    lock.lock();
    try {
      if (stopping.getCount() == 0) {
        return false;
      }
      running = launch();
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
    ProcessGroup.endOrphansOf(running.pid());
    if (stopping.getCount() == 0) {
      events.replicaStopped(spec.deployment(), exitCode);
    } else {
      events.replicaDied(spec.deployment(), exitCode, pause);
    }
    forget();
    return true;
  }

  private Process launch() throws IOException {
    Path program = Path.of(spec.command().getFirst());
    if (program.isAbsolute()
        && !Files.isExecutable(program)) { // else setsid would only say so in the log
      throw new IOException("command: program=" + program + " is not an executable file");
    }
    Path work = Files.createDirectories(spec.directory().resolve("work"));
    ProcessBuilder builder =
        new ProcessBuilder(ProcessGroup.leading(spec.command()))
            .directory(work.toFile())
            .redirectErrorStream(true);
    tell(spec, builder.environment());
    builder.environment().put(ReplicaToken.VARIABLE, ReplicaToken.write(tokenFile).value());
    RotatingLog log =
        RotatingLog.open(spec.directory().resolve("model.log"), spec.limits().logBytesMax());
    Process started;
    try {
      started = builder.start();
      remember(started);
    } catch (IOException e) {
      log.close();
      throw e;
    }
    Thread.ofVirtual()
        .name("model-" + spec.deployment() + "-log")
        .start(() -> drain(started.getInputStream(), log));
    started.getOutputStream().close();
    return started;
  }

  /// Turns the gateway's environment into the server's.
  static void tell(ProcessSpec spec, Map<String, String> environment) {
    environment.keySet().removeIf(name -> name.startsWith(LOOPGATE)); // may hold secrets of ours
    environment.put("PORT", Integer.toString(spec.port()));
    environment.put("MODEL_PORT", Integer.toString(spec.port()));
    environment.put("MODEL_HOST", "127.0.0.1");
    environment.put("MODEL_ID", spec.deployment());
    environment.putAll(spec.environment());
  }

  /// A server that nobody could end after our death must not run at all.
  private void remember(Process started) throws IOException {
    try {
      Optional<ProcessIdentity> identity = ProcessIdentity.of(started.pid());
      if (identity.isPresent()) {
        Files.writeString(pidFile, identity.get().toText());
      }
    } catch (IOException e) {
      started.destroyForcibly();
      throw e;
    }
  }

  private void forget() {
    try {
      Files.deleteIfExists(pidFile);
      Files.deleteIfExists(tokenFile);
    } catch (IOException _) {
      // they name a process that is dead: harmless, overwritten by the next start
    }
  }

  /// Reads to the end whatever happens to the log: a server must not block on a full pipe.
  private void drain(InputStream output, RotatingLog log) {
    byte[] chunk = new byte[8192];
    boolean isLogged = true;
    try (output;
        log) {
      for (int count = output.read(chunk); count >= 0; count = output.read(chunk)) {
        try {
          if (isLogged) {
            log.write(chunk, count);
          }
        } catch (IOException e) {
          isLogged = false;
          events.replicaLogFailed(spec.deployment(), e);
        }
      }
    } catch (IOException e) {
      if (isLogged && process != null) { // at its end the pipe may close under us
        events.replicaLogFailed(spec.deployment(), e);
      }
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
