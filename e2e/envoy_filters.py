"""Envoy's configuration for what an Envoy does beside passing on: it tries again, copies, refuses, packs and unpacks, above our
filter and below it. Each filter is off but for the routes that name it.
"""

import os

import envoy_config
from common import until
from envoy_config import HTTP, TYPE, cluster

SECONDS = 0.5  # what is to be too long
TRIES = {"retry_on": "5xx", "num_retries": 2, "per_try_timeout": f"{SECONDS}s"}
SMALL, LARGE, LARGER = 100_000, 8 << 20, 20 << 20  # bytes that a filter holds
OVERLOAD = "envoy.overload_actions.stop_accepting_requests"

# As `envoy_config.MODELS`; `filters` are on for it. The proxy knows models of all of these names.
MODELS = {
    "tries": {"cluster": "h1", "retry_policy": TRIES},
    "hedges": {"cluster": "h1", "retry_policy": TRIES | {"num_retries": 1}, "hedge_policy": {"hedge_on_per_try_timeout": True}},
    "pauses": {"cluster": "h1", "retry_policy": {"per_try_idle_timeout": f"{SECONDS}s"}},
    "brief": {"cluster": "h1", "max_stream_duration": {"max_stream_duration": f"{SECONDS}s"}},
    "short": {"cluster": "h1-short"},
    "full": {"cluster": "h1-full"},
    "nowhere": {"cluster": "nowhere"},
    "many": {"cluster": "h2-many"},
    "sealed": {"cluster": "h1", "filters": ["authz.error"]},
    "mute": {"cluster": "h1", "filters": ["authz.silent"]},
    "limited": {"cluster": "h1", "filters": ["limit.above"]},
    "limited-below": {"cluster": "h1", "filters": ["limit.below"]},
    "small": {"cluster": "h1", "filters": ["buffer.above"]},
    "small-below": {"cluster": "h1", "filters": ["buffer.below"]},
    "large": {"cluster": "h1", "filters": ["buffer.large"]},
    "larger": {"cluster": "h1", "filters": ["buffer.larger"]},
    "packs": {"cluster": "h1", "filters": ["packs.above"]},
    "packs-below": {"cluster": "h1", "filters": ["packs.below"]},
    "unpacks": {"cluster": "h1", "filters": ["unpacks.above"]},
    "unpacks-below": {"cluster": "h1", "filters": ["unpacks.below"]},
    "spoken-for": {},
}


def routes():
    told = []
    for model, how in MODELS.items():
        match = {"name": model, "match": {"prefix": f"/model/{model}/"}}
        action = {"prefix_rewrite": "/", "timeout": "0s"} | {key: value for key, value in how.items() if key != "filters"}
        on = {name: {"@type": TYPE + "envoy.config.route.v3.FilterConfig", "config": {}} for name in how.get("filters", ())}
        said = {"direct_response": {"status": 403, "body": {"inline_string": "said by the route"}}}
        told.append(match | ({"route": action, "typed_per_filter_config": on} if how else said))
    copies = {"cluster": "h1", "prefix_rewrite": "/", "timeout": "0s", "request_mirror_policies": [{"cluster": "h2"}]}
    told.append({"name": "copied", "match": {"prefix": "/custom/copied/"}, "route": copies})
    return told


def off(name, kind, **config):
    """A filter that no request meets, unless its route says so."""
    return {"name": name, "disabled": True, "typed_config": {"@type": HTTP + kind} | config}


def authorization(name):
    service = {"envoy_grpc": {"cluster_name": name}, "timeout": f"{SECONDS}s"}
    on_error = {"failure_mode_allow": False, "status_on_error": {"code": "ServiceUnavailable"}}
    return off(name, "ext_authz.v3.ExtAuthz", transport_api_version="V3", grpc_service=service, **on_error)


def of_place(place):
    """What stands above our filter, and below it."""
    share = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    bucket = {"max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "3600s"}
    limit = {"stat_prefix": f"limit_{place}", "token_bucket": bucket, "filter_enabled": share, "filter_enforced": share}
    gzip = {
        f"{what}_library": {"name": "gzip", "typed_config": {"@type": f"{TYPE}envoy.extensions.compression.gzip.{what}.v3.Gzip"}}
        for what in ("compressor", "decompressor")
    }
    return [
        off(f"limit.{place}", "local_ratelimit.v3.LocalRateLimit", **limit),
        off(f"buffer.{place}", "buffer.v3.Buffer", max_request_bytes=SMALL),
        off(f"packs.{place}", "compressor.v3.Compressor", compressor_library=gzip["compressor_library"]),
        off(f"unpacks.{place}", "decompressor.v3.Decompressor", decompressor_library=gzip["decompressor_library"]),
    ]


def bootstrap(version, way, ports, capture_port=None):
    """`envoy_config.bootstrap`, and all of this."""
    config = envoy_config.bootstrap(version, way, ports, capture_port)
    resources = config["static_resources"]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    above = [authorization("authz.error"), authorization("authz.silent")]
    holding = {"buffer.large": LARGE, "buffer.larger": LARGER}
    above += [off(name, "buffer.v3.Buffer", max_request_bytes=most) for name, most in holding.items()]
    above += of_place("above")
    ids, *capture, router = manager["http_filters"]
    manager["http_filters"] = [ids, *above, *capture, *of_place("below"), router]
    manager["route_config"] |= {"validate_clusters": False}
    manager["route_config"]["virtual_hosts"][0]["routes"] += routes()
    manager["http2_protocol_options"] = {"allow_connect": True}
    http1, http2 = {"http_protocol_options": {"enable_trailers": True}}, {"http2_protocol_options": {}}
    wide = ("max_connections", "max_pending_requests", "max_requests")
    short = cluster("h1-short", ports["h1"], http1)
    (options,) = short["typed_extension_protocol_options"].values()
    options["common_http_protocol_options"] = {"max_stream_duration": f"{SECONDS}s"}
    resources["clusters"] += [
        short,
        cluster("h1-full", ports["h1"], http1, circuit_breakers={"thresholds": [{"max_pending_requests": 0}]}),
        cluster("h2-many", ports["h2"], http2, circuit_breakers={"thresholds": [dict.fromkeys(wide, 65536)]}),
        cluster("authz.error", ports["refused"], http2),
        cluster("authz.silent", ports["silent"], http2),
    ]
    return config


def may_be_overloaded(config, pressure):
    """By what stands in the file `pressure`."""
    pressure.write_text("0.0")
    name = "envoy.resource_monitors.injected_resource"
    kind = TYPE + "envoy.extensions.resource_monitors.injected_resource.v3.InjectedResourceConfig"
    monitor = {"name": name, "typed_config": {"@type": kind, "filename": str(pressure)}}
    action = {"name": OVERLOAD, "triggers": [{"name": name, "threshold": {"value": 0.9}}]}
    config["overload_manager"] = {"refresh_interval": "0.05s", "resource_monitors": [monitor], "actions": [action]}


async def press(envoy, pressure, high):
    """From now on this Envoy refuses whatever comes, or no longer."""
    new = pressure.with_suffix(".new")
    new.write_text("1.0" if high else "0.0")
    os.rename(new, pressure)  # only a file that takes another's place is noticed
    active = f"overload.{OVERLOAD}.active"

    async def is_so():
        return (await envoy.counters(active))[active] == int(high)

    await until(f"envoy to be {'overloaded' if high else 'at ease'}", is_so)
