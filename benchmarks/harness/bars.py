"""What we want to reach: each figure with its bar and its aim, in one table."""

from dataclasses import dataclass

from harness.stats import Interval


@dataclass(frozen=True)
class Goal:
    """A figure by its key. Below the bar the work is not done; the aim is where we want to be.

    `strict`: met only where all of the interval is on the good side of the bar.
    """

    key: str
    title: str
    unit: str
    bar: float | None
    aim: float | None
    more_is_better: bool = False
    strict: bool = False


GOALS = (
    Goal("small/cpu/durable/nginx-lua", "serving + durable, 257 B, CPU vs nginx + lua", "x", 0.80, 0.50),
    Goal("small/cpu/durable/nginx", "the same vs nginx pass-through", "x", 1.15, 0.75),
    Goal("small/cpu/durable/extproc", "the same vs Envoy + ext_proc + sink", "x", 0.12, 0.06),
    Goal("large/cpu/durable/nginx-lua", "serving + durable, 64 KiB, CPU vs nginx + lua", "x", 0.40, 0.22),
    Goal("small/cpu/files/nginx-lua", "up to the published file, plain JSON, 257 B, vs nginx + lua", "x", 0.95, 0.70),
    Goal("large/cpu/files/nginx-lua", "the same, 64 KiB, plain (the bar of 0.65 is for zstd-1)", "x", None, None),
    Goal("small/rate/durable/nginx-lua", "throughput of one core, 257 B, capture on, vs nginx + lua", "x", 1.3, 1.8, True),
    Goal("small/cpu/durable-uring/nginx-lua", "over io_uring: serving + durable, 257 B, CPU vs nginx + lua", "x", 0.80, 0.50),
    Goal("small/cpu/durable-uring/nginx", "over io_uring: the same vs nginx pass-through", "x", 1.15, 0.75),
    Goal("small/cpu/durable-uring/extproc", "over io_uring: the same vs Envoy + ext_proc + sink", "x", 0.12, 0.06),
    Goal("small/cpu/files-uring/nginx-lua", "over io_uring: up to the published file, vs nginx + lua", "x", 0.95, 0.70),
    Goal("small/rate/durable-uring/nginx-lua", "over io_uring: throughput of one core, vs nginx + lua", "x", 1.3, 1.8, True),
    Goal("h2/cpu/durable/nginx", "serving + durable over HTTP/2, 257 B, CPU vs nginx pass-through", "x", 1.1, None),
    Goal("h2/cpu/durable/envoy", "the same vs Envoy pass-through", "x", 0.3, None),
    Goal("tls/cpu/durable/nginx", "serving + durable over TLS, 257 B, CPU vs nginx pass-through", "x", 1.1, None),
    Goal("tls/cpu/durable/envoy", "the same vs Envoy pass-through", "x", 0.3, None),
    Goal("sse/cpu/durable/nginx", "200 events of 100 B an answer, CPU vs nginx pass-through", "x", 1.1, None),
    Goal("sse/cpu/durable/envoy", "the same vs Envoy pass-through", "x", 0.3, None),
    Goal("grpc/cpu/durable/nginx", "gRPC unary, 257 B, CPU vs nginx grpc_pass", "x", 1.1, None),
    Goal("grpc/cpu/durable/envoy", "the same vs Envoy pass-through", "x", 0.3, None),
    Goal("latency/added/haproxy", "added p99 at half load, minus HAProxy's", "ms", 0.5, 0.2, strict=True),
    Goal("entries/rate", "durable entries per second, 1 KiB each way, one core", "/s", 30_000, 50_000, True),
    Goal("memory/rss", "RSS, 256 connections, 64 KiB bodies, without the ring", "MiB", 250, 140),
    Goal("start/first", "cold start to the first served request, two cores", "s", 1.0, 0.35),
    Goal("feedback/rate", "feedback: acknowledged posts per second, 64 connections", "/s", 10_000, 30_000, True),
    Goal("fault/unwritable/p99", "files can't be written: p99 of serving against undisturbed", "x", 1.2, 1.05),
    Goal("fault/frozen-2s/p99", "disk frozen 2 s: the same", "x", 1.2, 1.05),
    Goal("fault/frozen-5s/p99", "disk frozen 5 s: the same", "x", None, None),
    Goal("fault/full/p99", "spool full: the same", "x", None, None),
)

# Feedback can't be forced more often than the disk allows: so many times F, its forces a second.
FORCES_BAR, FORCES_AIM = 10, 30


def goal(key: str) -> Goal | None:
    """The goal of a figure that has one."""
    return next((one for one in GOALS if one.key == key), None)


def verdict(value: Interval, bar: float | None, more_is_better: bool, strict: bool) -> str:
    """`met`, `missed`, `not resolved`, or nothing where there is no bar."""
    if bar is None:
        return ""
    sign = -1 if more_is_better else 1
    worst = value.low if more_is_better else value.high
    best = value.high if more_is_better else value.low
    if sign * worst <= sign * bar:
        return "met"
    if sign * best > sign * bar:
        return "missed"
    if strict:
        return "not resolved"
    side = "met" if sign * value.middle <= sign * bar else "missed"
    return f"{side} (the interval crosses the bar)"
