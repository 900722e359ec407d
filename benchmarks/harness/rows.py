"""The rows of a run, one after the other."""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness import bodies, capacity, faults, figures, gateway, latency, machine, measure, peers, record, rig, ways
from harness.problems import Problem

PROTOCOLS = {
    "h2": (ways.H2, bodies.SMALL),
    "tls": (ways.TLS, bodies.SMALL),
    "sse": (ways.SSE, bodies.EVENTS),
    "grpc": (ways.GRPC, bodies.CALL),
}
ROWS = ("small", "large", *PROTOCOLS, "latency", "entries", "memory", "start", "feedback")
OTHERS = {
    "nginx": peers.Nginx,
    "haproxy": peers.Haproxy,
    "nginx-lua": peers.NginxLua,
    "envoy": peers.Envoy,
    "envoy-extproc": peers.EnvoyExtProc,
}
PEERS = (*OTHERS, *figures.FORMS.values())
LARGE_SHARE = 0.5  # of what the disk can take
LARGE_BYTES = 300_000  # a 64 KiB exchange in the log and once more, escaped, in its files
MEMORY_CONNECTIONS = 256
MEMORY_WARM_SECONDS = 3.0


@dataclass(frozen=True)
class Choice:
    """What is measured and how long. Seconds are of one measurement."""

    rows: Sequence[str] = ROWS
    peers: Sequence[str] = PEERS
    rounds: int = 9
    seconds: float = 4.0
    warm_seconds: float = 45.0
    keeps_noisy: bool = False
    plant_loss: bool = False
    java_options: str = ""
    options: Sequence[str] = ()
    large_rate: float | None = None
    latency_rate: float | None = None


class Run:
    """All rows of a choice, in one rig, with the model running."""

    def __init__(self, where: rig.Rig, choice: Choice, taken: record.Taken) -> None:
        self.rig = where
        self.choice = choice
        self.taken = taken
        self.measurement = measure.Measurement(where, os.getpid())

    def all(self) -> None:
        """Measures; then `taken` has the figures too."""
        disk = machine.disk_rate(self.rig.folder)
        forces = machine.force_rate(self.rig.folder)
        self.taken.machine["disk"] = (
            f"{disk / (1 << 20):.0f} MiB/s written in 4 MiB pieces, {forces:.0f} forces of 4 KiB a second"
        )
        steps: dict[str, Callable[[], None]] = {
            "small": lambda: self._load(self._spec("small", bodies.SMALL), self.choice.peers),
            "large": lambda: self._large(disk),
            "latency": self._latency,
            "entries": self._entries,
            "memory": self._memory,
            "start": self._start,
            "feedback": self._feedback,
        }
        for row in PROTOCOLS:
            steps[row] = lambda row=row: self._protocol(row)
        for row in self.choice.rows:
            if row in faults.FAULTS:
                continue
            steps[row]()
        if set(self.choice.rows) & set(faults.FAULTS):
            self._faults()
        taken = self.taken
        taken.figures += figures.of_rows(taken.samples)
        taken.figures += figures.of_protocols(taken.samples, tuple(PROTOCOLS))
        taken.figures += figures.of_entries(taken.samples, disk)
        taken.figures += figures.of_memory(taken.samples)
        taken.figures += figures.of_timed(taken.timed)
        taken.figures += figures.of_latency(taken.attacks)
        taken.figures += faults.figures_of(taken.faults)

    def _spec(self, row: str, exchange: bodies.Exchange, **more: object) -> measure.Spec:
        return measure.Spec(row, exchange, self.choice.seconds, self.choice.warm_seconds, **more)  # type: ignore[arg-type]

    def _peer(self, name: str, way: ways.Way = ways.PLAIN) -> peers.Peer:
        if name in OTHERS:
            return OTHERS[name](self.rig, way)
        over = ["--proxy.transport=io_uring"] if name.endswith(figures.URING) else []
        return gateway.Loopgate(
            self.rig,
            ships=not name.startswith(figures.DURABLE),
            name=name,
            options=[*self.choice.options, *over],
            java_options=self.choice.java_options,
            plant_loss=self.choice.plant_loss,
            way=way,
        )

    def _without_uring(self) -> list[str]:
        return [name for name in self.choice.peers if not name.endswith(figures.URING)]

    def _load(self, spec: measure.Spec, names: Sequence[str]) -> None:
        with contextlib.ExitStack() as running:
            takes = {}
            for name in names:
                # Others have no JIT: a short warm-up fills their connections.
                warm = spec.warm_seconds if name in figures.FORMS.values() else min(1.0, spec.warm_seconds)
                own = dataclasses.replace(spec, warm_seconds=warm)
                session = running.enter_context(self.measurement.session(self._peer(name, spec.way), own))
                takes[name] = session.take
            samples = measure.in_rounds(takes, self.choice.rounds, self.choice.keeps_noisy, tell_sample)
        measure.check_counted(samples)  # counting back knows of bodies that were kept in part
        self.taken.samples += samples
        if spec.rate is None:
            for line in measure.check_busy([one for one in samples if not one.void]):
                print(f"  {spec.row}: {line}", file=sys.stderr)

    def _large(self, disk: float) -> None:
        rate = self.choice.large_rate or max(64.0, LARGE_SHARE * disk / LARGE_BYTES)
        self._load(self._spec("large", bodies.LARGE, rate=rate), self._without_uring())

    def _protocol(self, row: str) -> None:
        way, exchange = PROTOCOLS[row]
        names = [name for name in (*figures.PROTOCOL_PEERS, figures.DURABLE) if name in self.choice.peers]
        self._load(self._spec(row, exchange, connections=way.connections, way=way), names)

    def _entries(self) -> None:
        self._load(self._spec("entries", bodies.MEDIUM), [figures.DURABLE])

    def _memory(self) -> None:
        spec = self._spec(
            "memory", bodies.LARGE, connections=MEMORY_CONNECTIONS, watches_memory=True
        )
        # At full speed each second of it is hundreds of MB to count back; memory is reached at once.
        spec = dataclasses.replace(spec, warm_seconds=min(MEMORY_WARM_SECONDS, spec.warm_seconds))
        names = [name for name in self._without_uring() if name != figures.FILES]

        def take(name: str) -> Callable[[int], measure.Sample]:
            def once(number: int) -> measure.Sample:
                peer = self._peer(name)
                if isinstance(peer, gateway.Loopgate):
                    peer.allows_drops = True  # memory is asked for here, not what a disk can take
                sample = self.measurement.take(peer, spec, number)
                sample.void = measure.void_by_noise(sample.others, sample.stolen)
                return sample

            return once

        takes = {name: take(name) for name in names}
        rounds = min(3, self.choice.rounds)
        self.taken.samples += measure.in_rounds(takes, rounds, self.choice.keeps_noisy, tell_sample)

    def _latency(self) -> None:
        compared = ["haproxy", "nginx-lua", figures.FILES]
        names = [name for name in ("nginx", *compared) if name in self.choice.peers]
        with contextlib.ExitStack() as running:
            sessions = {}
            for name in ("direct", *names):
                peer = peers.Direct(self.rig) if name == "direct" else self._peer(name)
                warm = self.choice.warm_seconds if name == figures.FILES else 1.0
                begun = latency.session(self.rig, peer, warm, os.getpid())
                sessions[name] = running.enter_context(begun)
            most = {name: sessions[name].per_second for name in compared if name in names}
            rate = self.choice.latency_rate or self._latency_rate(most)
            takes = {
                name: lambda number, session=session: session.attack(number, rate, 2 * self.choice.seconds)
                for name, session in sessions.items()
            }
            attacks = latency.in_pairs(takes, self.choice.rounds, self.choice.keeps_noisy, tell_attack)
        self.taken.attacks += attacks

    def _latency_rate(self, most: dict[str, float]) -> float:
        """Half of what the slowest does; the load and its model, with nothing between them, are one of them."""
        slowest = min(most, key=lambda name: most[name])
        held = latency.held(lambda probed: latency.direct_holds(self.rig, probed), most[slowest])
        who = slowest if held == most[slowest] else "load and model"
        rate = float(round(held / 2))
        print(f"  latency: half of {who}'s {held:.0f}/s: {rate:.0f}/s", file=sys.stderr)
        return rate

    def _start(self) -> None:
        take = lambda number: capacity.cold_start(self.rig, number)  # noqa: E731
        self.taken.timed += capacity.repeated(
            take, self.choice.rounds, self.choice.keeps_noisy, tell_timed
        )

    def _feedback(self) -> None:
        def take(number: int) -> capacity.Timed:
            seconds, warm = self.choice.seconds, self.choice.warm_seconds
            return capacity.feedback(self.rig, number, seconds, warm, self.choice.plant_loss)

        rounds = min(5, self.choice.rounds)
        self.taken.timed += capacity.repeated(take, rounds, self.choice.keeps_noisy, tell_timed)

    def _faults(self) -> None:
        wanted = [name for name in faults.FAULTS if name in self.choice.rows]
        for name in wanted:
            for number in range(min(3, self.choice.rounds)):
                one = faults.take(self.rig, name, number, self.choice.warm_seconds)
                self.taken.faults.append(one)
                print(
                    f"  {name} {number}: p99 {one['calm_p99_ms']:.2f} -> {one['p99_ms']:.2f} ms,"
                    f" missing={one['missing']}, dropped={one['dropped']}",
                    file=sys.stderr,
                )


def check_choice(choice: Choice) -> None:
    """Names that nobody knows are a problem."""
    for chosen, known in ((choice.rows, (*ROWS, *faults.FAULTS)), (choice.peers, PEERS)):
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise Problem(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")


def tell_sample(one: measure.Sample) -> None:
    """A line while it runs."""
    void = f"  thrown away: {one.void}" if one.void else ""
    print(
        f"  {one.row} {one.number} {one.peer}: {one.cpu_total:.1f} us/req, {one.per_second:.0f}/s,"
        f" core {one.core_busy:.0%}{void}",
        file=sys.stderr,
    )


def tell_attack(one: latency.Attacked) -> None:
    """A line while it runs."""
    void = f"  thrown away: {one.void}" if one.void else ""
    p50, p99 = one.percentiles["p50"] * 1e3, one.percentiles["p99"] * 1e3
    print(f"  latency {one.number} {one.peer}: p50 {p50:.2f} ms, p99 {p99:.2f} ms{void}", file=sys.stderr)


def tell_timed(one: capacity.Timed) -> None:
    """A line while it runs."""
    void = f"  thrown away: {one.void}" if one.void else ""
    print(f"  {one.row} {one.number}: {one.value:.3f}{void}", file=sys.stderr)
