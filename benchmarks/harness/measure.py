"""One peer under load: started, warmed up, measured, stopped, counted back."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness import bodies, load, machine, peers, proc, rig, ways
from harness.problems import Problem

OTHERS_MAX = 0.15  # of a core, by processes that are not ours
STOLEN_MAX = 0.05  # of a core, by the hypervisor
BUSY_MIN = 0.95
FIRST_CHUNK = 640
CHUNK_SECONDS = 0.5
MEMORY_EVERY = 0.25


@dataclass(frozen=True)
class Spec:
    """What is sent and for how long.

    `rate` None is the closed loop: as fast as the answers come. `warmed`: at full speed, by a row before. `within`: what
    is put before the load's command.
    """

    row: str
    exchange: bodies.Exchange
    seconds: float
    warm_seconds: float
    rate: float | None = None
    connections: int = load.CONNECTIONS
    watches_memory: bool = False
    way: ways.Way = ways.PLAIN
    warmed: bool = False
    within: Sequence[str] = ()


@dataclass
class Sample:
    """What one measurement found. CPU in microseconds a request."""

    row: str
    peer: str
    number: int
    requests: int
    per_second: float
    cpu: dict[str, float]
    threads: dict[str, float]
    kernel: float
    core_busy: float
    idle: float
    resident: int
    ring: int
    disk_rate: float
    others: float
    stolen: float
    remarks: dict[str, float] = field(default_factory=dict)
    void: str = ""

    @property
    def cpu_total(self) -> float:
        return sum(self.cpu.values())


def noise(before: proc.Snapshot, after: proc.Snapshot, harness: int) -> tuple[float, float]:
    """Shares of a core: what others took, and the most that was stolen of any core.

    All that we start is below the harness; the kernel's own threads work for whoever writes.
    """
    wall = after.seconds - before.seconds
    busy = sum(after.cores[core].busy - before.cores[core].busy for core in after.cores)
    ours = after.tree(harness) - before.tree(harness)
    kernel = after.kernel() - before.kernel()
    stolen = max(after.cores[core].stolen - before.cores[core].stolen for core in after.cores)
    return max(0.0, busy - ours - kernel) / wall, stolen / wall


def void_by_noise(others: float, stolen: float) -> str:
    """Why a sample does not count, or nothing."""
    if others > OTHERS_MAX:
        return f"other processes took {others:.0%} of a core"
    if stolen > STOLEN_MAX:
        return f"the hypervisor stole {stolen:.0%} of a core"
    return ""


class Measurement:
    """Takes samples in one rig. `harness_pid` is the root of all that we start."""

    def __init__(self, where: rig.Rig, harness_pid: int) -> None:
        self.rig = where
        self.harness_pid = harness_pid

    def take(self, peer: peers.Peer, spec: Spec, number: int) -> Sample:
        """One sample; the peer has ended and was counted back when it returns."""
        with self.session(peer, spec) as session:
            sample = session.take(number)
        return sample

    @contextmanager
    def session(self, peer: peers.Peer, spec: Spec) -> Iterator["Session"]:
        """The peer, started and warm, to be measured again and again; then ended and counted back."""
        peer.start()
        try:
            session = Session(self, peer, spec)
            yield session
        finally:
            peer.stop()
        session.count_back()

    def _send(
        self,
        peer: peers.Peer,
        spec: Spec,
        exchange: bodies.Exchange,
        count: int,
        rate: float | None,
    ) -> load.Loaded:
        body = self.rig.folder / f"{exchange.name}.up"
        cores = self.rig.others
        return load.send(
            peer.url(exchange), body, count, cores, spec.connections, rate, way=spec.way, within=spec.within
        )

    def warm_up(self, peer: peers.Peer, spec: Spec) -> tuple[int, float]:
        """Sends until it is warm; how many, and how many a second at the end."""
        # Large bodies at full speed would fill what the disk can't take: the paths are warmed by
        # small ones, the loops over bytes at the rate that is measured.
        exchange = spec.exchange if spec.rate is None else bodies.SMALL
        sent, rate, chunk = 0, 0.0, FIRST_CHUNK
        until = time.monotonic() + spec.warm_seconds
        while not spec.warmed and (time.monotonic() < until or rate == 0):
            loaded = self._send(peer, spec, exchange, chunk, None)
            sent, rate = sent + loaded.requests, loaded.per_second
            chunk = max(FIRST_CHUNK, int(rate * CHUNK_SECONDS))
        if spec.rate is not None:
            count = int(spec.rate * spec.warm_seconds)
            sent += self._send(peer, spec, spec.exchange, count, spec.rate).requests
        return sent, rate

    def _look(self, peer: peers.Peer) -> proc.Snapshot:
        return proc.snapshot(time.monotonic(), peer.threads_of())

    def sample(self, peer: peers.Peer, spec: Spec, number: int, count: int) -> Sample:
        resting = self._look(peer)
        time.sleep(min(1.0, spec.seconds / 4))
        before = self._look(peer)
        written = machine.bytes_written(self.rig.folder)
        with self._memory_watched(peer, spec) as memory:
            loaded = self._send(peer, spec, spec.exchange, count, spec.rate)
        loaded_at = self._look(peer)
        if not memory:
            memory.append(peer.resident())
        peer.settle()
        after = self._look(peer)
        written = machine.bytes_written(self.rig.folder) - written
        wall = loaded_at.seconds - before.seconds
        tail = after.seconds - loaded_at.seconds
        cpu, idle = {}, 0.0
        for name, pid in peer.pids().items():
            at_rest = (before.tree(pid) - resting.tree(pid)) / (before.seconds - resting.seconds)
            idle += at_rest
            # What it takes at rest anyway is not charged for the time it was waited for.
            used = after.tree(pid) - before.tree(pid) - min(at_rest, 1.0) * tail
            cpu[name] = used * 1e6 / loaded.requests
        others, stolen = noise(before, after, self.harness_pid)
        largest = max(memory, key=lambda one: one.total - one.ring)
        core = self.rig.measured[0]
        busy = (loaded_at.cores[core].busy - before.cores[core].busy) / wall
        return Sample(
            spec.row,
            peer.name,
            number,
            loaded.requests,
            loaded.per_second,
            cpu,
            _by_thread(before, after, peer.threads_of(), loaded.requests),
            (after.kernel() - before.kernel()) * 1e6 / loaded.requests,
            busy,
            idle,
            largest.total,
            largest.ring,
            written / (after.seconds - before.seconds),
            others,
            stolen,
            void=void_by_noise(others, stolen),
        )

    @contextmanager
    def _memory_watched(self, peer: peers.Peer, spec: Spec) -> Iterator[list[proc.Resident]]:
        looks: list[proc.Resident] = []
        if not spec.watches_memory:
            yield looks
            return
        over = threading.Event()

        def watch() -> None:
            while not over.wait(MEMORY_EVERY):
                looks.append(peer.resident())

        watcher = threading.Thread(target=watch, name="memory")
        watcher.start()
        try:
            yield looks
        finally:
            over.set()
            watcher.join()


class Session:
    """One process of a peer, from warm to counted back."""

    def __init__(self, measurement: Measurement, peer: peers.Peer, spec: Spec) -> None:
        self.measurement = measurement
        self.peer = peer
        self.spec = spec
        self.samples: list[Sample] = []
        self.sent, self.rate = measurement.warm_up(peer, spec)

    def take(self, number: int) -> Sample:
        """One sample more."""
        spec = self.spec
        self.peer.settle()
        count = max(spec.connections, int(spec.seconds * (spec.rate or self.rate)))
        sample = self.measurement.sample(self.peer, spec, number, count)
        self.sent += sample.requests
        self.samples.append(sample)
        return sample

    def count_back(self) -> None:
        """After the peer's end: all that was sent must have been kept, if that is its promise."""
        self.peer.count_back(self.sent)
        remarks = self.peer.remarks()
        for sample in self.samples:
            sample.remarks |= remarks
            if remarks.get("cut", 0) > 0:
                sample.void = sample.void or f"{remarks['cut']:.0f} bodies were kept in part"


def _by_thread(
    before: proc.Snapshot, after: proc.Snapshot, pid: int | None, requests: int
) -> dict[str, float]:
    if pid is None:
        return {}
    first, last = before.threads[pid], after.threads[pid]
    # What is reckoned as the rest of a sum may go back by a tick.
    return {part: max(0.0, last[part] - first.get(part, 0.0)) * 1e6 / requests for part in last}


def check_busy(samples: list[Sample]) -> list[str]:
    """Peers whose core was not the bottleneck: their requests a second are a lower bound."""
    lines = []
    for name in dict.fromkeys(sample.peer for sample in samples):
        idlest = min(sample.core_busy for sample in samples if sample.peer == name)
        if idlest < BUSY_MIN:
            lines.append(f"{name}: its core was only {idlest:.0%} busy in one round")
    return lines


def check_counted(samples: list[Sample]) -> None:
    """Each peer has a sample that counts, or the problem says why none does."""
    for name in dict.fromkeys(sample.peer for sample in samples):
        reasons = {sample.void for sample in samples if sample.peer == name}
        if "" not in reasons:
            raise Problem(f"{name}: no round counts: {'; '.join(sorted(reasons))}")


def in_rounds(
    take: dict[str, Callable[[int], Sample]],
    rounds: int,
    keeps_noisy: bool,
    tell: Callable[[Sample], None],
) -> list[Sample]:
    """Samples of each peer in rounds A B B A; a void sample is taken again, at most `rounds` times
    more in all."""
    samples: list[Sample] = []
    good = dict.fromkeys(take, 0)
    for number in range(2 * rounds):
        names = list(take) if number % 2 == 0 else list(reversed(take))
        for name in names:
            if good[name] >= rounds:
                continue
            sample = take[name](number)
            if keeps_noisy and sample.void:
                sample.remarks["noisy"] = 1
                sample.void = ""
            good[name] += 0 if sample.void else 1
            samples.append(sample)
            tell(sample)
        if min(good.values()) >= rounds:
            break
    check_counted(samples)
    return samples
