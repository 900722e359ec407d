"""Envoy's configurations for `./benchmarks/modes`: passing through, plain external processing, what docs/envoy.md recommends, and
changes to that, each by itself. Dictionaries, written as JSON.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Config = dict[str, Any]

_TYPE = "type.googleapis.com/envoy.extensions."
_HTTP = _TYPE + "filters.http."
_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_GUARD = "envoy.reloadable_features.grpc_side_stream_flow_control"
CAPTURE, ACCESS = "loopgate_capture", "loopgate_access"
ATTRIBUTES = ("response.code_details", "upstream.address", "upstream.request_attempt_count")
SECRETS = ("authorization", "cookie", "set-cookie")
NEEDED = (
    ":method", ":path", ":authority", ":scheme", ":status", "content-type", "content-length", "content-encoding",
    "request-id", "x-request-id", "x-envoy-original-path",
)
KIB = 1 << 10


def address(port: int) -> Config:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(name: str, port: int, http2: Config | None = None) -> Config:
    limits = {"max_connections": 65536, "max_pending_requests": 65536, "max_requests": 65536}
    endpoint = {"endpoint": {"address": address(port)}}
    made = {
        "name": name,
        "type": "STATIC",
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    if http2 is not None:
        options = {"@type": _TYPE + "upstreams.http.v3.HttpProtocolOptions"}
        options["explicit_http_config"] = {"http2_protocol_options": http2}
        made["typed_extension_protocol_options"] = {_PROTOCOL: options}
    return made


def passing(port: int, model: int, prefix: str) -> Config:
    """Envoy with a router and nothing else; `prefix` is taken off, as for every model."""
    router = {"name": "envoy.filters.http.router", "typed_config": {"@type": _HTTP + "router.v3.Router"}}
    action = {"cluster": "model", "timeout": "300s", "prefix_rewrite": "/"}
    manager = {
        "@type": _TYPE + "filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "door",
        "route_config": {
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": f"{prefix}/"}, "route": action}]}
            ]
        },
        "http_filters": [router],
    }
    listener = {
        "name": "door",
        "address": address(port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    node = {"id": prefix.strip("/").replace("/", "-"), "cluster": "modes"}
    return {"node": node, "static_resources": {"listeners": [listener], "clusters": [_cluster("model", model)]}}


def streamed(config: Config, sink: int, synchronous: bool = False) -> Config:
    """Every part of each exchange goes to the sink, and nothing is said that is not needed for that."""
    send, stream = "SEND", "STREAMED"
    filter_ = {
        "@type": _HTTP + "ext_proc.v3.ExternalProcessor",
        "grpc_service": {"envoy_grpc": {"cluster_name": CAPTURE}},
        "failure_mode_allow": True,
        "processing_mode": {
            "request_header_mode": send,
            "response_header_mode": send,
            "request_body_mode": stream,
            "response_body_mode": stream,
            "request_trailer_mode": send,
            "response_trailer_mode": send,
        },
    }
    if synchronous:
        filter_ |= {
            "message_timeout": "1s",
            "disable_immediate_response": True,
            "send_body_without_waiting_for_header_response": True,
            "allow_content_length_header": True,
        }
    else:
        filter_ |= {"observability_mode": True}
    made = copy.deepcopy(config)
    manager(made)["http_filters"].insert(-1, {"name": "loopgate.capture", "typed_config": filter_})
    made["static_resources"]["clusters"].append(_cluster(CAPTURE, sink, {"max_concurrent_streams": 128}))
    return made


def _identified(config: Config) -> Config:
    """With `loopgate.id`, and ids that Envoy leaves as they are."""
    made = copy.deepcopy(config)
    header = {"key": "request-id", "value": "%REQ(request-id?x-request-id)%"}
    mutation = {"append": {"append_action": "OVERWRITE_IF_EXISTS_OR_ADD", "header": header}}
    mutations = {"request_mutations": [mutation], "response_mutations": [mutation]}
    typed = {"@type": _HTTP + "header_mutation.v3.HeaderMutation", "mutations": mutations}
    of = manager(made)
    of["http_filters"].insert(0, {"name": "loopgate.id", "typed_config": typed})
    of["always_set_request_id_in_response"] = True
    kind = {"@type": _TYPE + "request_id.uuid.v3.UuidRequestIdConfig", "pack_trace_reason": False}
    of["request_id_extension"] = {"typed_config": kind}
    return made


def _side_http2() -> Config:
    return {"max_concurrent_streams": 128, "connection_keepalive": {"interval": "10s", "timeout": "5s"}}


def logged(config: Config, sink: int) -> Config:
    """The access log, each entry at once."""
    made = copy.deepcopy(config)
    common = {
        "log_name": "loopgate",
        "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": ACCESS}},
        "buffer_size_bytes": 0,
    }
    typed = {
        "@type": _TYPE + "access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
        "common_config": common,
        "additional_request_headers_to_log": ["request-id"],
    }
    manager(made)["access_log"] = [{"name": "loopgate.access", "typed_config": typed}]
    made["static_resources"]["clusters"].append(_cluster(ACCESS, sink, _side_http2()))
    return made


def log_alone(config: Config, sink: int) -> Config:
    """The access log and the ids, without external processing."""
    return logged(_identified(config), sink)


def recommended(config: Config, sink: int, synchronous: bool = False) -> Config:
    """As docs/envoy.md has it, the access log with it."""
    made = logged(_identified(streamed(config, sink, synchronous)), sink)
    capture(made).update(
        {
            "forward_rules": {"disallowed_headers": _names(SECRETS)},
            "metadata_options": {"forwarding_namespaces": {"untyped": ["envoy.filters.http.ext_authz"]}},
            "response_attributes": list(ATTRIBUTES),
        }
    )
    side_http2(made).update(_side_http2())
    made["layered_runtime"] = {"layers": [{"name": "static", "static_layer": {_GUARD: False}}]}
    return made


def _names(names: tuple[str, ...]) -> Config:
    return {"patterns": [{"exact": name} for name in names]}


def manager(config: Config) -> Config:
    """The connection manager."""
    found: Config = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def capture(config: Config) -> Config:
    """Our filter."""
    for one in manager(config)["http_filters"]:
        if one["name"] == "loopgate.capture":
            found: Config = one["typed_config"]
            return found
    raise KeyError("loopgate.capture")


def side_http2(config: Config, name: str = CAPTURE) -> Config:
    """What is spoken with the sink."""
    for one in config["static_resources"]["clusters"]:
        if one["name"] == name:
            options = one["typed_extension_protocol_options"][_PROTOCOL]["explicit_http_config"]
            found: Config = options["http2_protocol_options"]
            return found
    raise KeyError(name)


@dataclass(frozen=True)
class Change:
    """One change to the recommended configuration. `costs`: what is no longer kept or promised, nothing when all is."""

    key: str
    title: str
    costs: str
    apply: Callable[[Config], None]


def _skip_trailers(config: Config) -> None:
    capture(config)["processing_mode"] |= {"request_trailer_mode": "SKIP", "response_trailer_mode": "SKIP"}


def _allow_headers(config: Config) -> None:
    capture(config)["forward_rules"] = {"allowed_headers": _names(NEEDED)}


def _no_attributes(config: Config) -> None:
    del capture(config)["response_attributes"]


def _no_metadata(config: Config) -> None:
    del capture(config)["metadata_options"]


def _no_log(config: Config) -> None:
    del manager(config)["access_log"]


def gather_log(config: Config) -> None:
    """As many entries at once as fit into Envoy's default, within its second."""
    _gather(config, "1s")


def gather_quickly(config: Config) -> None:
    """As many entries at once, but a tenth of a second."""
    _gather(config, "0.1s")


def _gather(config: Config, interval: str) -> None:
    common = manager(config)["access_log"][0]["typed_config"]["common_config"]
    common |= {"buffer_size_bytes": 16 * KIB, "buffer_flush_interval": interval}


def _no_guard(config: Config) -> None:
    del config["layered_runtime"]


def _more_streams(config: Config) -> None:
    side_http2(config)["max_concurrent_streams"] = 1024


def _nghttp2(config: Config) -> None:
    side_http2(config)["use_oghttp2_codec"] = False


def _buffers(size: int) -> Callable[[Config], None]:
    def apply(config: Config) -> None:
        config["static_resources"]["listeners"][0]["per_connection_buffer_limit_bytes"] = size
        for one in config["static_resources"]["clusters"]:
            one["per_connection_buffer_limit_bytes"] = size

    return apply


SMALL_CHANGES = (
    Change("no-trailers", "trailers not sent", "trailers: gRPC's status", _skip_trailers),
    Change("few-headers", "an allow-list of eleven headers", "all other headers", _allow_headers),
    Change("no-attributes", "no attributes", "the replica, the attempts, which answers were Envoy's own", _no_attributes),
    Change("no-metadata", "no metadata of ext_authz", "nothing where nobody asks ext_authz; else its Request-Id", _no_metadata),
    Change("no-log", "no access log", "how cut exchanges ended, what was refused or not shown", _no_log),
    Change("log-16k", "access log gathered: 16 KiB or 1 s", "up to a second of the log when Envoy ends", gather_log),
    Change("log-100ms", "access log gathered: 16 KiB or 0.1 s", "up to 0.1 s of the log when Envoy ends", gather_quickly),
    Change("no-guard", "without the runtime guard", "P5 where the gateway stops reading", _no_guard),
    Change("streams-1024", "1024 streams on a side connection", "", _more_streams),
    Change("nghttp2", "nghttp2 to the gateway", "", _nghttp2),
)
LARGE_CHANGES = (
    Change("buffer-64k", "buffers of 64 KiB", "", _buffers(64 * KIB)),
    Change("buffer-256k", "buffers of 256 KiB", "", _buffers(256 * KIB)),
)
