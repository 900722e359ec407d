package dev.loopgate.app;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/// What is to be served, checked against this machine before anything is opened.
///
/// @param door where callers come
/// @param admin a door of its own for metrics and details
/// @param api a second door that serves the same
/// @param envoy a door for Envoys
/// @param xds the Envoys that are configured over it
/// @param sidecar a door for redirected connections: then models are there, and not at `door`
/// @param grace from a stop's beginning to the end of publishing
/// @param declares whether what users declare is kept, run and served here
record Plan(
    Settings settings,
    Rooms rooms,
    DataDirectory data,
    InetSocketAddress door,
    Optional<InetSocketAddress> admin,
    Optional<InetSocketAddress> api,
    Optional<EnvoyConfig> envoy,
    Optional<XdsPlan> xds,
    Optional<SidecarConfig> sidecar,
    Duration grace,
    boolean declares) {

  /// The plan of a role.
  ///
  /// @throws StartException when memory, file handles, a directory or a port will not do; one line
  ///   names it
  static Plan of(Role role, Settings settings) throws StartException, UsageException {
    settings.checkRoutes();
    Memory memory = Memory.ofThisProcess();
    Rooms rooms = new Rooms(settings, memory);
    rooms.budget().check(memory.heapMax(), memory.directMax());
    FileHandles.ofThisProcess().check(rooms.lanes());
    rooms.checkCertificates();
    rooms.checkKeys();
    Optional<XdsPlan> xds = XdsPlan.of(role, settings);
    rooms.sinks().check();
    rooms.stores(); // what does not go together is said before anything is opened
    InetSocketAddress door =
        Doors.checked("listen", settings.get(SettingsTable.LISTEN).orElseThrow());
    Optional<Address> admin = settings.get(SettingsTable.ADMIN);
    return new Plan(
        settings,
        rooms,
        DataDirectory.open(settings.get(SettingsTable.DATA), settings.get(StoreSettings.FILES)),
        door,
        admin.isPresent() ? Optional.of(Doors.checked("admin", admin.get())) : Optional.empty(),
        api(settings, door),
        rooms.envoy(),
        xds,
        role == Role.SIDECAR ? Optional.of(sidecar(settings)) : Optional.empty(),
        settings.get(SettingsTable.GRACE),
        role == Role.UP);
  }

  /// Whether only this machine reaches the doors.
  boolean isLocal() {
    return door.getAddress().isLoopbackAddress()
        && api.map(each -> each.getAddress().isLoopbackAddress()).orElse(true);
  }

  // One that does not run yet would find its port taken, by the gateway that asks it.
  private static boolean isOfAModel(int port, Settings settings) throws UsageException {
    return settings.models().stream()
        .flatMap(model -> model.upstream().replicas().stream())
        .anyMatch(replica -> replica.port() == port);
  }

  private static Optional<InetSocketAddress> api(Settings settings, InetSocketAddress door)
      throws StartException, UsageException {
    Optional<Address> address = settings.get(ApiSettings.API_LISTEN);
    if (address.isEmpty()) {
      return Optional.empty();
    }
    int port = address.get().port();
    boolean isMeant = settings.isSet(ApiSettings.API_LISTEN);
    if (!isMeant && (port == door.getPort() || isOfAModel(port, settings))) {
      return Optional.empty();
    }
    try {
      return Optional.of(Doors.checked(ApiSettings.API_LISTEN.name(), address.get()));
    } catch (StartException e) {
      if (isMeant) {
        throw e;
      }
      return Optional.empty(); // two on one machine: the gateway says that there is none
    }
  }

  private static SidecarConfig sidecar(Settings settings) throws StartException, UsageException {
    int port = settings.get(SidecarSettings.SIDECAR_PORT);
    // The kernel redirects to whichever address the packet came in by.
    return new SidecarConfig(
        Doors.checked("sidecar.port", Address.parse("0.0.0.0:" + port)),
        settings.get(SidecarSettings.SIDECAR_IDLE));
  }
}
