"""What a proxy adds to the slowest of a hundred requests, at a rate it holds easily."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness import bodies, load, measure, peers, proc, rig, stats, vegeta
from harness.problems import Problem

PAIRS_MIN = 9
WARM_CHUNK = 640
PROBE_SECONDS = 4.0
PROBE_P99_MAX = 0.02  # an open loop that falls behind is seconds late, not milliseconds
CONNECTIONS = 64  # without a bound a load that falls behind on its core spends it on opening more
PROBE_STEP, PROBES_MAX = 0.75, 8


@dataclass
class Attacked:
    """One attack through one peer (or on the model itself). Seconds."""

    peer: str
    number: int
    rate: float
    requests: int
    percentiles: dict[str, float]
    service_p99: float
    histogram: list[tuple[float, int]]
    others: float
    stolen: float
    void: str = ""
    remarks: dict[str, float] = field(default_factory=dict)


def warm_up(where: rig.Rig, url: str, body: str, seconds: float) -> tuple[int, float]:
    """Small requests at full speed; how many were sent, and how many a second at the end."""
    sent, rate, chunk = 0, 0.0, WARM_CHUNK
    until = time.monotonic() + seconds
    while time.monotonic() < until or rate == 0:
        loaded = load.send(url, where.folder / body, chunk, where.others)
        sent, rate = sent + loaded.requests, loaded.per_second
        chunk = max(WARM_CHUNK, int(rate * measure.CHUNK_SECONDS))
    return sent, rate


def held(holds: Callable[[float], bool], wanted: float) -> float:
    """The highest of a few rates, `wanted` first, that load and model hold with no proxy between them."""
    rate = wanted
    for _ in range(PROBES_MAX):
        if holds(rate):
            return rate
        rate = float(round(rate * PROBE_STEP))
    raise Problem(f"latency: load and model don't hold {rate / PROBE_STEP:.0f}/s on their cores, and no rate above")


def direct_holds(where: rig.Rig, rate: float) -> bool:
    """Whether the load sends that many a second straight to the model, none failed or late."""
    peer = peers.Direct(where)
    peer.start()
    try:
        shot = vegeta.Shot(peer.url(bodies.SMALL), where.folder / "small.up", rate, PROBE_SECONDS, connections=CONNECTIONS)
        hits = vegeta.fire(shot, where.folder, where.others)
    finally:
        peer.stop()
    return not hits.failed() and hits.percentiles()["p99"] <= PROBE_P99_MAX


class Session:
    """One process of a peer (or the model itself), from warm to counted back."""

    def __init__(self, where: rig.Rig, peer: peers.Peer, warm_seconds: float, harness_pid: int) -> None:
        self.rig = where
        self.peer = peer
        self.harness_pid = harness_pid
        self.attacks: list[Attacked] = []
        self.sent, self.per_second = warm_up(where, peer.url(bodies.SMALL), "small.up", warm_seconds)

    def attack(self, number: int, rate: float, seconds: float) -> Attacked:
        """One attack more."""
        self.peer.settle()
        body = self.rig.folder / "small.up"
        shot = vegeta.Shot(self.peer.url(bodies.SMALL), body, rate, seconds, connections=CONNECTIONS)
        before = proc.snapshot(time.monotonic())
        hits = vegeta.fire(shot, self.rig.folder, self.rig.others)
        after = proc.snapshot(time.monotonic())
        self.peer.settle()  # what it still ships is not to be in the next one's way
        if hits.failed():
            raise Problem(f"{self.peer.name}: {hits.failed()} of {len(hits.hits)} requests failed at {rate:.0f}/s")
        self.sent += len(hits.hits)
        others, stolen = measure.noise(before, after, self.harness_pid)
        attacked = Attacked(
            self.peer.name,
            number,
            rate,
            len(hits.hits),
            hits.percentiles(),
            hits.service_p99(),
            stats.histogram(hits.latencies()),
            others,
            stolen,
            measure.void_by_noise(others, stolen),
        )
        self.attacks.append(attacked)
        return attacked

    def count_back(self) -> None:
        """After the peer's end."""
        self.peer.count_back(self.sent)
        for attacked in self.attacks:
            attacked.remarks |= self.peer.remarks()


@contextmanager
def session(where: rig.Rig, peer: peers.Peer, warm_seconds: float, harness_pid: int) -> Iterator[Session]:
    """The peer, started and warm, to be attacked again and again; then ended and counted back."""
    peer.start()
    try:
        begun = Session(where, peer, warm_seconds, harness_pid)
        yield begun
    finally:
        peer.stop()
    begun.count_back()


def in_pairs(
    take: dict[str, Callable[[int], Attacked]],
    pairs: int,
    keeps_noisy: bool,
    tell: Callable[[Attacked], None],
) -> list[Attacked]:
    """Rounds A B B A, each with all peers, of which one void attack makes the round void; at most
    twice as many rounds as are wanted."""
    kept: list[Attacked] = []
    good = 0
    for number in range(2 * pairs):
        names = list(take) if number % 2 == 0 else list(reversed(take))
        round_of = [take[name](number) for name in names]
        noisy = [one.void for one in round_of if one.void]
        if noisy and keeps_noisy:
            for one in round_of:
                one.void = ""
                one.remarks["noisy"] = 1
        elif noisy:
            for one in round_of:
                one.void = one.void or "another attack of the round is void"
        for one in round_of:
            tell(one)
        kept += round_of
        good += 0 if noisy and not keeps_noisy else 1
        if good >= pairs:
            break
    if good == 0:
        raise Problem(f"latency: no round was quiet: {kept[-1].void}")
    return kept


def p99_of(attacks: list[Attacked], peer: str) -> list[float]:
    """Of each round that counts, in order."""
    good = [one for one in attacks if one.peer == peer and not one.void]
    return [one.percentiles["p99"] for one in sorted(good, key=lambda one: one.number)]


def added(attacks: list[Attacked], peer: str, to: str) -> stats.Interval:
    """Seconds that `peer` adds to the p99 of `to`, pair by pair."""
    pairs = zip(p99_of(attacks, peer), p99_of(attacks, to), strict=True)
    return stats.median_interval([one - other for one, other in pairs])


def merged(attacks: list[Attacked], peer: str) -> list[tuple[float, int]]:
    """One histogram of all rounds that count."""
    counts: dict[float, int] = {}
    for one in attacks:
        if one.peer == peer and not one.void:
            for bound, count in one.histogram:
                counts[bound] = counts.get(bound, 0) + count
    return sorted(counts.items())
