"""From the samples of `./benchmarks/modes` to its figures. Pure."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from harness import measure, record, stats

ENVOY, PROXY, RECOMMENDED, STREAMED, DROPS = "envoy", "proxy", "recommended", "streamed", "streamed-go"
BESIDE = (STREAMED, RECOMMENDED, "synchronous")
FILES, DURABLE = "files", "durable"  # kept up to there


def own_cost(samples: Sequence[measure.Sample]) -> list[float]:
    """What Envoy alone took for an exchange, by sample."""
    return [one.cpu[ENVOY] for one in samples if ENVOY in one.cpu]


def sink_cost(samples: Sequence[measure.Sample], kept: str) -> list[float]:
    """What the process beside Envoy took. `DURABLE`: without the thread that publishes files."""
    costs = []
    for one in samples:
        cost = sum(value for part, value in one.cpu.items() if part != ENVOY)
        costs.append(cost - (one.threads.get("shipper", 0.0) if kept == DURABLE else 0.0))
    return costs


def ratios(samples: Sequence[measure.Sample]) -> dict[str, dict[str, float]]:
    """By `<size>/<mode>/<other>`: all of its CPU to all of the other's; by `<size>/own/<mode>`: Envoy's own to that in plain
    streaming; by `<size>/sink/<mode>/<kept>`: that of our process beside Envoy to the sink's that drops. Void samples are
    left out.
    """
    by_row: dict[str, dict[str, list[measure.Sample]]] = {}
    for one in samples:
        if not one.void:
            by_row.setdefault(one.row, {}).setdefault(one.peer, []).append(one)
    made: dict[str, stats.Interval] = {}
    for row, found in by_row.items():
        totals = {key: [one.cpu_total for one in good] for key, good in found.items()}
        for other in (ENVOY, PROXY, RECOMMENDED, DROPS):
            if other in totals:
                made |= {f"{row}/{key}/{other}": stats.ratio(values, totals[other]) for key, values in totals.items()}
        for key in BESIDE:
            if key not in found:
                continue
            if STREAMED in found:
                made[f"{row}/own/{key}"] = stats.ratio(own_cost(found[key]), own_cost(found[STREAMED]))
            if DROPS in found:
                drops = sink_cost(found[DROPS], FILES)
                for kept in (DURABLE, FILES):
                    made[f"{row}/sink/{key}/{kept}"] = stats.ratio(sink_cost(found[key], kept), drops)
    return {key: record.interval(value) for key, value in made.items()}


def as_json(
    samples: Sequence[measure.Sample], sent: Mapping[str, int], lost: Mapping[str, str], machine: Mapping[str, str]
) -> dict[str, Any]:
    """The whole run. `lost`: by mode why it is void, empty where it is not."""
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": dict(machine),
        "peers": record.peers_of(samples),
        "ratios": ratios(samples),
        "sent": dict(sent),
        "lost": {key: words for key, words in lost.items() if words},
    }
