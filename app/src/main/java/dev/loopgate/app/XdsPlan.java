package dev.loopgate.app;

import dev.loopgate.xds.Bootstrap;
import dev.loopgate.xds.HostPort;
import dev.loopgate.xds.XdsConfig;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/// The Envoys that this gateway configures, as the settings have it.
///
/// @param group their `node.cluster`
/// @param door where they reach the gRPC door, empty for where it listens
/// @param proxy where they reach the proxy, empty for where it listens
record XdsPlan(
    String group,
    Address listen,
    Optional<Address> door,
    Optional<Address> proxy,
    boolean mutual,
    XdsConfig.Tokens tokens,
    String modelCa,
    XdsConfig.Timeouts timeouts) {
  // What the proxy answers itself; a model at `/`, or one that is called by gRPC, gets the rest.
  private static final List<String> OWN_PATHS =
      List.of("/feedback", "/api/v1/feedback", "/api/model", "/healthz", "/readyz", "/metrics");

  /// The plan, empty where no Envoy is configured.
  ///
  /// @throws UsageException when settings do not go together; one line names them
  static Optional<XdsPlan> of(Role role, Settings settings) throws UsageException {
    Optional<Address> listen = settings.get(XdsSettings.XDS_LISTEN);
    Optional<Address> door = settings.get(XdsSettings.XDS_DOOR);
    Optional<Address> proxy = settings.get(XdsSettings.XDS_PROXY);
    if (listen.isEmpty()) {
      return Optional.empty();
    }
    String where = settings.where(XdsSettings.XDS_LISTEN) + ": xds.listen=" + listen.get();
    if (role == Role.SIDECAR) {
      throw new UsageException(
          where
              + ": a sidecar stands beside one server, whose models no Envoy reaches; allowed: none");
    }
    if (settings.get(EnvoySettings.ENVOY_LISTEN).isEmpty()) {
      throw new UsageException(
          where + " stands alone; allowed: beside envoy.listen, over which Envoys are configured");
    }
    if (!place(listen.get()).isAddress()) {
      throw new UsageException(
          where + " is a name; allowed: an address, like 0.0.0.0:8080 or 127.0.0.1:8080");
    }
    if (settings.get(SettingsTable.TLS_CERTIFICATE).isPresent()
        || settings.get(SettingsTable.PROXY_PROTOCOL).equals("on")) {
      throw new UsageException(
          where
              + " needs a proxy that Envoys reach plainly; allowed: without tls.certificate and"
              + " proxy.proxy-protocol");
    }
    requireReachable(settings, EnvoySettings.ENVOY_LISTEN, XdsSettings.XDS_DOOR);
    requireReachable(settings, SettingsTable.LISTEN, XdsSettings.XDS_PROXY);
    String group = settings.get(XdsSettings.XDS_GROUP).orElseThrow();
    if (!Bootstrap.NAME.matcher(group).matches()) {
      throw new UsageException(
          settings.where(XdsSettings.XDS_GROUP)
              + ": xds.group="
              + group
              + ", allowed: letters, digits and . _ ~ : / -, at most 256");
    }
    return Optional.of(
        new XdsPlan(
            group,
            listen.get(),
            door,
            proxy,
            settings.get(EnvoySettings.ENVOY_CERTIFICATE).isPresent(),
            tokens(settings),
            settings.get(XdsSettings.XDS_MODEL_CA).toString(),
            new XdsConfig.Timeouts(
                settings.get(SettingsTable.CONNECT_TIMEOUT),
                settings.get(SettingsTable.FIRST_BYTE_TIMEOUT),
                settings.get(SettingsTable.IDLE_TIMEOUT),
                settings.get(SettingsTable.TOTAL_TIMEOUT),
                settings.get(SettingsTable.MODEL_IDLE))));
  }

  private static XdsConfig.Tokens tokens(Settings settings) throws UsageException {
    if (settings.get(TokenSettings.AUTH_JWKS).isEmpty()) {
      return XdsConfig.Tokens.NOT_ASKED;
    }
    return settings.get(TokenSettings.AUTH_FORWARD).equals("true")
        ? XdsConfig.Tokens.PASSED_ON
        : XdsConfig.Tokens.TAKEN_OFF;
  }

  // Of an address that stands for all of a machine nobody can be told where that is.
  private static void requireReachable(
      Settings settings, Setting<Optional<Address>> listens, Setting<Optional<Address>> reached)
      throws UsageException {
    Optional<Address> told = settings.get(reached);
    if (told.isPresent() && told.get().port() == 0) {
      throw new UsageException(
          settings.where(reached)
              + ": "
              + reached.name()
              + "="
              + told.get()
              + " is no place to reach; allowed: port 1 to 65535");
    }
    Address at = settings.get(listens).orElseThrow();
    boolean all = at.host().equals("0.0.0.0") || at.host().equals("::");
    if (all && told.isEmpty()) {
      throw new UsageException(
          settings.where(listens)
              + ": "
              + listens.name()
              + "="
              + at
              + " does not tell Envoys where that is; allowed: "
              + reached.name()
              + "=HOST:PORT beside it");
    }
  }

  /// What Envoys are told.
  ///
  /// @param doorAt where the gRPC door listens
  /// @param proxyAt where the proxy listens
  XdsConfig config(InetSocketAddress doorAt, InetSocketAddress proxyAt) {
    return new XdsConfig(
        place(listen),
        door.map(XdsPlan::place).orElseGet(() -> place(doorAt)),
        proxy.map(XdsPlan::place).orElseGet(() -> place(proxyAt)),
        mutual,
        tokens,
        modelCa,
        OWN_PATHS,
        timeouts);
  }

  static HostPort place(Address address) {
    return new HostPort(address.host(), address.port());
  }

  private static HostPort place(InetSocketAddress address) {
    return new HostPort(address.getAddress().getHostAddress(), address.getPort());
  }
}
