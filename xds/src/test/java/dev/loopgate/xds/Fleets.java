package dev.loopgate.xds;

import com.google.protobuf.ByteString;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Hosted;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import io.envoyproxy.envoy.config.route.v3.Route;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/// Fleets for tests, and what becomes of them.
final class Fleets {
  static final Duration UNUSED = Duration.ofMillis(1500);
  static final XdsConfig CONFIG = config(XdsConfig.Tokens.NOT_ASKED);

  private Fleets() {}

  static XdsConfig config(XdsConfig.Tokens tokens) {
    return new XdsConfig(
        new HostPort("127.0.0.1", 10_000),
        new HostPort("127.0.0.1", 9901),
        new HostPort("127.0.0.1", 8080),
        false,
        tokens,
        "/etc/ssl/certs/ca-certificates.crt",
        List.of("/feedback", "/metrics"),
        new XdsConfig.Timeouts(
            Duration.ofSeconds(2),
            Duration.ofMinutes(10),
            Duration.ofMinutes(5),
            Duration.ofHours(1),
            UNUSED));
  }

  static Model model(String id, String... urls) {
    return model(id, Predictor.NONE, Protocol.AUTO, false, ServerTrust.DEFAULT, urls);
  }

  static Model model(
      String id,
      Predictor predictor,
      Protocol protocol,
      boolean grpc,
      ServerTrust trust,
      String... urls) {
    List<Replica> replicas = Stream.of(urls).map(url -> new Replica(URI.create(url))).toList();
    return new Model(
        id,
        new Upstream(replicas, protocol, grpc, trust),
        predictor,
        "/model/" + id,
        null,
        null,
        new Kept(true, 1024, 1.0));
  }

  static Model at(String prefix, Model model) {
    return new Model(
        model.id(),
        model.upstream(),
        model.predictor(),
        prefix,
        null,
        null,
        model.kept(),
        Bounds.NONE);
  }

  static Model bound(Model model, Bounds bounds) {
    return new Model(
        model.id(),
        model.upstream(),
        model.predictor(),
        model.prefix(),
        null,
        null,
        model.kept(),
        bounds);
  }

  /// One that is declared: its servers come and go.
  static Fleet.Declaring declaring(String id) {
    Model model =
        new Model(
            id,
            Upstream.HOSTED,
            Predictor.NONE,
            "/model/" + id,
            null,
            null,
            new Kept(true, 1 << 20, 1.0));
    return new Fleet.Declaring(model, new Hosted(id, Hosted.Terms.DEFAULT, _ -> {}), id);
  }

  static FleetResources view(Fleet fleet) {
    return view(fleet, CONFIG);
  }

  static FleetResources view(Fleet fleet, XdsConfig config) {
    return FleetView.of(fleet.routes(), config, ByteString::copyFromUtf8);
  }

  static List<Route> routes(FleetResources view) {
    return view.routes().getVirtualHosts(0).getRoutesList();
  }
}
