package dev.loopgate.app;

import dev.loopgate.fleet.Fleet;
import dev.loopgate.xds.ControlPlane;
import dev.loopgate.xds.XdsEvents;
import io.grpc.BindableService;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The control plane of a gateway, where it configures Envoys; else nothing. Belongs to the thread
/// that opened it, but for [#changed].
final class ConfiguredEnvoys {
  private final @Nullable XdsPlan plan;
  private final @Nullable ControlPlane plane;

  private ConfiguredEnvoys(@Nullable XdsPlan plan, @Nullable ControlPlane plane) {
    this.plan = plan;
    this.plane = plane;
  }

  static ConfiguredEnvoys open(Optional<XdsPlan> plan, XdsEvents events) {
    return new ConfiguredEnvoys(
        plan.orElse(null), plan.map(each -> ControlPlane.open(each.group(), events)).orElse(null));
  }

  /// What the gRPC door serves of it.
  List<BindableService> services() {
    return plane == null ? List.of() : List.of(plane.service());
  }

  /// Envoys are told of this fleet from now on.
  ///
  /// @param door where the gRPC door listens
  /// @param proxy where the proxy listens
  void serve(Fleet fleet, InetSocketAddress door, InetSocketAddress proxy) {
    if (plan != null && plane != null) {
      plane.serve(fleet, plan.config(door, proxy), Authorities::of);
    }
  }

  /// The fleet has changed. Any thread.
  void changed() {
    if (plane != null) {
      plane.changed();
    }
  }

  void close() throws InterruptedException {
    if (plane != null) {
      plane.close();
    }
  }
}
