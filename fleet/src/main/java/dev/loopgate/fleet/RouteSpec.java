package dev.loopgate.fleet;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is declared of a route (contract section 6).
///
/// @param urlPrefix empty when not said
/// @param mirror the deployment that gets a copy of each request, null for none
/// @param modelDeployments who gets the requests
public record RouteSpec(String urlPrefix, @Nullable String mirror, List<Target> modelDeployments) {
  /// One of those who get the requests.
  ///
  /// @param mdName the id of a deployment, empty when not said
  /// @param weight how many requests of 100; null when not said
  public record Target(String mdName, @Nullable Integer weight) {}

  public RouteSpec {
    modelDeployments = List.copyOf(modelDeployments);
  }

  static RouteSpec toOne(String urlPrefix, String deployment, int weight) {
    return new RouteSpec(urlPrefix, null, List.of(new Target(deployment, weight)));
  }
}
