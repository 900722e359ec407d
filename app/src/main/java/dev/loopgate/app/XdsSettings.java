package dev.loopgate.app;

import static dev.loopgate.app.SettingsTable.setting;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The settings of `xds`: part of the table.
final class XdsSettings {
  static final Setting<Optional<Address>> XDS_LISTEN =
      setting(
          "xds.listen",
          new Kind.Door(true),
          "none",
          "Where Envoys listen for callers that get all of their configuration from here, over envoy.listen; an"
              + " address of their machines. none: no Envoy is configured.");
  static final Setting<Optional<String>> XDS_GROUP =
      setting(
          "xds.group",
          new Kind.Word(false),
          "loopgate",
          "The node.cluster of these Envoys; others are refused and counted.");
  static final Setting<Optional<Address>> XDS_DOOR =
      setting(
          "xds.door",
          new Kind.Door(true),
          "none",
          "Where they reach envoy.listen, when it is not the address that it listens at.");
  static final Setting<Optional<Address>> XDS_PROXY =
      setting(
          "xds.proxy",
          new Kind.Door(true),
          "none",
          "Where they reach listen, when it is not the address that it listens at: feedback goes there, and what no"
              + " Envoy can do.");
  static final Setting<Path> XDS_MODEL_CA =
      setting(
          "xds.model-ca",
          new Kind.Place(),
          "/etc/ssl/certs/ca-certificates.crt",
          "A file of their machines, PEM: the authorities of models over TLS that name none of their own.");

  /// In the order of the documentation.
  static final List<Setting<?>> ALL =
      List.of(XDS_LISTEN, XDS_GROUP, XDS_DOOR, XDS_PROXY, XDS_MODEL_CA);

  private XdsSettings() {}
}
