"""What capture costs in each mode: `./benchmarks/modes`, see docs/benchmarking.md."""

import argparse
import contextlib
import dataclasses
import datetime
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from harness import (
    beside,
    bodies,
    envoys,
    gateway,
    machine,
    main,
    measure,
    modes_figures,
    modes_report,
    namespaces,
    paths,
    peers,
    record,
    rig,
    rows,
    tools,
)
from harness.problems import Lost, Problem

RECORDED = paths.BENCHMARKS / "modes.json"
PAGE = paths.BENCHMARKS / "MODES.md"
HEADLINE = paths.ROOT / "docs" / "promises.md"

# Seconds of the first load of a mode: a JVM of its own has all of its code to compile, one that is shared much less.
WARM_ALONE, WARM_SHARED, WARM_MORE = 20.0, 18.0, 1.5
WARM_LARGE = 0.4  # of that, for bodies of 64 KiB
LARGE_RATE = 300.0  # a second: what the dearest mode serves with half of its core
Shape = Callable[[envoys.Config, int], envoys.Config]


@dataclasses.dataclass(frozen=True)
class Mode:
    """A row. `beside`: which gateway stands beside its Envoy; `go` is the sink that drops."""

    key: str
    warm: float
    shape: Shape | None = None
    beside: str = ""
    large: bool = True


def _changed(change: envoys.Change) -> Shape:
    def shape(config: envoys.Config, sink: int) -> envoys.Config:
        made = envoys.recommended(config, sink)
        change.apply(made)
        return made

    return shape


def _gathered(config: envoys.Config, sink: int) -> envoys.Config:
    made = envoys.log_alone(config, sink)
    envoys.gather_log(made)
    return made


PROXY, SIDECAR = modes_figures.PROXY, "sidecar"
MODES = (
    Mode("envoy", WARM_MORE),
    Mode(PROXY, WARM_ALONE),
    Mode(SIDECAR, WARM_ALONE),
    Mode("streamed-go", WARM_MORE, envoys.streamed, "go"),
    Mode("streamed", WARM_SHARED, envoys.streamed, "join"),
    Mode("recommended", WARM_SHARED, envoys.recommended, "join"),
    Mode("synchronous", WARM_SHARED / 2, lambda config, sink: envoys.recommended(config, sink, synchronous=True), "join"),
    Mode("log-alone", WARM_SHARED, envoys.log_alone, "keep"),
    Mode("log-alone-16k", WARM_MORE, _gathered, "keep", large=False),
    *(Mode(one.key, WARM_MORE, _changed(one), "join", large=False) for one in envoys.SMALL_CHANGES),
    *(Mode(one.key, WARM_MORE, _changed(one), "join") for one in envoys.LARGE_CHANGES),
)
ONLY_LARGE = frozenset(one.key for one in envoys.LARGE_CHANGES)


class Run:
    """All rows, with every process started once: an Envoy a row, and a gateway for those that it stands beside."""

    def __init__(self, where: rig.Rig, given: argparse.Namespace, chosen: Sequence[Mode]) -> None:
        self.rig = where
        self.given = given
        self.chosen = chosen
        self.begun = time.monotonic()
        self.measurement = measure.Measurement(where, os.getpid())
        self.models = {mode.key: f"r{number:02}" for number, mode in enumerate(MODES)}
        self.sent = dict.fromkeys((mode.key for mode in chosen), 0)
        self.lost: dict[str, str] = {}

    def all(self, rate: float) -> list[measure.Sample]:
        """Samples of both sizes; those of a row that has lost anything are void."""
        with contextlib.ExitStack() as running:
            gateways = self._gateways()
            for one in gateways.values():
                one.start()
                running.callback(one.stop)
            front = {mode.key: self._front(mode, gateways, running) for mode in self.chosen}
            for one in front.values():
                one.start()
                running.callback(one.stop)
            ours = [*gateways.values(), *(one for one in front.values() if isinstance(one, gateway.Loopgate))]
            samples = self._load(front, ours, "small", bodies.SMALL, None)
            samples += self._load(front, ours, "large", bodies.LARGE, rate)
        print(f"  {time.monotonic() - self.begun:.0f} s: counting back", file=sys.stderr)
        self._count_back(front, gateways)
        for sample in samples:
            sample.void = sample.void or self.lost.get(sample.peer, "")
        return samples

    def _gateways(self) -> dict[str, beside.Beside]:
        made = {}
        for word, streams, options in (
            ("join", ("request_response", "response_body"), ()),
            ("keep", beside.LOGGED, ("--envoy.access-log", "keep")),
        ):
            models = [self.models[mode.key] for mode in self.chosen if mode.beside == word]
            if models:
                made[word] = beside.Beside(self.rig, f"beside-{word}", models, streams, *options)
                made[word].plant_loss = self.given.plant_loss
        return made

    def _front(self, mode: Mode, gateways: dict[str, beside.Beside], running: contextlib.ExitStack) -> peers.Peer:
        if mode.key == PROXY:
            return gateway.Loopgate(self.rig, ships=True, name=PROXY, plant_loss=self.given.plant_loss)
        if mode.key == SIDECAR:
            self.namespace = running.enter_context(namespaces.Namespace("modes"))
            running.callback(beside.start_model(self.rig, self.namespace).stop)
            return beside.Sidecar(self.rig, self.namespace, self.given.plant_loss)
        sink = gateways.get(mode.beside)
        return beside.Fronted(self.rig, mode.key, self.models[mode.key], mode.shape, sink)

    def _load(
        self,
        front: dict[str, peers.Peer],
        ours: Sequence[gateway.Loopgate],
        row: str,
        exchange: bodies.Exchange,
        rate: float | None,
    ) -> list[measure.Sample]:
        for one in ours:  # what is warmed is Java: it compiles on the other core, too, which is half idle
            one.run_on([*self.rig.measured, *self.rig.others])
        takes = {}
        sessions = {}
        for mode in self.chosen:
            if row == "large" and not mode.large or row == "small" and mode.key in ONLY_LARGE:
                continue
            warm = mode.warm * self.given.warm_share * (WARM_LARGE if row == "large" else 1.0)
            seconds = self.given.seconds
            within = self.namespace.command() if mode.key == SIDECAR else ()
            warmed = row == "large" and mode.key not in ONLY_LARGE
            spec = measure.Spec(row, exchange, seconds, warm, rate=rate, warmed=warmed, within=within)
            session = measure.Session(self.measurement, front[mode.key], spec)
            sessions[mode.key] = session
            takes[mode.key] = session.take
            print(f"  {time.monotonic() - self.begun:.0f} s: {row} {mode.key} is warm", file=sys.stderr)
        if not takes:
            return []
        for one in ours:
            one.run_on(self.rig.measured)
        samples = measure.in_rounds(takes, self.given.rounds, self.given.keep_noisy, rows.tell_sample)
        for key, session in sessions.items():
            self.sent[key] += session.sent
        return samples

    def _count_back(self, front: dict[str, peers.Peer], gateways: dict[str, beside.Beside]) -> None:
        os.sched_setaffinity(0, [*self.rig.measured, *self.rig.others])  # nothing is measured any more
        for key, peer in front.items():
            try:
                peer.count_back(self.sent[key])
                self.lost[key] = "bodies were kept in part" if peer.remarks().get("cut", 0) else ""
            except Lost as lost:
                self.lost[key] = str(lost)
        for word, one in gateways.items():
            due = {self.models[mode.key]: self.sent[mode.key] for mode in self.chosen if mode.beside == word}
            by_model = one.losses(due)
            for mode in self.chosen:
                if mode.beside == word:
                    self.lost[mode.key] = by_model[self.models[mode.key]]
            one.remove()
        for key, words in self.lost.items():
            peer = front[key]
            if isinstance(peer, beside.Fronted):
                self.lost[key] = words = peer.why(words)
            if words:
                print(f"  {key}: void: {words}", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./benchmarks/modes", description="docs/benchmarking.md explains it.")
    add = parser.add_argument
    add("--rows", help=f"comma-separated, of {', '.join(mode.key for mode in MODES)}")
    add("--rounds", type=int, default=2, help="measurements of each row that must count, default 2")
    add("--seconds", type=float, default=4.0, help="of one measurement, default 4")
    add("--warm-share", type=float, default=1.0, help="of the time that each row is warmed for, default 1")
    add("--cores", default="1,0", help="the core that is measured, then those of load and model; default 1,0")
    add("--place", help="a folder on the disk that is used; default: where temporary files go")
    add("--keep-noisy", action="store_true", help="count noisy rounds too (for work on the harness; never recorded)")
    add("--plant-loss", action="store_true", help="forget one entry when counting back: every row of ours is void")
    add("--record", action="store_true", help=f"write {RECORDED.name}, {PAGE.name} and the table of docs/{HEADLINE.name}")
    return parser.parse_args()


def _chosen(given: argparse.Namespace) -> list[Mode]:
    if not given.rows:
        return list(MODES)
    wanted = given.rows.split(",")
    unknown = set(wanted) - {mode.key for mode in MODES}
    if unknown:
        raise Problem(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(mode.key for mode in MODES)}")
    return [mode for mode in MODES if mode.key in wanted]


def _need_tools(chosen: Sequence[Mode]) -> None:
    needed = {"nginx", "h2load", "envoy"}
    needed |= {"ip", "iptables"} if any(mode.key == SIDECAR for mode in chosen) else set()
    needed |= {"sink"} if any(mode.beside == "go" for mode in chosen) else set()
    for program in sorted(needed):
        tools.path(program)
    rig.nginx_modules()
    main.build_jar()


def _measure(given: argparse.Namespace) -> int:
    chosen = _chosen(given)
    is_whole = len(chosen) == len(MODES)
    if given.record and (given.keep_noisy or given.plant_loss or not is_whole):
        raise Problem("--record: only of all rows, without --keep-noisy and --plant-loss")
    _need_tools(chosen)
    where = rig.Rig.make(*main.cores_of(given.cores), given.place)
    begun = time.monotonic()
    try:
        backend = where.start_backend()
        described = main.describe(where)
        described.pop("haproxy", None)  # it takes no part
        disk = machine.disk_rate(where.folder)
        described["disk"] = f"{disk / (1 << 20):.0f} MiB/s written in 4 MiB pieces"
        rate = max(64.0, min(LARGE_RATE, rows.LARGE_SHARE * disk / rows.LARGE_BYTES))
        described["64 KiB"] = f"{rate:.0f} exchanges a second"
        run = Run(where, given, chosen)
        samples = run.all(rate)
        backend.stop()
    finally:
        where.remove()
    print(f"measured in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    content = modes_figures.as_json(samples, run.sent, run.lost, described)
    folder = paths.RESULTS / datetime.datetime.now().strftime("%Y%m%d-%H%M%S-modes")
    folder.mkdir(parents=True)
    record.write_rows(record.Taken(samples=samples), folder / "rows.csv")
    record.dump(content, folder / "modes.json")
    text = modes_report.text(content)
    (folder / "modes.md").write_text(text)
    print(text)
    print(f"written: {folder}")
    losses = {mode.key for mode in chosen if run.lost.get(mode.key)}
    if losses:
        print(f"modes: void, for entries are missing: {', '.join(sorted(losses))}", file=sys.stderr)
    if given.record and not losses:
        write_recorded(content)
    return 1 if losses else 0


def write_recorded(content: dict[str, Any]) -> None:
    """The figures, the page with all tables, and the small table of the promises."""
    record.dump(content, RECORDED)
    PAGE.write_text(modes_report.into(PAGE.read_text(), modes_report.text(content)))
    HEADLINE.write_text(modes_report.into(HEADLINE.read_text(), modes_report.headline(content)))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(_measure(_arguments()))
    except Problem as problem:
        print(f"modes: {problem}", file=sys.stderr)
        sys.exit(1)
