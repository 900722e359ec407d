package dev.loopgate.capture;

/// Where an exchange went.
///
/// @param deployment the deployment's (or configured model's) id
/// @param route the route's id
/// @param replica `host:port` of the model server, empty when none was chosen
/// @param model the model's own name and version
public record Target(String deployment, String route, String replica, ModelIdentity model) {}
