"""The page and the terminal's tables, from the figures as JSON."""

from collections.abc import Sequence
from typing import Any

from harness import bars

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = {
    "small": "257 B up, 45 B down, closed loop, 64 connections",
    "large": "64 KiB up and down, fixed rate, 64 connections",
    "h2": "HTTP/2 at the door, 257 B up, 45 B down, closed loop, 8 connections of 8 streams",
    "tls": "TLS at the door, 257 B up, 45 B down, closed loop, 64 connections",
    "sse": "200 events of 100 B an answer, 2 ms apart, 64 connections",
    "grpc": "gRPC unary, HTTP/2 on both sides, 257 B up, 45 B down, closed loop, 8 connections of 8 streams",
    "entries": "1 KiB up and down, closed loop, 64 connections",
    "memory": "64 KiB up and down, closed loop, 256 connections",
    "quick": "quick: 257 B up, 45 B down",
}


def number(value: float | None) -> str:
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def span(one: dict[str, Any]) -> str:
    return f"{number(one['middle'])} [{number(one['low'])}, {number(one['high'])}]"


def as_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def goals(content: dict[str, Any]) -> list[str]:
    """Each figure that has a goal: measured, bar, aim, verdict."""
    rows = []
    for goal in bars.GOALS:
        one = content["figures"].get(goal.key)
        if one is None:
            continue
        unit = "" if goal.unit == "x" else f" {goal.unit}"
        aims = [number(one["bar"]), number(one["aim"])]
        note = "; ".join(word for word in (one["verdict"], one["note"]) if word)
        rows.append([goal.title, span(one) + unit, *aims, note])
    return as_table(["figure", "measured [95 %]", "bar", "aim", ""], rows) if rows else []


def peers(content: dict[str, Any], row: str) -> list[str]:
    """One row of load: all peers side by side."""
    table = content["peers"].get(row, {})
    nginx = table.get("nginx", {}).get("cpu_us", {}).get("middle")
    rows = []
    for name, one in table.items():
        cpu = one["cpu_us"]["middle"]
        vs = f"{cpu / nginx:.2f}" if nginx else "-"
        parts = one["cpu_us_by_process"]
        split = "" if len(parts) < 2 else ", ".join(f"{part} {number(us)}" for part, us in parts.items())
        rows.append([
            name, span(one["cpu_us"]), vs, number(one["per_second"]["middle"]), split,
            number(one["kernel_us"]), number(one["resident_mib"]), number(one["disk_mib_s"]),
            f"{one['core_busy']:.0%}", str(one["rounds"]), str(len(one["void"])),
        ])
    head = ["", "CPU us/req [95 %]", "vs nginx", "req/s", "of it", "kernel threads us/req", "RSS MiB",
            "disk MiB/s", "core busy, least", "rounds", "thrown away"]
    return as_table(head, rows) if rows else []


def threads(content: dict[str, Any], row: str) -> list[str]:
    """Our CPU by thread."""
    table = {name: one for name, one in content["peers"].get(row, {}).items() if one["cpu_us_by_thread"]}
    parts = list(dict.fromkeys(part for one in table.values() for part in one["cpu_us_by_thread"]))
    rows = [[name, *(number(one["cpu_us_by_thread"].get(part, 0.0)) for part in parts)]
            for name, one in table.items()]
    return as_table(["us/req", *parts], rows) if rows else []


def latencies(content: dict[str, Any]) -> list[str]:
    """Percentiles from when each request was due."""
    rows = []
    for name, one in content["latency"].items():
        shares = one["percentiles_s"]
        if not shares:
            continue
        added = content["figures"].get(f"latency/added/direct/{name}")
        values = [number(shares[share] * 1e3) for share in ("p50", "p99", "p99.9")]
        rows.append([name, f"{one['rate']:,.0f}", *values, number(one["service_p99_s"] * 1e3),
                     span(added) if added else "-"])
    head = ["ms", "req/s", "p50", "p99", "p99.9", "p99 from when it was sent", "p99 added to direct [95 %]"]
    return as_table(head, rows) if rows else []


def faults(content: dict[str, Any]) -> list[str]:
    """What went wrong, and what it cost."""
    rows = [
        [one["row"], number(one["calm_p99_ms"]), number(one["p99_ms"]), number(one["ratio"]),
         number(one["sent"]), number(one["missing"]), number(one["dropped"])]
        for one in content["faults"]
    ]
    head = ["fault", "p99 before, ms", "p99 during, ms", "ratio", "sent", "missing in the files", "dropped by the ledger"]
    return as_table(head, rows) if rows else []


def text(content: dict[str, Any]) -> str:
    """All of it, in Markdown."""
    lines = [f"Measured {content['date']}.", ""]
    lines += [f"- {name}: {value}" for name, value in content["machine"].items()]
    for title, part in (
        ("Goals", goals(content)),
        *((TITLES[row], peers(content, row)) for row in TITLES),
        *((f"Ours by thread: {TITLES[row]}", threads(content, row)) for row in TITLES),
        ("Latency, open loop, 257 B", latencies(content)),
        ("While things go wrong", faults(content)),
    ):
        if part:
            lines += ["", f"## {title}", "", *part]
    return "\n".join(lines) + "\n"


def into_page(page: str, measured: str) -> str:
    """The page with its measured part replaced; what people wrote around it stays."""
    if BEGIN not in page or END not in page:
        page = f"# Results\n\n{BEGIN}\n{END}\n\n## What did not pay\n"
    head, rest = page.split(BEGIN, 1)
    _, tail = rest.split(END, 1)
    return f"{head}{BEGIN}\n\n{measured}\n{END}{tail}"
