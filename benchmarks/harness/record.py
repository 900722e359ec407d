"""What a run leaves: raw rows, the figures as JSON, a plot; and the recorded results beside it."""

import csv
import dataclasses
import datetime
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from harness import capacity, latency, measure, paths, stats
from harness.figures import Figure

MIB = 1 << 20


def interval(value: stats.Interval) -> dict[str, float]:
    """As JSON."""
    return dataclasses.asdict(value)


def of_interval(value: dict[str, Any]) -> stats.Interval:
    """Back from JSON."""
    return stats.Interval(value["middle"], value["low"], value["high"], int(value["count"]))


@dataclasses.dataclass
class Taken:
    """All that was measured in a run."""

    samples: list[measure.Sample] = dataclasses.field(default_factory=list)
    timed: list[capacity.Timed] = dataclasses.field(default_factory=list)
    attacks: list[latency.Attacked] = dataclasses.field(default_factory=list)
    faults: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    figures: list[Figure] = dataclasses.field(default_factory=list)
    machine: dict[str, str] = dataclasses.field(default_factory=dict)


def peers_of(samples: Sequence[measure.Sample]) -> dict[str, dict[str, dict[str, Any]]]:
    """By row and peer: CPU, its parts, throughput, memory, how many rounds counted."""
    table: dict[str, dict[str, dict[str, Any]]] = {}
    for row, name in dict.fromkeys((one.row, one.peer) for one in samples):
        mine = [one for one in samples if one.row == row and one.peer == name]
        good = [one for one in mine if not one.void]
        if not good:
            continue
        parts = sorted({part for one in good for part in one.cpu})
        threads = sorted({part for one in good for part in one.threads})
        table.setdefault(row, {})[name] = {
            "cpu_us": interval(stats.median_interval([one.cpu_total for one in good])),
            "cpu_us_by_process": {part: _median([one.cpu[part] for one in good]) for part in parts},
            "cpu_us_by_thread": {
                part: _median([one.threads.get(part, 0.0) for one in good]) for part in threads
            },
            "kernel_us": _median([one.kernel for one in good]),
            "per_second": interval(stats.median_interval([one.per_second for one in good])),
            "resident_mib": _median([(one.resident - one.ring) / MIB for one in good]),
            "ring_mib": _median([one.ring / MIB for one in good]),
            "disk_mib_s": _median([one.disk_rate / MIB for one in good]),
            "core_busy": min(one.core_busy for one in good),
            "idle": _median([one.idle for one in good]),
            "requests": sum(one.requests for one in good),
            "rounds": len(good),
            "void": [one.void for one in mine if one.void],
            "kept": max(one.remarks.get("kept", 0) for one in good),
        }
    return table


def _median(values: list[float]) -> float:
    return stats.median_interval(values).middle if values else 0.0


def as_json(taken: Taken) -> dict[str, Any]:
    """The whole run."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    found = {}
    for one in taken.figures:
        found[one.key] = interval(one.value) | {
            "bar": one.bar,
            "aim": one.aim,
            "verdict": one.verdict,
            "note": one.note,
            "date": now,
        }
    latencies = {
        name: {
            "rate": taken.attacks[0].rate,
            "histogram_s": latency.merged(taken.attacks, name),
            "percentiles_s": _percentiles(taken.attacks, name),
            "service_p99_s": _median(
                [one.service_p99 for one in taken.attacks if one.peer == name and not one.void]
            ),
        }
        for name in dict.fromkeys(one.peer for one in taken.attacks)
    }
    return {
        "date": now,
        "machine": taken.machine,
        "figures": found,
        "peers": peers_of(taken.samples),
        "latency": latencies,
        "faults": taken.faults,
    }


def _percentiles(attacks: list[latency.Attacked], name: str) -> dict[str, float]:
    good = [one.percentiles for one in attacks if one.peer == name and not one.void]
    return {share: _median([one[share] for one in good]) for share in good[0]} if good else {}


def write_rows(taken: Taken, path: pathlib.Path) -> None:
    """Every measurement, the void ones too, a line each."""
    fields = ["row", "peer", "number", "figure", "value", "unit", "void"]
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(fields)
        for one in taken.samples:
            for figure, value, unit in _values(one):
                rows.writerow([one.row, one.peer, one.number, figure, f"{value:.6g}", unit, one.void])
        for timed in taken.timed:
            beside = [("value", timed.value), ("beside", timed.beside)]
            for figure, value in beside:
                rows.writerow([timed.row, "loopgate", timed.number, figure, f"{value:.6g}", "", timed.void])
        for attacked in taken.attacks:
            for figure, value in attacked.percentiles.items():
                line = ["latency", attacked.peer, attacked.number, figure, f"{value:.6g}", "s"]
                rows.writerow([*line, attacked.void])
        for fault in taken.faults:
            for figure, value in fault.items():
                if isinstance(value, float):
                    rows.writerow([fault["row"], "loopgate", fault["number"], figure, f"{value:.6g}", "", ""])


def _values(one: measure.Sample) -> list[tuple[str, float, str]]:
    values = [(f"cpu {name}", value, "us/req") for name, value in one.cpu.items()]
    values += [(f"thread {name}", value, "us/req") for name, value in one.threads.items()]
    values += [
        ("kernel threads", one.kernel, "us/req"),
        ("requests", one.requests, ""),
        ("rate", one.per_second, "/s"),
        ("core busy", one.core_busy, ""),
        ("idle", one.idle, "core"),
        ("resident", one.resident, "B"),
        ("ring", one.ring, "B"),
        ("disk", one.disk_rate, "B/s"),
        ("others", one.others, "core"),
        ("stolen", one.stolen, "core"),
    ]
    return values + [(f"remark {name}", value, "") for name, value in one.remarks.items()]


def recorded() -> dict[str, Any]:
    """The recorded results, empty where there are none."""
    if not paths.RECORDED.exists():
        return {}
    content: dict[str, Any] = json.loads(paths.RECORDED.read_text())
    return content


def merge(into: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    """The recorded results with those rows replaced that this run has measured."""
    merged = dict(into)
    for part in ("figures", "peers"):
        merged[part] = into.get(part, {}) | run[part]
    for part in ("latency", "faults"):
        merged[part] = run[part] or into.get(part, run[part])
    merged["date"], merged["machine"] = run["date"], run["machine"]
    return merged


def dump(content: dict[str, Any], path: pathlib.Path) -> None:
    """Readable, and the same for the same content."""
    path.write_text(json.dumps(_rounded(content), indent=1, sort_keys=True) + "\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {str(key): _rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return value
