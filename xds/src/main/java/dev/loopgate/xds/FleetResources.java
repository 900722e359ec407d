package dev.loopgate.xds;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import io.envoyproxy.controlplane.cache.v3.Snapshot;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// What an Envoy is told, whole and consistent: whatever is named in it is there. Each map is by
/// name.
record FleetResources(
    NavigableMap<String, Cluster> clusters,
    NavigableMap<String, ClusterLoadAssignment> endpoints,
    Listener listener,
    RouteConfiguration routes) {
  private static final int VERSION_BYTES = 8;

  /// @throws IllegalStateException when something is named that is not there: a bug
  FleetResources {
    clusters = new TreeMap<>(clusters);
    endpoints = new TreeMap<>(endpoints);
    for (Cluster cluster : clusters.values()) {
      boolean asks = cluster.getType() == Cluster.DiscoveryType.EDS;
      check("endpoints", cluster.getName(), asks == endpoints.containsKey(cluster.getName()));
    }
    for (String name : endpoints.keySet()) {
      check("endpoints", name, clusters.containsKey(name));
    }
    for (Route route : routes.getVirtualHosts(0).getRoutesList()) {
      RouteAction to = route.getRoute();
      if (to.hasWeightedClusters()) {
        for (WeightedCluster.ClusterWeight one : to.getWeightedClusters().getClustersList()) {
          check("route " + route.getName(), one.getName(), clusters.containsKey(one.getName()));
        }
      } else {
        check("route " + route.getName(), to.getCluster(), clusters.containsKey(to.getCluster()));
      }
    }
  }

  private static void check(String what, String name, boolean holds) {
    if (!holds) {
      throw new IllegalStateException("xds: " + what + ", cluster=" + name + ": not consistent");
    }
  }

  /// The same with the clusters of `other` that are not here. Of those before: Envoys hear of new
  /// routes last, and until then old ones must still lead somewhere. Of those to come: they are
  /// warm when a route leads there.
  FleetResources withMissingOf(FleetResources other) {
    NavigableMap<String, Cluster> allClusters = new TreeMap<>(other.clusters);
    allClusters.putAll(clusters);
    NavigableMap<String, ClusterLoadAssignment> allEndpoints = new TreeMap<>(other.endpoints);
    allEndpoints.keySet().removeIf(clusters::containsKey); // what is here has changed its type
    allEndpoints.putAll(endpoints);
    return new FleetResources(allClusters, allEndpoints, listener, routes);
  }

  /// As the cache has it. A type's version is a hash of its content: what did not change is not
  /// sent.
  Snapshot snapshot() {
    return Snapshot.create(
        clusters.values(),
        version(clusters.values()),
        endpoints.values(),
        version(endpoints.values()),
        List.of(listener),
        version(List.of(listener)),
        List.of(routes),
        version(List.of(routes)),
        List.of(), // keys stay where they are
        "");
  }

  /// The same for the same content, in 16 hexadecimal digits.
  private static String version(Collection<? extends Message> resources) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Message resource : resources) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.useDeterministicSerialization(); // maps in the order of their keys
        out.writeMessageNoTag(resource);
        out.flush();
        digest.update(bytes.toByteArray());
      }
      return HexFormat.of().formatHex(digest.digest(), 0, VERSION_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is in every JDK", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // of an array, never
    }
  }
}
