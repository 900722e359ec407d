package dev.loopgate.xds;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What an Envoy starts with to be configured by a [ControlPlane]: YAML, for `envoy -c`.
///
/// @param control where the gRPC door is reached
/// @param nodeId the Envoy's own name
/// @param group its `node.cluster`
/// @param admin where its own administration listens; port 0 lets the system choose
/// @param adminPort 0 to 65535
/// @param mutual null where the door asks for no certificate
public record Bootstrap(
    HostPort control,
    String nodeId,
    String group,
    String admin,
    int adminPort,
    @Nullable Mutual mutual) {
  /// What a node's id and a group look like.
  public static final Pattern NAME = Pattern.compile("[A-Za-z0-9._~:/-]{1,256}");

  /// Both sides show a certificate; paths of PEM files on the Envoy's machine.
  ///
  /// @param certificate its own, then those it was issued by
  /// @param key of `certificate`
  /// @param authorities that the door's certificate is issued by, which names the host of `control`
  public record Mutual(String certificate, String key, String authorities) {}

  public Bootstrap {
    if (!NAME.matcher(nodeId).matches() || !NAME.matcher(group).matches()) {
      throw new IllegalArgumentException("bootstrap: node=" + nodeId + ", group=" + group);
    }
  }

  /// The file.
  public String yaml() {
    return """
    # For an Envoy that Loopgate configures: envoy -c THIS_FILE. Made by `loopgate envoy-bootstrap`.
    node: {id: %s, cluster: %s}
    admin:
      address: {socket_address: {address: %s, port_value: %d}}
    dynamic_resources:
      ads_config:
        api_type: GRPC
        transport_api_version: V3
        grpc_services:
        - envoy_grpc:
            cluster_name: loopgate_control
            # While nobody answers. By default the pauses come to 30 s.
            retry_policy: {retry_back_off: {base_interval: 0.5s, max_interval: 5s}}
        rate_limit_settings: {max_tokens: 100, fill_rate: 10}
      cds_config: {resource_api_version: V3, ads: {}}
      lds_config: {resource_api_version: V3, ads: {}}
    layered_runtime:
      layers:
      - name: loopgate
        # A Loopgate that stops reading never pauses a caller.
        static_layer: {envoy.reloadable_features.grpc_side_stream_flow_control: false}
      - {name: admin, admin_layer: {}}
    # What it could not show or log: it counts some of that, and tells.
    stats_sinks:
    - name: envoy.stat_sinks.metrics_service
      typed_config:
        "@type": type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig
        transport_api_version: V3
        grpc_service: {envoy_grpc: {cluster_name: loopgate_control}}
        histogram_emit_mode: SUMMARY # nobody reads them; this is the less of both
    static_resources:
    %s  clusters:
      - name: loopgate_control
        type: %s
        dns_lookup_family: V4_PREFERRED
        connect_timeout: 2s
        typed_extension_protocol_options:
          envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
            "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
            explicit_http_config: {http2_protocol_options: {connection_keepalive: {interval: 10s, timeout: 5s}}}
        load_assignment:
          cluster_name: loopgate_control
          endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: %s, port_value: %d}}}}]}]
    %s\
    """
        .formatted(
            quoted(nodeId),
            quoted(group),
            quoted(admin),
            adminPort,
            secrets(),
            control.isAddress() ? "STATIC" : "STRICT_DNS",
            quoted(control.host()),
            control.port(),
            socket());
  }

  // The clusters that the gateway configures name them, too.
  private String secrets() {
    return mutual == null
        ? ""
        : """
          secrets:
          - name: %s
            tls_certificate: {certificate_chain: {filename: %s}, private_key: {filename: %s}}
          - name: %s
            validation_context: {trusted_ca: {filename: %s}}
        """
            .formatted(
                Clusters.CLIENT_SECRET,
                quoted(mutual.certificate()),
                quoted(mutual.key()),
                Clusters.AUTHORITIES_SECRET,
                quoted(mutual.authorities()));
  }

  private String socket() {
    return mutual == null
        ? ""
        : """
            transport_socket:
              name: envoy.transport_sockets.tls
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
                sni: %s
                common_tls_context:
                  alpn_protocols: [h2]
                  tls_certificate_sds_secret_configs: [{name: %s}]
                  combined_validation_context:
                    default_validation_context: {match_typed_subject_alt_names: [{san_type: %s, matcher: {exact: %s}}]}
                    validation_context_sds_secret_config: {name: %s}
        """
            .formatted(
                quoted(control.isAddress() ? "" : control.host()),
                Clusters.CLIENT_SECRET,
                control.isAddress() ? "IP_ADDRESS" : "DNS",
                quoted(control.inCertificates()),
                Clusters.AUTHORITIES_SECRET);
  }

  // As JSON, which YAML takes: a path may have any character.
  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.chars()
        .forEach(c -> {
          if (c == '"' || c == '\\') {
            quoted.append('\\').append((char) c);
          } else if (c < ' ' || c == 0x7f) {
            quoted.append("\\u%04x".formatted(c));
          } else {
            quoted.append((char) c);
          }
        });
    return quoted.append('"').toString();
  }
}
