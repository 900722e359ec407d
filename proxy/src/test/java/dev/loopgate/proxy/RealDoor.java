package dev.loopgate.proxy;

import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.policy.Policy;
import dev.loopgate.spool.SpoolLane;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A door over real sockets, on a free port of the loopback, with one model at `/model/m`.
final class RealDoor {
  private RealDoor() {}

  static InetSocketAddress anyAddress() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /// The defaults with other limits of callers and another certificate.
  static ProxyConfig config(int loops, int connectionsMax, @Nullable TlsFiles tls) {
    return config(loops, connectionsMax, Edge.DEFAULT, tls);
  }

  static ProxyConfig config(int loops, int connectionsMax, Edge edge, @Nullable TlsFiles tls) {
    ProxyConfig defaults = ProxyConfig.defaults(anyAddress());
    return new ProxyConfig(
        defaults.address(),
        loops,
        connectionsMax,
        defaults.headBytesMax(),
        defaults.captureBytesMax(),
        defaults.localBytesMax(),
        defaults.caller(),
        defaults.model(),
        edge,
        tls);
  }

  static Model model(RawModel server, @Nullable String name, @Nullable String version) {
    return Model.of(
        "m", URI.create(server.url()), Predictor.NONE, "/model/m", name, version, 4 << 20);
  }

  /// A model called `wine`, version `1`, of a server at `url`.
  static Model model(String url, Protocol protocol, boolean grpc, int keptBytes, Bounds bounds) {
    Upstream upstream =
        new Upstream(List.of(new Replica(URI.create(url))), protocol, grpc, ServerTrust.DEFAULT);
    Kept kept = new Kept(true, keptBytes, 1.0);
    return new Model("m", upstream, Predictor.NONE, "/model/m", "wine", "1", kept, bounds);
  }

  static Proxy open(
      ProxyConfig config,
      Model model,
      KeepingLane lane,
      TimeSource time,
      ProxyEvents events,
      Transport transport)
      throws IOException {
    return open(config, model, lane, time, events, transport, null);
  }

  static Proxy open(
      ProxyConfig config,
      Model model,
      KeepingLane lane,
      TimeSource time,
      ProxyEvents events,
      Transport transport,
      @Nullable Policy policy)
      throws IOException {
    return Proxy.listen(
        config,
        Fleet.of(List.of(model)),
        Redaction.DEFAULT,
        lanes(lane),
        time,
        events,
        List.of(),
        transport,
        policy);
  }

  static Lanes lanes(KeepingLane lane) {
    return new Lanes() {
      @Override
      public SpoolLane openLane() {
        return lane;
      }

      @Override
      public int slotOf(String deployment) {
        return 0;
      }
    };
  }
}
