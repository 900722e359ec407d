package dev.loopgate.app;

import dev.loopgate.api.ApiConfig;
import dev.loopgate.api.DeclaredDoor;
import dev.loopgate.api.Hosting;
import dev.loopgate.controller.Controller;
import dev.loopgate.controller.FileStore;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.FleetGateways;
import dev.loopgate.fleet.HostKeys;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.runtime.HostBounds;
import dev.loopgate.runtime.HttpModelReader;
import dev.loopgate.runtime.LocalHost;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What users declare on this machine, from the API to the processes that serve it. Belongs to the
/// thread that opened it.
final class Declarations {
  // Before callers are asked to come: until then what is declared is not found.
  private static final Duration FIRST_WITHIN = Duration.ofSeconds(10);

  private final FileStore store;
  private final LocalHost host;
  private final FleetGateways gateways;
  private final DeclaredDoor door;
  private final GuardedClock clock;
  private final ControllerTelemetry telemetry;
  private final AtomicReference<Runnable> changed;
  private final String edge; // empty: the door's address
  private @Nullable Controller controller;

  private Declarations(
      FileStore store,
      LocalHost host,
      FleetGateways gateways,
      DeclaredDoor door,
      GuardedClock clock,
      ControllerTelemetry telemetry,
      AtomicReference<Runnable> changed,
      String edge) {
    this.store = store;
    this.host = host;
    this.gateways = gateways;
    this.door = door;
    this.clock = clock;
    this.telemetry = telemetry;
    this.changed = changed;
    this.edge = edge;
  }

  /// Reads what is declared, and begins to end what an earlier life left running. Nothing of it is
  /// served before [#begin].
  ///
  /// @throws StartException when it can't be read, or another process has it; one line says why
  static Declarations open(
      DataDirectory data,
      Fleet fleet,
      Slots slots,
      Settings settings,
      GuardedClock clock,
      Telemetry telemetry)
      throws StartException, UsageException {
    Kept kept = settings.kept();
    ApiConfig config = ApiSettings.of(settings);
    FileStore store = openStore(data, clock);
    AtomicReference<Runnable> changed = new AtomicReference<>(() -> {});
    AtomicReference<@Nullable LocalHost> hosting = new AtomicReference<>();
    FleetGateways gateways =
        new FleetGateways(
            fleet,
            kept,
            id -> Thread.startVirtualThread(() -> wake(hosting.get(), id)),
            slots::take,
            () -> changed.get().run());
    try {
      LocalHost host =
          LocalHost.open(
              data.root(), HostBounds.DEFAULT, gateways::isDrained, telemetry.host(), clock::nanos);
      hosting.set(host);
      DeclaredDoor door =
          new DeclaredDoor(store, config, HostKeys.NONE, hosting(host), telemetry.controller());
      return new Declarations(
          store, host, gateways, door, clock, telemetry.controller(), changed, config.edgeHost());
    } catch (IOException e) {
      closeAfter(e, store);
      throw new StartException("data: " + data.models() + " can't be used: " + e.getMessage(), e);
    }
  }

  private static FileStore openStore(DataDirectory data, GuardedClock clock) throws StartException {
    try {
      FileStore store =
          FileStore.open(
              data.declared(), () -> Instant.ofEpochMilli(clock.epochMillis()), new SecureRandom());
      SampleModel.declare(store);
      return store;
    } catch (IOException | StoreException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  // Nothing was applied yet, or no more: whoever waits asks again.
  private static void wake(@Nullable LocalHost host, String id) {
    try {
      if (host != null) {
        host.wake(id);
      }
    } catch (IllegalArgumentException _) {
      // as said above
    }
  }

  private static Hosting hosting(LocalHost host) {
    return new Hosting() {
      @Override
      public String log(String deployment, int bytesMax) {
        return host.log(deployment, bytesMax);
      }

      @Override
      public void wake(String deployment) {
        Declarations.wake(host, deployment);
      }
    };
  }

  /// The API, for a door.
  ///
  /// @param local whether only this machine reaches the door
  LocalService service(boolean local) {
    return new ApiService(door, local);
  }

  /// Serves what is declared from now on.
  ///
  /// @param address where callers reach the gateway, where no setting says it
  /// @param fleetChanged told whenever the fleet has changed by it
  /// @throws StartException when the start is given up
  void begin(String address, Runnable fleetChanged) throws StartException {
    changed.set(fleetChanged);
    controller =
        Controller.start(
            new Controller.Seams(
                store, host, new HttpModelReader(HttpModelReader.TIMEOUT), gateways),
            edge.isEmpty() ? address : edge,
            new Controller.World(clock::nanos, new SecureRandom(), telemetry));
    try {
      boolean any = store.list(Kind.DEPLOYMENT).stream().anyMatch(each -> !each.deletionMark());
      if (any && !gateways.awaitFirst(FIRST_WITHIN)) {
        telemetry.lateStart(FIRST_WITHIN);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while what is declared is served", e);
    }
  }

  /// The fleet's changes are nobody's business any more.
  void detach() {
    changed.set(() -> {});
  }

  /// Decides nothing any more; what runs goes on.
  void rest() throws InterruptedException {
    Controller deciding = controller;
    if (deciding != null) {
      deciding.close();
    }
  }

  /// Ends the servers, and closes what is declared.
  void close() throws IOException {
    door.close();
    host.close();
    store.close();
  }

  private static void closeAfter(IOException first, FileStore store) {
    try {
      store.close();
    } catch (IOException e) {
      first.addSuppressed(e);
    }
  }
}
