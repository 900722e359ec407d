package dev.loopgate.xds;

import com.google.protobuf.ByteString;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Route;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/// The fleet as Envoys are to see it. Of its arguments alone: the same fleet is the same resources.
final class FleetView {
  private FleetView() {}

  /// @param routes of one moment of the fleet, the longest prefix first
  /// @param authorities what stands in a PEM file of a model's authorities
  static FleetResources of(
      List<Route> routes, XdsConfig config, Function<String, ByteString> authorities) {
    Clusters clusters = new Clusters(config, authorities);
    NavigableMap<String, Cluster> all = new TreeMap<>();
    NavigableMap<String, ClusterLoadAssignment> endpoints = new TreeMap<>();
    for (Cluster own : clusters.own()) {
      all.put(own.getName(), own);
    }
    for (Deployment deployment : asked(routes)) {
      Model model = deployment.model();
      all.put(Clusters.of(model), clusters.model(model));
      if (Clusters.hasAddresses(model.upstream())) {
        endpoints.put(Clusters.of(model), clusters.endpoints(model));
      }
    }
    return new FleetResources(all, endpoints, Listeners.of(config), new Routes(config).of(routes));
  }

  // Each model has a route of its own: all are among them.
  private static Set<Deployment> asked(List<Route> routes) {
    Set<Deployment> asked = new LinkedHashSet<>();
    for (Route route : routes) {
      route.targets().stream().filter(Directly::asks).forEach(asked::add);
    }
    return asked;
  }
}
