package dev.loopgate.app;

import static dev.loopgate.app.SettingsTable.setting;

import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Replica;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The settings of `sidecar`: part of the table, and what models may be beside one.
final class SidecarSettings {
  /// The port of the redirected connections, and the user that the rules let pass: one number to
  /// remember.
  static final int PORT_BY_DEFAULT = 16_006;

  /// Where feedback, health and metrics are: for the pod's node, too, which asks for them.
  static final String LISTEN = "0.0.0.0:16020";

  static final Setting<Integer> SIDECAR_PORT =
      setting(
          "sidecar.port",
          new Kind.Count(1, 65_535, false),
          Integer.toString(PORT_BY_DEFAULT),
          "Where the role sidecar takes the connections that the rules of loopgate iptables redirect, over IPv4"
              + " and IPv6. Called straight, it resets.");
  static final Setting<Duration> SIDECAR_IDLE =
      setting(
          "sidecar.idle",
          SettingsTable.time(Duration.ofSeconds(1), Duration.ofHours(24)),
          "1h",
          "A redirected connection whose bytes pass (TLS and whatever is no HTTP) is reset when none has passed for"
              + " this long.");

  /// In the order of the documentation.
  static final List<Setting<?>> ALL = List.of(SIDECAR_PORT, SIDECAR_IDLE);

  private SidecarSettings() {}

  /// Holds the models against what a sidecar can do.
  ///
  /// @throws UsageException when one can't be had beside a server; the line names it
  static void check(Settings settings) throws UsageException {
    if (!settings.get(SettingsTable.ROUTES).isEmpty()) {
      throw new UsageException(
          settings.where(SettingsTable.ROUTES)
              + ": routes: a sidecar changes no path and asks no other server; allowed: none");
    }
    if (settings.get(TokenSettings.AUTH_JWKS).isPresent()) {
      throw new UsageException(
          settings.where(TokenSettings.AUTH_JWKS)
              + ": auth.jwks: a sidecar asks nobody for a token, since what is no plain HTTP passes it by;"
              + " allowed: none, and the tokens asked for by a gateway or the server");
    }
    Map<Integer, String> taken = new HashMap<>();
    taken.put(settings.get(SIDECAR_PORT), "sidecar.port");
    take(taken, settings, SettingsTable.LISTEN);
    take(taken, settings, SettingsTable.ADMIN);
    take(taken, settings, EnvoySettings.ENVOY_LISTEN);
    for (Model model : settings.models()) {
      String wrong = wrongWith(model, taken);
      if (wrong != null) {
        throw new UsageException(
            settings.where(SettingsTable.MODELS) + ": id=" + model.id() + ", " + wrong);
      }
    }
  }

  private static void take(
      Map<Integer, String> taken, Settings settings, Setting<Optional<Address>> door)
      throws UsageException {
    Optional<Address> address = settings.get(door);
    if (address.isPresent() && address.get().port() != 0) {
      String other = taken.put(address.get().port(), door.name());
      if (other != null) {
        throw new UsageException(
            settings.where(door)
                + ": "
                + door.name()
                + "="
                + address.get()
                + " has the port of "
                + other
                + "; allowed: another one");
      }
    }
  }

  private static @Nullable String wrongWith(Model model, Map<Integer, String> taken) {
    Replica server = model.replica();
    if (model.upstream().replicas().size() > 1
        || server.isSecure()
        || !server.basePath().isEmpty()) {
      return "url="
          + server.url()
          + ": a sidecar stands beside one server, changes no path, and passes TLS as it is;"
          + " allowed: one url like http://127.0.0.1:8080";
    }
    if (!model.prefix().isEmpty() && !model.prefix().equals("/model/" + model.id())) {
      return "prefix=" + model.prefix() + ": a sidecar changes no path; allowed: none";
    }
    if (model.role() != null) {
      return "role=" + model.role() + ": a sidecar asks nobody for a token; allowed: none";
    }
    String other = taken.put(server.port(), "the model " + model.id());
    return other == null
        ? null
        : "url="
            + server.url()
            + " has the port of "
            + other
            + "; allowed: each port once, which alone says what model a connection is for";
  }
}
