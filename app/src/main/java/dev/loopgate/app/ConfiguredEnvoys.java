package dev.loopgate.app;

import com.google.protobuf.ByteString;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.xds.ControlPlane;
import dev.loopgate.xds.XdsEvents;
import io.grpc.BindableService;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The control plane of a gateway, where it configures Envoys; else nothing. Belongs to the thread
/// that opened it, but for [#changed].
final class ConfiguredEnvoys {
  private static final int AUTHORITIES_BYTES_MAX = 1 << 20;

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
      plane.serve(fleet, plan.config(door, proxy), ConfiguredEnvoys::authorities);
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

  private static ByteString authorities(String file) {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(AUTHORITIES_BYTES_MAX + 1);
      if (bytes.length <= AUTHORITIES_BYTES_MAX) {
        return ByteString.copyFrom(bytes);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "tls.ca of a model: value=" + file + " can't be read: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException(
        "tls.ca of a model: value="
            + file
            + ", allowed=at most "
            + AUTHORITIES_BYTES_MAX
            + " bytes");
  }
}
