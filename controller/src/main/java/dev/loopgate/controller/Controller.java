package dev.loopgate.controller;

import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.Gateways;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.ModelHost;
import dev.loopgate.fleet.ModelReader;
import dev.loopgate.fleet.ModelReader.ModelCard;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/// Brings what runs to what is declared, and says what it saw: one thread named `controller`
/// decides. Any thread.
///
/// It tells host and gateways only what differs from what they were told, and writes a status only
/// when it differs from what is kept. What it forgets with its process is told again at the next
/// start.
public final class Controller {
  /// Whom it asks and tells.
  ///
  /// @param store what is declared
  /// @param host where it runs; nobody else applies, scales or removes
  /// @param reader asks servers what they are
  /// @param gateways who serves it
  public record Seams(DeclaredStore store, ModelHost host, ModelReader reader, Gateways gateways) {}

  /// What passes outside.
  ///
  /// @param nanos a clock that only goes forward
  /// @param random for the jitter of pauses
  /// @param events is told what happens
  public record World(LongSupplier nanos, RandomGenerator random, ControllerEvents events) {}

  private static final int WRITES_MAX = 8; // at a time: a store takes one after the other anyway
  private static final int READINGS_MAX = 32; // at a time: servers may take seconds to answer
  private static final Duration END = Duration.ofSeconds(10); // for writes that are under way

  private final ControllerEvents events;
  private final LongSupplier nanos;
  private final ModelCards cards;
  private final Set<Thread> writers = ConcurrentHashMap.newKeySet();
  private final Set<Thread> readers = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean told = new AtomicBoolean();
  private final Thread thread;
  private volatile boolean isClosed;

  private Controller(Seams seams, String edge, ModelCards cards, World world) {
    this.cards = cards;
    this.events = world.events();
    this.nanos = world.nanos();
    this.thread =
        Thread.ofPlatform()
            .name("controller")
            .daemon(true)
            .unstarted(() -> {
              Shared shared =
                  new Shared(
                      seams,
                      edge,
                      Pace.DEFAULT,
                      world.nanos(),
                      world.random(),
                      new WorkQueue(world.nanos().getAsLong()),
                      new Calls(WRITES_MAX, work -> start(work, writers), this::wake),
                      new Calls(READINGS_MAX, work -> start(work, readers), this::wake),
                      cards,
                      events);
              run(shared);
            });
  }

  /// Begins.
  ///
  /// @param edge how callers reach the gateways, `http[s]://host[:port][/path]`: the start of each
  ///   route's URL
  /// @param said a directory of its own, made when it is not there: what models said of themselves
  /// @throws IOException when the directory can't be used
  public static Controller start(Seams seams, String edge, Path said, World world)
      throws IOException {
    ModelCards cards =
        ModelCards.open(
            new CardFolder(new MachineFiles(), said),
            ModelCards.DOCUMENT_CHARS_MAX,
            id -> seams.store().get(Kind.DEPLOYMENT, id).isPresent());
    Controller controller = new Controller(seams, edge, cards, world);
    controller.thread.start();
    return controller;
  }

  /// What the models of deployments say of themselves, by deployment in the order of ids, also of
  /// those that sleep, and of those that were awake in an earlier life. Documents together are
  /// bounded; one that has no room is left out.
  public Map<String, ModelCard> cards() {
    return cards.all();
  }

  /// Decides nothing any more: once this returns, host, gateways and reader are told and asked
  /// nothing, and no write is under way but one that the store takes more than ten seconds for.
  /// What runs goes on.
  public void close() throws InterruptedException {
    isClosed = true;
    wake();
    long end = nanos.getAsLong() + END.toNanos();
    join(Set.of(thread), end);
    readers.forEach(Thread::interrupt); // nobody waits for what they learn
    join(writers, end);
    join(readers, end);
  }

  private void join(Set<Thread> threads, long end) throws InterruptedException {
    for (Thread each : threads) {
      each.join(Duration.ofNanos(Math.max(0, end - nanos.getAsLong())));
    }
  }

  private void run(Shared shared) {
    BackOff trouble = shared.backOff();
    try (Reconciler reconciler = new Reconciler(shared, this::wake)) {
      while (!isClosed) {
        long pause;
        try {
          pause = reconciler.round();
          trouble.succeeded();
        } catch (RuntimeException e) {
          events.failed(e);
          trouble.failed(shared.now());
          pause = trouble.openAt() - shared.now();
        }
        if (!told.getAndSet(false) && pause > 0) {
          LockSupport.parkNanos(this, pause);
        }
      }
    }
  }

  private void wake() {
    told.set(true);
    LockSupport.unpark(thread);
  }

  private static void start(Runnable work, Set<Thread> running) {
    Thread call =
        Thread.ofVirtual()
            .name("controller-call")
            .unstarted(() -> {
              try {
                work.run();
              } finally {
                running.remove(Thread.currentThread());
              }
            });
    running.add(call);
    call.start();
  }
}
