package dev.loopgate.app;

import static dev.loopgate.app.SettingsTable.setting;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The settings of `envoy`: part of the table.
final class EnvoySettings {
  static final Setting<Optional<Address>> ENVOY_LISTEN =
      setting(
          "envoy.listen",
          new Kind.Door(true),
          "none",
          "A door for Envoys, gRPC: external processing, access log and authorization. Without envoy.client-ca only at a loopback address.");
  static final Setting<Optional<Path>> ENVOY_CERTIFICATE =
      setting(
          "envoy.certificate",
          new Kind.OptionalPlace(),
          "none",
          "The certificate of envoy.listen and what it was issued by, PEM.");
  static final Setting<Optional<Path>> ENVOY_KEY =
      setting(
          "envoy.key",
          new Kind.OptionalPlace(),
          "none",
          "The key of envoy.certificate, PEM, PKCS#8, not encrypted.");
  static final Setting<Optional<Path>> ENVOY_CLIENT_CA =
      setting(
          "envoy.client-ca",
          new Kind.OptionalPlace(),
          "none",
          "Authorities, PEM: only Envoys with a certificate of theirs are let in.");
  static final Setting<String> ENVOY_PLAINTEXT =
      setting(
          "envoy.plaintext",
          new Kind.Choice(List.of("loopback", "anywhere")),
          "loopback",
          "Where envoy.listen may be without certificates. anywhere: the network keeps strangers out, as the"
              + " mTLS of a mesh does.");
  static final Setting<Integer> ENVOY_EXCHANGES_MAX =
      setting(
          "envoy.exchanges-max",
          new Kind.Count(1, 1_000_000, false),
          "4096",
          "Exchanges of Envoys that are followed at once, their headers 8 MiB together; one more is passed"
              + " over: served by Envoy, counted, not kept.");
  static final Setting<Duration> ENVOY_IDLE =
      setting(
          "envoy.idle",
          SettingsTable.time(Duration.ofSeconds(1), Duration.ofHours(24)),
          "1h",
          "An exchange of which Envoy has said nothing for so long is taken for over: cut.");

  static final Setting<String> ENVOY_ACCESS_LOG =
      setting(
          "envoy.access-log",
          new Kind.Choice(List.of("join", "keep")),
          "join",
          "What becomes of what Envoys log. join: facts for the exchanges that they show, and proof of"
              + " those that they did not; for a gateway that gets both of the same Envoys. keep: an"
              + " entry of the stream access_log each; for Envoys that only log, and where several"
              + " gateways stand behind one address.");

  /// In the order of the documentation.
  static final List<Setting<?>> ALL =
      List.of(
          ENVOY_LISTEN,
          ENVOY_CERTIFICATE,
          ENVOY_KEY,
          ENVOY_CLIENT_CA,
          ENVOY_PLAINTEXT,
          ENVOY_EXCHANGES_MAX,
          ENVOY_IDLE,
          ENVOY_ACCESS_LOG);

  private EnvoySettings() {}
}
