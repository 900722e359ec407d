package dev.loopgate.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.fleet.Written;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.MemoryDeclaredStore;
import dev.loopgate.testkit.RecordedGateways;
import dev.loopgate.testkit.ScriptedHost;
import dev.loopgate.testkit.ScriptedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A reconciler among fakes, on the thread of its test, in the test's time.
final class Scene {
  static final String EDGE = "http://edge:8080";
  static final OptionalLong ANY = OptionalLong.empty();

  private static final int CARDS_MAX = 1 << 20;
  private static final int ROUNDS_MAX = 50_000;
  private static final long SEED = 20_261_127;

  final ManualTime time = ManualTime.at("2026-11-27T10:00:00Z");
  final ScriptedHost host = new ScriptedHost();
  final ScriptedReader reader = new ScriptedReader();
  final RecordedGateways gateways = new RecordedGateways();
  final RecordedEvents events = new RecordedEvents();
  final DeclaredStore declared;
  final CountedStore store;
  ModelCards cards = new ModelCards(CARDS_MAX);
  private final AtomicBoolean woken = new AtomicBoolean();
  private final Queue<Runnable> readings = new ArrayDeque<>();
  private boolean holdsReadings;
  private @Nullable Path said;
  private Reconciler reconciler;

  Scene() {
    this(new MemoryDeclaredStore(new ManualClock()));
  }

  Scene(DeclaredStore declared) {
    this.declared = declared;
    this.store = new CountedStore(declared);
    this.reconciler = reconciler();
  }

  MemoryDeclaredStore memory() {
    return (MemoryDeclaredStore) declared;
  }

  /// The next life of the controller, with the same store and a host that forgot.
  void restart() {
    reconciler.close();
    host.restart();
    Path folder = said;
    cards = folder == null ? new ModelCards(CARDS_MAX) : cardsOf(folder);
    reconciler = reconciler();
  }

  /// Restarts, and keeps from then on what models say.
  void keepCards(Path folder) {
    said = folder;
    restart();
  }

  private ModelCards cardsOf(Path folder) {
    try {
      return ModelCards.open(
          new CardFolder(new MachineFiles(), folder),
          CARDS_MAX,
          id -> declared.get(Kind.DEPLOYMENT, id).isPresent());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Reconciler reconciler() {
    Runnable wake = () -> woken.set(true);
    return new Reconciler(
        new Shared(
            new Controller.Seams(store, host, reader, gateways),
            EDGE,
            Pace.DEFAULT,
            time::nanos,
            new Random(SEED),
            new WorkQueue(time.nanos()),
            new Calls(2_000, Runnable::run, wake),
            new Calls(2_000, this::read, wake),
            cards,
            events),
        wake);
  }

  /// No server is asked before [#readNow].
  void holdReadings() {
    holdsReadings = true;
  }

  /// Servers are asked: those that were to be, and from now on.
  void readNow() {
    holdsReadings = false;
    readings.forEach(Runnable::run);
    readings.clear();
  }

  private void read(Runnable work) {
    readings.add(work);
    if (!holdsReadings) {
      readNow();
    }
  }

  /// One round, and nothing of the host.
  long round() {
    woken.set(false);
    return reconciler.round();
  }

  /// Until nothing happens any more at this moment.
  void settle() {
    for (int i = 0; i < ROUNDS_MAX; i++) {
      boolean isIdle = round() > 0 && !woken.get();
      if (!host.step() && isIdle && !woken.get()) {
        return;
      }
    }
    throw new AssertionError("it never settles");
  }

  /// So much later, with all that happens meanwhile.
  void advance(Duration by) {
    settle();
    long end = time.nanos() + by.toNanos();
    while (time.nanos() < end) {
      time.advanceNanos(Math.min(end - time.nanos(), Math.max(1, round())));
      settle();
    }
  }

  void declare(String id, DeploymentSpec spec) throws StoreException {
    assertThat(declared.create(Kind.DEPLOYMENT, id, spec)).isInstanceOf(Written.Kept.class);
    settle();
  }

  void replace(String id, DeploymentSpec spec) throws StoreException {
    assertThat(declared.replace(Kind.DEPLOYMENT, id, spec, ANY)).isInstanceOf(Written.Kept.class);
  }

  String status(String id) {
    return declared.get(Kind.DEPLOYMENT, id).map(Declared::status).map(Scene::shown).orElse("gone");
  }

  /// Of the route that came with a deployment.
  RouteStatus route(String deployment) {
    return declared.defaultRoute(deployment).orElseThrow().status();
  }

  static String shown(Object status) {
    if (status instanceof DeploymentStatus of) {
      String reason = of.reason() == null ? "" : " " + of.reason().word();
      String model = of.modelName().isEmpty() ? "" : " " + of.modelName() + ":" + of.modelVersion();
      return of.state().word()
          + " "
          + of.availableReplicas()
          + "/"
          + of.replicas()
          + model
          + reason;
    }
    return ((RouteStatus) status).state().word();
  }
}
