package dev.loopgate.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/// A model server that was started as a child of ours, in `<directory>`:
///
/// ```text
/// model.log, .1, .2   what it prints, both streams
/// replica.token       what its environment holds, written before it is started
/// replica.pid         who it is, for our next life
/// work/               its working directory
/// ```
///
/// A thread of its own, `model-<id>-log`, drains its output. Any thread may call the methods.
final class ModelProcess implements ModelServer {
  private static final String PID = "replica.pid";
  private static final String TOKEN = "replica.token";

  /// What the server prints; the files before it are called `.1` and `.2`.
  static final String LOG = "model.log";

  private static final String WORK = "work";
  private static final String LOOPGATE = "LOOPGATE_";
  private static final int DRAIN_STACK_BYTES = 128 << 10; // one for each server that runs

  private final Process process;
  private final Thread drain;

  private ModelProcess(Process process, Thread drain) {
    this.process = process;
    this.drain = drain;
  }

  /// Starts it; it need not answer yet.
  ///
  /// @throws IOException when it could not be started; [#endLeft] ends what may run of it all the
  ///   same
  static ModelProcess start(ProcessSpec spec, RuntimeEvents events) throws IOException {
    Path program = Path.of(spec.command().getFirst());
    if (program.isAbsolute()
        && !Files.isExecutable(program)) { // else setsid would only say so in the log
      throw new IOException("command: program=" + program + " is not an executable file");
    }
    Path work = Files.createDirectories(spec.directory().resolve(WORK));
    ProcessBuilder builder =
        new ProcessBuilder(ProcessGroup.leading(spec.command()))
            .directory(work.toFile())
            .redirectErrorStream(true);
    tell(spec, builder.environment());
    builder
        .environment()
        .put(ReplicaToken.VARIABLE, ReplicaToken.kept(spec.directory().resolve(TOKEN)).value());
    RotatingLog log = RotatingLog.open(spec.directory().resolve(LOG), spec.limits().logBytesMax());
    Process started;
    try {
      started = builder.start();
      remember(started, spec.directory());
    } catch (IOException e) {
      log.close();
      throw e;
    } catch (OutOfMemoryError e) { // no thread to wait for it, and it may run
      log.close();
      throw new IOException("no more threads: " + e.getMessage(), e);
    }
    // A virtual thread keeps its carrier while it reads a pipe.
    Thread drain =
        Thread.ofPlatform()
            .name("model-" + spec.deployment() + "-log")
            .daemon()
            .stackSize(DRAIN_STACK_BYTES)
            .start(() -> drain(started, log, spec.deployment(), events));
    closeInput(started);
    return new ModelProcess(started, drain);
  }

  private static void closeInput(Process started) {
    try {
      started.getOutputStream().close();
    } catch (IOException _) {
      // it has ended already
    }
  }

  /// Ends what an earlier life left running of the server of `directory`, and never another process
  /// that got its number.
  ///
  /// @param ended told the process id of each
  /// @throws IOException when what is written there can't be read
  static void endLeft(Path directory, Duration grace, LongConsumer ended)
      throws IOException, InterruptedException {
    Optional<ProcessIdentity> left = ProcessIdentity.read(directory.resolve(PID));
    if (left.isPresent() && left.get().isAlive()) {
      ProcessGroup.end(left.get(), grace);
      ended.accept(left.get().pid());
    }
    // A life that was killed between the start of its server and the line about it: and what a
    // server started outside of its group.
    Optional<ReplicaToken> token = ReplicaToken.read(directory.resolve(TOKEN));
    if (token.isPresent()) {
      for (ProcessIdentity holder : token.get().holders()) {
        if (holder.isAlive()) { // not ended with another one
          ProcessGroup.end(holder, grace);
          ended.accept(holder.pid());
        }
      }
    }
  }

  /// Whether a server of the directory runs all the same.
  static boolean isLeft(Path directory) throws IOException {
    return ProcessIdentity.read(directory.resolve(PID))
        .filter(ProcessIdentity::isAlive)
        .isPresent();
  }

  /// Turns our environment into the server's.
  static void tell(ProcessSpec spec, Map<String, String> environment) {
    environment.keySet().removeIf(name -> name.startsWith(LOOPGATE)); // may hold secrets of ours
    environment.put("PORT", Integer.toString(spec.port()));
    environment.put("MODEL_PORT", Integer.toString(spec.port()));
    environment.put("MODEL_HOST", "127.0.0.1");
    environment.put("MODEL_ID", spec.deployment());
    environment.putAll(spec.environment());
  }

  @Override
  public String shown() {
    return "pid " + process.pid();
  }

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void onExit(Runnable action) {
    var _ = process.onExit().thenRun(action); // nobody waits for what it does
  }

  /// What it left in its group is killed, too.
  @Override
  public void waitFor(Duration atMost) throws InterruptedException {
    if (process.waitFor(atMost)) {
      ProcessGroup.endOrphansOf(process.pid());
    }
  }

  @Override
  public int exitCode() {
    return process.isAlive() ? -1 : process.exitValue();
  }

  @Override
  public String ending() {
    return "ended with exit code " + exitCode();
  }

  @Override
  public void end(Duration grace) throws InterruptedException {
    Optional<ProcessIdentity> identity = ProcessIdentity.of(process.pid());
    if (identity.isPresent()) {
      ProcessGroup.end(identity.get(), grace);
    }
  }

  /// Whoever inherited its output may hold that open.
  @Override
  public void awaitLog(Duration atMost) throws InterruptedException {
    var _ = drain.join(atMost); // whole or not, what is there is read
  }

  @Override
  public void close() {
    // what drains its output ends with that
  }

  /// A server that nobody could end after our death must not run at all.
  private static void remember(Process started, Path directory) throws IOException {
    try {
      Optional<ProcessIdentity> identity = ProcessIdentity.of(started.pid());
      if (identity.isPresent()) {
        Files.writeString(directory.resolve(PID), identity.get().toText());
      }
    } catch (IOException e) {
      started.destroyForcibly();
      throw e;
    }
  }

  /// Reads to the end whatever happens to the log: a server must not block on a full pipe.
  private static void drain(
      Process from, RotatingLog log, String deployment, RuntimeEvents events) {
    byte[] chunk = new byte[8192];
    boolean isLogged = true;
    try (InputStream output = from.getInputStream();
        log) {
      for (int count = output.read(chunk); count >= 0; count = output.read(chunk)) {
        try {
          if (isLogged) {
            log.write(chunk, count);
          }
        } catch (IOException e) {
          isLogged = false;
          events.replicaLogFailed(deployment, e);
        }
      }
    } catch (IOException e) {
      if (isLogged && from.isAlive()) { // at its end the pipe may close under us
        events.replicaLogFailed(deployment, e);
      }
    }
  }
}
