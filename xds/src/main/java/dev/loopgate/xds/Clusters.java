package dev.loopgate.xds;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.ByteString;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.KeepaliveSettings;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.CodecClientType;
import java.util.List;
import java.util.function.Function;

/// Whom Envoys ask: the models, and this gateway, each service of it by a cluster of its own, so
/// that none of them takes the connections of another.
final class Clusters {
  static final String CAPTURE = "loopgate_capture";
  static final String ACCESS = "loopgate_access";
  static final String AUTHORIZATION = "loopgate_authz";
  static final String PROXY = "loopgate_proxy";

  /// Of the bootstrap: who an Envoy is to the gRPC door, and who may be that door.
  static final String CLIENT_SECRET = "loopgate_client";

  static final String AUTHORITIES_SECRET = "loopgate_authorities";

  private static final String HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  // Not a name's addresses of both kinds: a server that listens at one would fail half the time.
  private static final Cluster.DnsLookupFamily FAMILY = Cluster.DnsLookupFamily.V4_PREFERRED;
  private static final int MANY = 65_536; // Envoy's own default is 1024
  private static final int DOOR_STREAMS =
      128; // beyond it one more connection, and loop, of the door
  // A replica is left out as our own proxy leaves it out.
  private static final int MISSES_MAX = 3;
  private static final int OUT_SECONDS_MIN = 1;
  private static final int OUT_SECONDS_MAX = 30;

  private final XdsConfig config;
  private final Function<String, ByteString> authorities;

  /// @param authorities what stands in a PEM file of a model's authorities
  Clusters(XdsConfig config, Function<String, ByteString> authorities) {
    this.config = config;
    this.authorities = authorities;
  }

  /// A model's cluster. Ids have no underscore: it can't be one of ours.
  static String of(Model model) {
    return "model_" + model.id();
  }

  /// The gateway's services.
  List<Cluster> own() {
    Cluster proxy =
        at(PROXY, config.proxy())
            .putTypedExtensionProtocolOptions(
                HTTP,
                Any.pack(
                    kept()
                        .setUseDownstreamProtocolConfig(
                            HttpProtocolOptions.UseDownstreamHttpConfig.newBuilder()
                                .setHttpProtocolOptions(http1())
                                .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()))
                        .build()))
            .build();
    return config.asksTokens()
        ? List.of(door(CAPTURE), door(ACCESS), door(AUTHORIZATION), proxy)
        : List.of(door(CAPTURE), door(ACCESS), proxy);
  }

  private Cluster door(String name) {
    Cluster.Builder cluster = at(name, config.door());
    cluster.putTypedExtensionProtocolOptions(
        HTTP,
        explicit(
            HttpProtocolOptions.newBuilder(),
            HttpProtocolOptions.ExplicitHttpConfig.newBuilder()
                .setHttp2ProtocolOptions(
                    Http2ProtocolOptions.newBuilder()
                        .setMaxConcurrentStreams(Envoys.count(DOOR_STREAMS))
                        .setConnectionKeepalive(
                            KeepaliveSettings.newBuilder()
                                .setInterval(Envoys.seconds(10))
                                .setTimeout(Envoys.seconds(5))))));
    if (config.mutual()) {
      cluster.setTransportSocket(
          tls(
              UpstreamTlsContext.newBuilder()
                  .setSni(config.door().isAddress() ? "" : config.door().host())
                  .setCommonTlsContext(
                      CommonTlsContext.newBuilder()
                          .addAlpnProtocols("h2")
                          .addTlsCertificateSdsSecretConfigs(
                              SdsSecretConfig.newBuilder().setName(CLIENT_SECRET))
                          .setCombinedValidationContext(
                              CommonTlsContext.CombinedCertificateValidationContext.newBuilder()
                                  .setDefaultValidationContext(
                                      CertificateValidationContext.newBuilder()
                                          .addMatchTypedSubjectAltNames(named(config.door())))
                                  .setValidationContextSdsSecretConfig(
                                      SdsSecretConfig.newBuilder().setName(AUTHORITIES_SECRET))))));
    }
    return cluster.build();
  }

  private static Cluster.Builder at(String name, HostPort place) {
    return Cluster.newBuilder()
        .setName(name)
        .setType(
            place.isAddress() ? Cluster.DiscoveryType.STATIC : Cluster.DiscoveryType.STRICT_DNS)
        .setDnsLookupFamily(FAMILY)
        .setConnectTimeout(Envoys.seconds(2))
        .setCircuitBreakers(breakers(MANY, MANY, MANY))
        .setLoadAssignment(
            ClusterLoadAssignment.newBuilder()
                .setClusterName(name)
                .addEndpoints(
                    LocalityLbEndpoints.newBuilder()
                        .addLbEndpoints(
                            LbEndpoint.newBuilder()
                                .setEndpoint(
                                    Endpoint.newBuilder().setAddress(Envoys.address(place))))));
  }

  /// The servers of a model. Endpoints come apart where they are addresses, with the cluster where
  /// an Envoy has to resolve names.
  Cluster model(Model model) {
    Upstream upstream = model.upstream();
    Bounds bounds = model.bounds();
    Cluster.Builder cluster =
        Cluster.newBuilder()
            .setName(of(model))
            .setConnectTimeout(
                Envoys.duration(
                    bounds.connect() == null ? config.timeouts().connect() : bounds.connect()))
            .setLbPolicy(Cluster.LbPolicy.LEAST_REQUEST)
            // What the configuration takes away is gone, whatever a health check says of it.
            .setIgnoreHealthOnHostRemoval(true)
            // Not waiting-max: an Envoy counts who connects, too, and with 0 nobody ever would.
            .setCircuitBreakers(breakers(connections(model), bounds.requestsMax(), MANY))
            .putTypedExtensionProtocolOptions(HTTP, spoken(upstream));
    if (hasAddresses(upstream)) {
      cluster
          .setType(Cluster.DiscoveryType.EDS)
          .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder().setEdsConfig(Envoys.ADS));
    } else {
      cluster
          .setType(Cluster.DiscoveryType.STRICT_DNS)
          .setDnsLookupFamily(FAMILY)
          .setLoadAssignment(endpoints(model));
    }
    if (upstream.replicas().size() > 1) {
      cluster.setOutlierDetection(leavingOut());
    }
    if (upstream.isSecure()) {
      cluster.setTransportSocket(tls(secure(upstream)));
    }
    String ready = model.predictor().readyPath();
    if (ready != null && !upstream.grpc()) {
      cluster.addHealthChecks(check(model, ready));
    }
    return cluster.build();
  }

  /// Whether none of the servers has a name that must be resolved.
  static boolean hasAddresses(Upstream upstream) {
    return upstream.replicas().stream().allMatch(each -> place(each).isAddress());
  }

  /// Where a model's servers answer.
  ClusterLoadAssignment endpoints(Model model) {
    LocalityLbEndpoints.Builder all = LocalityLbEndpoints.newBuilder();
    for (Replica replica : model.upstream().replicas()) {
      all.addLbEndpoints(
          LbEndpoint.newBuilder()
              .setEndpoint(
                  Endpoint.newBuilder()
                      .setAddress(Envoys.address(place(replica)))
                      .setHostname(replica.hostHeader())
                      .setHealthCheckConfig(
                          Endpoint.HealthCheckConfig.newBuilder()
                              .setHostname(replica.hostHeader()))));
    }
    return ClusterLoadAssignment.newBuilder().setClusterName(of(model)).addEndpoints(all).build();
  }

  private static HostPort place(Replica replica) {
    return HostPort.of(replica.host(), replica.port());
  }

  // A model's bound is each server's, an Envoy's the cluster's.
  private static int connections(Model model) {
    long all = (long) model.bounds().connectionsMax() * model.upstream().replicas().size();
    return (int) Math.min(all, Bounds.UNBOUNDED);
  }

  private static CircuitBreakers breakers(int connections, int requests, int waiting) {
    return CircuitBreakers.newBuilder()
        .addThresholds(
            CircuitBreakers.Thresholds.newBuilder()
                .setMaxConnections(Envoys.count(connections))
                .setMaxRequests(Envoys.count(requests))
                .setMaxPendingRequests(Envoys.count(waiting))
                .setMaxRetries(Envoys.count(MANY)))
        .build();
  }

  // What nobody uses is closed here before the other side closes it under a request.
  private HttpProtocolOptions.Builder kept() {
    return HttpProtocolOptions.newBuilder()
        .setCommonHttpProtocolOptions(
            io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions.newBuilder()
                .setIdleTimeout(Envoys.duration(config.timeouts().unused())));
  }

  private Any spoken(Upstream upstream) {
    HttpProtocolOptions.ExplicitHttpConfig.Builder one =
        HttpProtocolOptions.ExplicitHttpConfig.newBuilder();
    return switch (upstream.protocol()) {
      case HTTP1 -> explicit(kept(), one.setHttpProtocolOptions(http1()));
      case H2, H2C ->
          explicit(kept(), one.setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()));
      case AUTO ->
          Any.pack(
              kept()
                  .setAutoConfig(
                      HttpProtocolOptions.AutoHttpConfig.newBuilder()
                          .setHttpProtocolOptions(http1())
                          .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()))
                  .build());
    };
  }

  private static Any explicit(
      HttpProtocolOptions.Builder options, HttpProtocolOptions.ExplicitHttpConfig.Builder one) {
    return Any.pack(options.setExplicitHttpConfig(one).build());
  }

  private static Http1ProtocolOptions http1() {
    return Http1ProtocolOptions.newBuilder().setEnableTrailers(true).build();
  }

  private static OutlierDetection leavingOut() {
    return OutlierDetection.newBuilder()
        .setSplitExternalLocalOriginErrors(true)
        .setConsecutiveLocalOriginFailure(Envoys.count(MISSES_MAX))
        .setEnforcingConsecutiveLocalOriginFailure(Envoys.count(100))
        .setEnforcingLocalOriginSuccessRate(Envoys.count(0))
        .setEnforcingConsecutive5Xx(Envoys.count(0)) // an answer is an answer
        .setEnforcingConsecutiveGatewayFailure(Envoys.count(0))
        .setEnforcingSuccessRate(Envoys.count(0))
        .setInterval(Envoys.seconds(1))
        .setBaseEjectionTime(Envoys.seconds(OUT_SECONDS_MIN))
        .setMaxEjectionTime(Envoys.seconds(OUT_SECONDS_MAX))
        .setMaxEjectionPercent(Envoys.count(100))
        .build();
  }

  private UpstreamTlsContext.Builder secure(Upstream upstream) {
    String named = upstream.trust().serverName();
    HostPort first = place(upstream.replicas().getFirst());
    String name = named == null ? first.host() : named;
    HostPort server = new HostPort(name, first.port());
    String ca = upstream.trust().ca();
    CertificateValidationContext.Builder valid =
        CertificateValidationContext.newBuilder()
            .setTrustedCa(
                ca == null
                    ? DataSource.newBuilder().setFilename(config.modelCa())
                    : DataSource.newBuilder().setInlineBytes(authorities.apply(ca)))
            .addMatchTypedSubjectAltNames(named(server));
    CommonTlsContext.Builder common = CommonTlsContext.newBuilder().setValidationContext(valid);
    if (upstream.isHttp2()) {
      common.addAlpnProtocols("h2"); // where it is to be agreed on, Envoy offers both by itself
    }
    return UpstreamTlsContext.newBuilder()
        .setSni(server.isAddress() ? "" : name)
        .setCommonTlsContext(common);
  }

  // Who is issued by the right authority is not yet the right one.
  private static SubjectAltNameMatcher named(HostPort server) {
    return SubjectAltNameMatcher.newBuilder()
        .setSanType(
            server.isAddress()
                ? SubjectAltNameMatcher.SanType.IP_ADDRESS
                : SubjectAltNameMatcher.SanType.DNS)
        .setMatcher(StringMatcher.newBuilder().setExact(server.inCertificates()))
        .build();
  }

  private static TransportSocket tls(UpstreamTlsContext.Builder context) {
    return TransportSocket.newBuilder()
        .setName("envoy.transport_sockets.tls")
        .setTypedConfig(Any.pack(context.build()))
        .build();
  }

  private static HealthCheck check(Model model, String path) {
    return HealthCheck.newBuilder()
        .setTimeout(Envoys.seconds(2))
        .setInterval(Envoys.seconds(5))
        .setNoTrafficInterval(Envoys.seconds(15))
        .setUnhealthyThreshold(Envoys.count(MISSES_MAX))
        .setHealthyThreshold(Envoys.count(1))
        .setReuseConnection(BoolValue.of(true))
        .setHttpHealthCheck(
            HealthCheck.HttpHealthCheck.newBuilder()
                .setPath(model.basePath() + path)
                .setCodecClientType(
                    model.upstream().isHttp2() ? CodecClientType.HTTP2 : CodecClientType.HTTP1))
        .build();
  }
}
