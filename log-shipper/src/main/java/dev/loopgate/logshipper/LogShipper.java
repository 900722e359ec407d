package dev.loopgate.logshipper;

import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Ships the spool's log to a store, window by window, each entry exactly once in files.
///
/// `doWork` belongs to one thread, named `shipper` for the files, `shipper-NAME` for another sink;
/// it must never be interrupted: an interrupt closes a `FileChannel`. Everything else: any thread.
public final class LogShipper implements AutoCloseable {
  private static final long IDLE_NANOS = 20_000_000;
  // A sink that is refused is asked again after so many of the longest waits, and within so long.
  private static final int PROBE_WAITS = 5;
  private static final long SKIP_RETRY_NANOS = 5_000_000_000L;
  private static final long PROBE_NANOS_MAX = 300_000_000_000L;

  private final Shipping shipping;
  private final TimeSource time;
  private final ShipperEvents events;
  private final RetrySchedule retries;
  private final long probeNanos;
  private @Nullable Thread thread;
  private volatile boolean finishing;
  private volatile boolean stopped;
  private volatile boolean shippedAll;
  private volatile ShipperStatus status;
  private boolean waiting;
  private long retryAtNanos;
  private String parked = "";
  private boolean halted; // no probe helps
  private boolean skipFailed;
  private long skipAtNanos;

  LogShipper(ShipperConfig config, Shipping shipping, TimeSource time, ShipperEvents events) {
    this.shipping = shipping;
    this.time = time;
    this.events = events;
    this.retries =
        new RetrySchedule(
            config.retryFirst(), config.retryMax(), new SplittableRandom(time.nanos()));
    this.probeNanos = Math.min(PROBE_WAITS * config.retryMax().toNanos(), PROBE_NANOS_MAX);
    this.status = shipping.status(0, "");
  }

  /// What a shipper ships from, to, and by.
  ///
  /// @param reader of the spool that `spoolId` names
  /// @param spoolId 32 hex digits
  /// @param ofFleet models whose partitions always fit; asked on `shipper`
  public record Surroundings(
      SpoolReader reader,
      String spoolId,
      ObjectStore store,
      Predicate<ModelIdentity> ofFleet,
      TimeSource time,
      ShipperEvents events) {}

  /// Looks whether a shipper could go on here, before anything is opened; changes nothing.
  ///
  /// @throws IOException when the commit log can't be read; one line names the file and what to do
  public static void requireReadable(ShipperConfig config, String spoolId) throws IOException {
    CommitLog.find(new LocalFileTree(), config.commitDirectory(), spoolId);
  }

  /// Starts the thread of the sink, which goes on where an earlier process ended.
  ///
  /// @throws IOException when the commit log can't be read
  public static LogShipper start(ShipperConfig config, Surroundings around) throws IOException {
    LogShipper shipper = open(config, around, new LocalFileTree());
    String sink = config.sink().name();
    String suffix = sink.equals(ShipperConfig.Sink.FILES.name()) ? "" : '-' + sink;
    Thread thread = Thread.ofPlatform().name("shipper" + suffix).unstarted(shipper::run);
    shipper.thread = thread;
    thread.start();
    return shipper;
  }

  /// A shipper whose work the caller does.
  static LogShipper open(ShipperConfig config, Surroundings around, FileTree tree)
      throws IOException {
    Shipping shipping =
        Shipping.open(
            config,
            around,
            tree,
            new SplittableRandom(around.time().nanos() ^ around.spoolId().hashCode()));
    return new LogShipper(config, shipping, around.time(), around.events());
  }

  /// One step of the work; answers 0 when nothing is due.
  int doWork() {
    if (halted || (waiting && time.nanos() - retryAtNanos < 0)) {
      int skipped = skipIfBehind();
      status = shipping.status(retries.failures(), parked);
      return skipped;
    }
    int done = 0;
    try {
      done = shipping.step(finishing);
      wentWell();
    } catch (Shipping.HaltException e) {
      halted = true;
      park(String.valueOf(e.getMessage()));
    } catch (StoreRefusedException e) {
      park(String.valueOf(e.getMessage()));
      waitFor(probeNanos);
    } catch (IOException e) {
      if (shipping.hasMoved()) {
        retries.succeeded(); // else each failure among many files doubles the wait of them all
      }
      long wait = retries.failed();
      waitFor(wait);
      events.retrying("ship", e.toString(), wait);
    } catch (RuntimeException | VirtualMachineError e) {
      halt(e);
    }
    status = shipping.status(retries.failures(), parked);
    return done;
  }

  /// Whatever the sink waits for, what it may not keep waiting is given up.
  private int skipIfBehind() {
    if (skipFailed && time.nanos() - skipAtNanos < 0) {
      return 0;
    }
    try {
      boolean skipped = shipping.skipIfBehind();
      skipFailed = false;
      return skipped ? 1 : 0;
    } catch (IOException e) {
      skipFailed = true;
      skipAtNanos = time.nanos() + SKIP_RETRY_NANOS;
      events.retrying("skip", e.toString(), SKIP_RETRY_NANOS);
    } catch (RuntimeException | VirtualMachineError e) {
      halt(e);
    }
    return 0;
  }

  /// A bug of ours, or no memory: nothing more is done to what is kept.
  private void halt(Throwable why) {
    halted = true;
    park("shipper: " + why);
  }

  /// Asks for [#finish], without waiting.
  public void beginFinish() {
    finishing = true;
    LockSupport.unpark(thread);
  }

  /// Ships everything now, the manifests of all hours touched too, and ends the thread. The spool's
  /// intake must be closed. Answers whether all of it is in the store; what is not is shipped by
  /// the next process.
  ///
  /// @param deadline the longest this takes; a step that has begun may take longer, unwatched
  public boolean finish(Duration deadline) {
    finishing = true;
    awaitEnd(deadline);
    stopped = true;
    return shippedAll;
  }

  /// Asks for [#close], without waiting.
  public void beginClose() {
    stopped = true;
    LockSupport.unpark(thread);
  }

  /// Whether a [#finish] that was begun has come to its end with all of it in the store.
  public boolean hasShippedAll() {
    return shippedAll;
  }

  /// A look at this moment.
  public ShipperStatus status() {
    return status;
  }

  /// Ends the thread after the step it is at; what is not shipped is shipped by the next process.
  @Override
  public void close() {
    stopped = true;
    awaitEnd(Duration.ofSeconds(10));
  }

  private void run() {
    while (!stopped) {
      int done = doWork();
      if (finishing && (halted || shipping.isDone())) {
        shippedAll = !halted;
        break;
      }
      if (done == 0) {
        LockSupport.parkNanos(this, IDLE_NANOS);
      }
    }
    try {
      shipping.close();
    } catch (IOException e) {
      events.retrying("close", e.toString(), 0); // all that counts was forced before
    }
  }

  private void awaitEnd(Duration deadline) {
    Thread running = thread;
    if (running == null) {
      return;
    }
    LockSupport.unpark(running);
    try {
      running.join(deadline);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void wentWell() {
    waiting = false;
    retries.succeeded();
    if (!parked.isEmpty()) {
      parked = "";
      events.unparked();
    }
  }

  private void park(String message) {
    if (!parked.equals(message)) {
      events.parked(message);
    }
    parked = message;
  }

  private void waitFor(long nanos) {
    waiting = true;
    retryAtNanos = time.nanos() + nanos;
  }
}
