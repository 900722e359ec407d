"""From samples to figures: medians, ratios and their intervals, by key."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness import bars, bodies, capacity, latency, measure, stats
from harness.stats import Interval

DURABLE, FILES = "loopgate-durable", "loopgate"
URING = "-uring"  # behind a name of ours: the same gateway over io_uring
FORMS = {name + over: peer + over for over in ("", URING) for name, peer in (("durable", DURABLE), ("files", FILES))}
PEERS = {"nginx-lua": "nginx-lua", "nginx": "nginx", "extproc": "envoy-extproc"}
PROTOCOL_PEERS = ("nginx", "envoy")
MIB = 1 << 20


@dataclass(frozen=True)
class Figure:
    """A measured figure by its key, in the unit of its goal."""

    key: str
    value: Interval
    bar: float | None = None
    aim: float | None = None
    verdict: str = ""
    note: str = ""


def judged(key: str, value: Interval, note: str = "", bar: float | None = None,
           aim: float | None = None) -> Figure:
    """The figure beside its goal; `bar` and `aim` replace those of the table."""
    goal = bars.goal(key)
    if goal is None:
        return Figure(key, value, note=note)
    bar = goal.bar if bar is None else bar
    aim = goal.aim if aim is None else aim
    word = bars.verdict(value, bar, goal.more_is_better, goal.strict)
    return Figure(key, value, bar, aim, word, note)


def of_rows(samples: Sequence[measure.Sample]) -> list[Figure]:
    """CPU and throughput of the rows `small` and `large`, against each peer that took part."""
    figures = []
    for row in ("small", "large"):
        good = [one for one in samples if one.row == row and not one.void]
        cpu, rate = _by_peer(good, "cpu_total"), _by_peer(good, "per_second")
        for form, name in FORMS.items():
            for short, peer in PEERS.items():
                if name in cpu and peer in cpu:
                    key = f"{row}/cpu/{form}/{short}"
                    figures.append(judged(key, stats.ratio(cpu[name], cpu[peer])))
            if row == "small" and name in rate and "nginx-lua" in rate:
                key = f"{row}/rate/{form}/nginx-lua"
                figures.append(judged(key, stats.ratio(rate[name], rate["nginx-lua"])))
    return figures


def of_protocols(samples: Sequence[measure.Sample], rows: Sequence[str]) -> list[Figure]:
    """CPU of the rows that speak something else than plain HTTP/1.1, against those that pass through."""
    figures = []
    for row in rows:
        cpu = _by_peer([one for one in samples if one.row == row and not one.void], "cpu_total")
        for peer in PROTOCOL_PEERS:
            if DURABLE in cpu and peer in cpu:
                figures.append(judged(f"{row}/cpu/durable/{peer}", stats.ratio(cpu[DURABLE], cpu[peer])))
    return figures


def _by_peer(samples: Sequence[measure.Sample], value: str) -> dict[str, list[float]]:
    values: dict[str, list[float]] = {}
    for one in samples:
        values.setdefault(one.peer, []).append(getattr(one, value))
    return values


def of_entries(samples: Sequence[measure.Sample], disk_rate: float) -> list[Figure]:
    """Durable entries a second, and how much of the disk they took."""
    good = [one for one in samples if one.row == "entries" and not one.void]
    if not good:
        return []
    value = stats.median_interval([one.per_second for one in good])
    written = stats.median_interval([one.disk_rate for one in good]).middle
    note = f"disk {written / MIB:.0f} of {disk_rate / MIB:.0f} MiB/s"
    if written > 0.8 * disk_rate:
        return [Figure("entries/rate", value, note=note + ": saturated, void")]
    return [judged("entries/rate", value, note)]


def of_memory(samples: Sequence[measure.Sample]) -> list[Figure]:
    """Resident memory of each peer; ours without the ring."""
    good = [one for one in samples if one.row == "memory" and not one.void]
    figures = []
    for name in dict.fromkeys(one.peer for one in good):
        own = [one for one in good if one.peer == name]
        value = stats.median_interval([(one.resident - one.ring) / MIB for one in own])
        ring = stats.median_interval([one.ring / MIB for one in own]).middle
        if name == DURABLE:
            figures.append(judged("memory/rss", value, f"the ring beside it: {ring:.0f} MiB"))
        else:
            figures.append(Figure(f"memory/rss/{name}", value))
    return figures


def of_timed(timed: Sequence[capacity.Timed]) -> list[Figure]:
    """Cold start and feedback."""
    figures = []
    starts = [one.value for one in timed if one.row == "start" and not one.void]
    if starts:
        figures.append(judged("start/first", stats.median_interval(starts)))
    posts = [one for one in timed if one.row == "feedback" and not one.void]
    if posts:
        forces = stats.median_interval([one.beside for one in posts]).middle
        goal = bars.goal("feedback/rate")
        assert goal is not None and goal.bar is not None and goal.aim is not None
        bar = min(goal.bar, bars.FORCES_BAR * forces)
        aim = min(goal.aim, bars.FORCES_AIM * forces)
        value = stats.median_interval([one.value for one in posts])
        figures.append(judged("feedback/rate", value, f"F = {forces:.0f} forces/s", bar, aim))
    return figures


def of_latency(attacks: Sequence[latency.Attacked]) -> list[Figure]:
    """What each peer adds to the model's own p99, and we to HAProxy's."""
    taken = list(attacks)
    figures = []
    for name in dict.fromkeys(one.peer for one in taken):
        p99 = stats.median_interval(latency.p99_of(taken, name)).scaled(1e3)
        figures.append(Figure(f"latency/p99/{name}", p99))
        if name != "direct":
            more = latency.added(taken, name, "direct").scaled(1e3)
            figures.append(Figure(f"latency/added/direct/{name}", more))
    names = {one.peer for one in taken}
    if {FILES, "haproxy"} <= names:
        note = f"at {taken[0].rate:.0f} requests/s, {bodies.SMALL.name} bodies"
        figures.append(judged("latency/added/haproxy", latency.added(taken, FILES, "haproxy").scaled(1e3), note))
    return figures
