package dev.loopgate.app;

import dev.loopgate.api.ApiConfig;
import dev.loopgate.api.CatalogueDoor;
import dev.loopgate.api.DeclaredDoor;
import dev.loopgate.api.Hosting;
import dev.loopgate.controller.Controller;
import dev.loopgate.controller.FileStore;
import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.FleetGateways;
import dev.loopgate.fleet.HostKeys;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.ModelReader.ModelCard;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.runtime.HostBounds;
import dev.loopgate.runtime.HttpModelReader;
import dev.loopgate.runtime.LocalHost;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What users declare on this machine, from the API to the processes that serve it. Belongs to the
/// thread that opened it.
final class Declarations {
  // Before callers are asked to come: until then what is declared is not found.
  private static final Duration FIRST_WITHIN = Duration.ofSeconds(10);

  // Before who declared something is told so. It takes milliseconds, unless much is declared.
  private static final Duration SERVED_WITHIN = Duration.ofSeconds(1);

  private final FileStore store;
  private final LocalHost host;
  private final FleetGateways gateways;
  private final DeclaredDoor door;
  private final CatalogueDoor catalogue;
  private final Path said;
  private final AtomicReference<@Nullable Controller> controlling;
  private final GuardedClock clock;
  private final ControllerTelemetry telemetry;
  private final AtomicReference<Runnable> changed;
  private final String edge; // empty: the door's address

  private Declarations(
      FileStore store,
      LocalHost host,
      FleetGateways gateways,
      DeclaredDoor door,
      Path said,
      GuardedClock clock,
      ControllerTelemetry telemetry,
      AtomicReference<Runnable> changed,
      String edge) {
    this.store = store;
    this.host = host;
    this.gateways = gateways;
    this.door = door;
    this.said = said;
    this.controlling = new AtomicReference<>();
    this.catalogue = new CatalogueDoor(store, () -> cards(controlling.get()), telemetry);
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
          new DeclaredDoor(
              store,
              config,
              HostKeys.NONE,
              hosting(fleet, host, gateways),
              clock::nanos,
              telemetry.controller());
      return new Declarations(
          store,
          host,
          gateways,
          door,
          data.cards(),
          clock,
          telemetry.controller(),
          changed,
          config.edgeHost());
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

  private static Hosting hosting(Fleet fleet, LocalHost host, FleetGateways gateways) {
    return new Hosting() {
      @Override
      public boolean isConfigured(String id) {
        return fleet.deployment(id).filter(each -> each.hosted() == null).isPresent();
      }

      @Override
      public void awaitServed(Ref declared) {
        try {
          gateways.awaitServed(declared, SERVED_WITHIN);
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt(); // who asked is answered at once
        }
      }

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

  // Nobody has begun to decide: nothing is known of any model.
  private static Map<String, ModelCard> cards(@Nullable Controller controller) {
    return controller == null ? Map.of() : controller.cards();
  }

  /// The API and the pages, for a door.
  ///
  /// @param local whether only this machine reaches the door
  List<LocalService> services(boolean local) {
    return List.of(new ApiService(door, local), new CatalogueService(catalogue, local));
  }

  /// Serves what is declared from now on.
  ///
  /// @param address where callers reach the gateway, where no setting says it
  /// @param fleetChanged told whenever the fleet has changed by it
  /// @throws StartException when the start is given up
  void begin(String address, Runnable fleetChanged) throws StartException {
    changed.set(fleetChanged);
    try {
      controlling.set(
          Controller.start(
              new Controller.Seams(
                  store, host, new HttpModelReader(HttpModelReader.TIMEOUT), gateways),
              edge.isEmpty() ? address : edge,
              said,
              new Controller.World(clock::nanos, new SecureRandom(), telemetry)));
      boolean any = store.list(Kind.DEPLOYMENT).stream().anyMatch(each -> !each.deletionMark());
      if (any && !gateways.awaitFirst(FIRST_WITHIN)) {
        telemetry.lateStart(FIRST_WITHIN);
      }
    } catch (IOException e) {
      throw new StartException("data: " + said + " can't be used: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while what is declared is served", e);
    }
  }

  /// The fleet's changes are nobody's business any more, and nobody waits for any.
  void detach() {
    door.leave();
    changed.set(() -> {});
  }

  /// Decides nothing any more; what runs goes on.
  void rest() throws InterruptedException {
    Controller deciding = controlling.get();
    if (deciding != null) {
      deciding.close();
    }
  }

  /// Ends the servers, and closes what is declared.
  void close() throws IOException {
    catalogue.close();
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
