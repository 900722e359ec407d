"""Envoy's configuration for the part `envoy`, as Loopgate's documents show it: without Loopgate, with it as an observer, and
with it in synchronous mode. Dictionaries, written as JSON.
"""

TYPE = "type.googleapis.com/"
HTTP = TYPE + "envoy.extensions.filters.http."
STAT_PREFIX = "ingress"

# What an exchange may wait for, in seconds; the models of these names have them in Loopgate's proxy, too.
ROUTE_TIMEOUT = 0.7
IDLE_TIMEOUT = 0.7

# Where the models of `envoy_cases` answer: `h1` and `h2` are the two doors of the scripted model, `refused` a port that
# nobody listens at, `empty` a cluster without endpoints.
MODELS = {
    "m": {"cluster": "h1"},
    "m2": {"cluster": "h2"},
    "g": {"cluster": "h2"},
    "slow": {"cluster": "h1", "timeout": f"{ROUTE_TIMEOUT}s"},
    "idle": {"cluster": "h1", "idle_timeout": f"{IDLE_TIMEOUT}s"},
    "gone": {"cluster": "refused"},
    "empty": {"cluster": "empty"},
    "again": {"cluster": "h1", "retry_policy": {"retry_on": "5xx", "num_retries": 2}},
    "moved": {
        "cluster": "h1",
        "internal_redirect_policy": {"redirect_response_codes": [302], "max_internal_redirects": 1},
    },
}


def routes():
    told = []
    for model, how in MODELS.items():
        action = {"prefix_rewrite": "/", "timeout": "0s", **how}
        told.append({"name": model, "match": {"prefix": f"/model/{model}/"}, "route": action})
    told.append({"name": "grpc", "match": {"prefix": "/test.Model/"}, "route": {"cluster": "h2", "timeout": "0s"}})
    said = {"status": 403, "body": {"inline_string": "said by the route"}}
    told.append({"name": "direct", "match": {"prefix": "/direct"}, "direct_response": said})
    return told


def id_filter():
    """Section 4 (b) of the reference: without ext_authz."""
    header = {"key": "request-id", "value": "%REQ(request-id?x-request-id)%"}
    mutation = {"append": {"append_action": "OVERWRITE_IF_EXISTS_OR_ADD", "header": header}}
    mutations = {"request_mutations": [mutation], "response_mutations": [mutation]}
    kind = HTTP + "header_mutation.v3.HeaderMutation"
    return {"name": "loopgate.id", "typed_config": {"@type": kind, "mutations": mutations}}


def capture_filter(version, synchronous):
    secrets = [{"exact": name} for name in ("authorization", "cookie", "set-cookie")]
    config = {
        "@type": HTTP + "ext_proc.v3.ExternalProcessor",
        "grpc_service": {"envoy_grpc": {"cluster_name": "loopgate_capture"}},
        "failure_mode_allow": True,
        "processing_mode": {
            "request_header_mode": "SEND",
            "response_header_mode": "SEND",
            "request_body_mode": "STREAMED",
            "response_body_mode": "STREAMED",
            "request_trailer_mode": "SEND",
            "response_trailer_mode": "SEND",
        },
        "forward_rules": {"disallowed_headers": {"patterns": secrets}},
        "metadata_options": {"forwarding_namespaces": {"untyped": ["envoy.filters.http.ext_authz"]}},
        "request_attributes": [
            "request.id",
            "request.time",
            "source.address",
            "connection.id",
            "xds.route_name",
            "xds.cluster_name",
        ],
        "response_attributes": [
            "request.id",
            "response.code_details",
            "response.flags",
            "upstream.address",
            "upstream.request_attempt_count",
        ],
    }
    if synchronous:
        config |= {"message_timeout": "1s", "disable_immediate_response": True}
        config |= {"send_body_without_waiting_for_header_response": True}
        if at_least(version, 1, 38):
            config |= {"allow_content_length_header": True}
    else:
        config |= {"observability_mode": True}
    return {"name": "loopgate.capture", "typed_config": config}


def access_log():
    """Each entry at once."""
    config = {
        "@type": TYPE + "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
        "common_config": {
            "log_name": "loopgate",
            "transport_api_version": "V3",
            "grpc_service": {"envoy_grpc": {"cluster_name": "loopgate_access"}},
            "buffer_size_bytes": 0,
        },
        "additional_request_headers_to_log": ["request-id", "x-case"],
    }
    return {"name": "loopgate.access", "typed_config": config}


def metrics_sink():
    """What it counts itself; often."""
    config = {
        "@type": TYPE + "envoy.config.metrics.v3.MetricsServiceConfig",
        "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": "loopgate_metrics"}},
        "histogram_emit_mode": "SUMMARY",
    }
    return {"name": "envoy.stat_sinks.metrics_service", "typed_config": config}


def at_least(version, *wanted):
    return tuple(int(part) for part in version.split(".")[: len(wanted)]) >= wanted


def cluster(name, port=None, options=None, **more):
    """A cluster of one endpoint; `options` are of its protocol."""
    endpoints = [{"endpoint": {"address": address(port)}}] if port else []
    told = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }
    if options:
        kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        config = {"@type": TYPE + kind, "explicit_http_config": options}
        told["typed_extension_protocol_options"] = {kind: config}
    return told | more


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def gateway_cluster(name, port):
    http2 = {"max_concurrent_streams": 128, "connection_keepalive": {"interval": "10s", "timeout": "5s"}}
    breakers = {"thresholds": [{"max_pending_requests": 65536, "max_requests": 65536}]}
    options = {"http2_protocol_options": http2}
    return cluster(name, port, options, type="STRICT_DNS", circuit_breakers=breakers)


def listener(filters, logs=()):
    manager = {
        "@type": TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": STAT_PREFIX,
        "always_set_request_id_in_response": True,
        "request_id_extension": {
            "typed_config": {
                "@type": TYPE + "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
                "pack_trace_reason": False,
            }
        },
        "http_protocol_options": {"enable_trailers": True},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes()}]},
        "http_filters": filters,
        "access_log": list(logs),
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": STAT_PREFIX, "address": address(0), "filter_chains": [chain]}


def bootstrap(version, way, ports, capture_port=None):
    """`way`: bare (without Loopgate), observer or sync. `ports`: of h1, h2 and refused."""
    filters = [id_filter()]
    clusters = [
        cluster("h1", ports["h1"], {"http_protocol_options": {"enable_trailers": True}}),
        cluster("h2", ports["h2"], {"http2_protocol_options": {}}),
        cluster("refused", ports["refused"]),
        cluster("empty"),
    ]
    if way != "bare":
        filters.append(capture_filter(version, way == "sync"))
        clusters += [gateway_cluster(f"loopgate_{name}", capture_port) for name in ("capture", "access", "metrics")]
    filters.append({"name": "envoy.filters.http.router", "typed_config": {"@type": HTTP + "router.v3.Router"}})
    guard = {"envoy.reloadable_features.grpc_side_stream_flow_control": False}
    return {
        "node": {"id": "e2e", "cluster": "e2e"},
        "admin": {"address": address(0)},
        "layered_runtime": {"layers": [{"name": "static", "static_layer": guard}]},
        "stats_flush_interval": "1s",
        "stats_sinks": [] if way == "bare" else [metrics_sink()],
        "static_resources": {
            "listeners": [listener(filters, [] if way == "bare" else [access_log()])],
            "clusters": clusters,
        },
    }
