package dev.loopgate.capture;

/// Where an exchange went.
///
/// @param deployment the deployment's (or configured model's) id
/// @param route the route's id
/// @param replica `host:port` of the model server, empty when none was chosen
/// @param model the model's own name and version
/// @param attempts how often it was sent to a model server, by who told of it; 0 when nobody did
public record Target(
    String deployment, String route, String replica, ModelIdentity model, int attempts) {

  /// Nobody told how often it was sent.
  public Target(String deployment, String route, String replica, ModelIdentity model) {
    this(deployment, route, replica, model, 0);
  }
}
