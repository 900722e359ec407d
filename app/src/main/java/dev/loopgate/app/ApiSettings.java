package dev.loopgate.app;

import static dev.loopgate.app.SettingsTable.setting;

import dev.loopgate.api.ApiConfig;
import dev.loopgate.fleet.DeploymentRules;
import dev.loopgate.fleet.Predictor;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The settings of `api`: part of the table. They hold in the role `up`, which alone has
/// deployments.
final class ApiSettings {
  private static final String NONE = "none";
  private static final List<String> ON_OFF = List.of("on", "off");

  static final Setting<Optional<Address>> API_LISTEN =
      setting(
          "api.listen",
          new Kind.Door(true),
          NONE,
          "127.0.0.1:5000",
          "A second door, which serves the same as listen; command lines expect the API there. Where nobody has set"
              + " it and the port is taken, there is none; the first lines say where the API is.");
  static final Setting<Optional<URI>> API_EDGE =
      setting(
          "api.edge",
          new EndpointKind(),
          NONE,
          "Where callers reach the gateway, as deployments and routes tell it (edgeUrl). none: the door's address.");
  static final Setting<String> API_DEPLOYMENTS =
      setting(
          "api.deployments",
          new Kind.Choice(ON_OFF),
          "on",
          "off: deployments and routes can be read through the API, and not changed.");
  static final Setting<String> API_CONNECTIONS =
      setting(
          "api.connections",
          new Kind.Choice(ON_OFF),
          "on",
          "off: connections can be read through the API, and not changed.");
  static final Setting<String> API_PREDICTOR =
      setting(
          "api.predictor",
          new Kind.Choice(predictors()),
          NONE,
          "The predictor of a deployment that names none. none: it has to name one.");
  static final Setting<String> API_ROUTE_PREFIX =
      setting(
          "api.route-prefix",
          new RoutePrefixKind(),
          "/custom",
          "What the prefix of every declared route has to lie under. none: under anything that is not taken.");

  /// In the order of the documentation.
  static final List<Setting<?>> ALL =
      List.of(
          API_LISTEN, API_EDGE, API_DEPLOYMENTS, API_CONNECTIONS, API_PREDICTOR, API_ROUTE_PREFIX);

  private ApiSettings() {}

  /// What the API is told.
  static ApiConfig of(Settings settings) throws UsageException {
    String predictor = settings.get(API_PREDICTOR);
    DeploymentRules.Settings defaults = DeploymentRules.Settings.DEFAULT;
    return new ApiConfig(
        settings.get(API_DEPLOYMENTS).equals("on"),
        settings.get(API_CONNECTIONS).equals("on"),
        settings.get(API_EDGE).map(ApiSettings::shown).orElse(""),
        settings.get(API_ROUTE_PREFIX),
        new DeploymentRules.Settings(
            defaults.nodeSelectors(),
            defaults.resources(),
            predictor.equals(NONE) ? "" : predictor,
            defaults.pullConnection()),
        settings.get(TokenSettings.AUTH_JWKS).isPresent());
  }

  /// Without a slash at its end.
  static String shown(URI edge) {
    String text = edge.toString();
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }

  private static List<String> predictors() {
    List<String> words = new ArrayList<>(List.of(NONE));
    Predictor.words().stream().filter(word -> !word.equals(NONE)).forEach(words::add);
    return words;
  }
}
