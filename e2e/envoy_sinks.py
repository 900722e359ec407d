"""Sinks of the part `envoy` under load that are slow, full, or stand still while Envoy has no guard: what callers see of it."""

import asyncio
import contextlib
import signal
import statistics
import time

import envoy_config
import envoy_server
import load
from common import check, metric, until
from envoy_stage import NOTICED_SECONDS, Heavy, Stage

HEAVY_PER_SECOND = 5
WARM_SECONDS, QUIET_SECONDS, SLOW_SECONDS, FULL_SECONDS = 1, 2.5, 3.5, 2.5
RUNS_SECONDS, STANDS_SECONDS = 0.005, 0.195
BEHIND_MIN = 200  # exchanges that wait for a gateway that is slow
FULL = ["--ship", "off", "--spool.segment-bytes", "2MiB", "--spool.bytes-max", "8MiB", "--spool.ring-bytes", "1MiB"]

# What a sink may make of callers' p99. It is compared between medians of windows, and only where the machine itself was calm: a control
# of the same load through the same Envoy without Loopgate tells.
WINDOW_SECONDS = 0.5
TIMES_MAX = 1.2
NOISE_SECONDS = 0.06  # two cores make that of a few milliseconds by themselves; who waits for a slow sink waits for longer
CALM_SECONDS = 0.025
CALM_WINDOWS = 3
CONTROL_PER_SECOND, CONTROL_HEAVY_PER_SECOND = 50, 2
LARGE_TIMES_MAX, LARGE_SECONDS = 2, 1.0  # large exchanges beside those of the control, calm or not; those that are paused take seconds

PINGS = ((10, 5), (2, 1))  # of the cluster in docs/envoy.md, and of Istio's in k8s-manifests: seconds between them, and for each
BUSY_BYTES = 24 << 20  # Envoy holds 16 MiB of a stream before it pauses it, and less where a connection stands still
BUSY = 4
JITTER = 1.15  # of the interval of Envoy's pings
OWN_SECONDS = 5.0  # what such an exchange takes by itself on a busy machine


class Control:
    """The same Envoy without Loopgate, under load at the same time: what the machine alone makes of latencies."""

    def __init__(self, stage):
        self.stage = stage
        self.envoy = self.load = None

    async def __aenter__(self):
        config = envoy_config.bootstrap(self.stage.version, "bare", self.stage.ports)
        self.envoy = await envoy_server.started(self.stage.version, config, self.stage.folder / "control")
        port = self.envoy.ports[envoy_config.STAT_PREFIX]
        self.load = load.Load(port, CONTROL_PER_SECOND, connections=8, prefix="control")
        self.heavy = Heavy(port, CONTROL_HEAVY_PER_SECOND, connections=2, prefix="control-heavy")
        self.running = asyncio.gather(self.load.run(), self.heavy.run())
        return self

    async def __aexit__(self, *_):
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.running
        self.envoy.stop()

    def is_calm(self, begin, end):
        late = self.load.latencies(begin, end)
        return bool(late) and load.percentile(late, 0.99) < CALM_SECONDS


def windows(stage, control, word):
    """The latencies of callers in each calm window of that phase."""
    begin, end = stage.span(word)
    all_ = [(at, at + WINDOW_SECONDS) for at in (begin + i * WINDOW_SECONDS for i in range(int((end - begin) / WINDOW_SECONDS)))]
    return [late for late in (stage.load.latencies(*window) for window in all_ if control.is_calm(*window)) if late]


def is_as_quiet(stage, control, word):
    """Callers of that phase saw nothing that those of the quiet one did not; what they saw, as text."""
    quiet, calm = windows(stage, control, "quiet"), windows(stage, control, word)
    heavy = [each.heavy.latencies(*stage.span(word)) for each in (stage, control)]
    check(all(heavy), f"{stage.word}: {word}: no large call was answered")
    large, without = (statistics.median(each) for each in heavy)
    larges = f"large ones {large:.2f} s, {without:.2f} s without Loopgate"
    check(large <= LARGE_TIMES_MAX * without + LARGE_SECONDS, f"{stage.word}: {word}: {larges}")
    if min(len(quiet), len(calm)) < CALM_WINDOWS:
        return f"{word}: {larges}; p99 not judged, the machine was busy: calm windows {len(calm)}, quiet {len(quiet)}"
    before, now = (statistics.median(load.percentile(late, 0.99) for late in each) for each in (quiet, calm))
    text = f"{word}: p99 {now * 1000:.1f} ms, quiet {before * 1000:.1f} ms; {larges}"
    longest = max(late[-1] for late in calm)
    check(longest < NOTICED_SECONDS, f"{stage.word}: {text}; a call took {longest:.1f} s")
    check(now <= max(TIMES_MAX * before, before + NOISE_SECONDS), f"{stage.word}: {text}: callers waited (medians of calm windows)")
    return text


async def runs_slowly(process, seconds):
    """It runs for a moment in each fifth of a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(RUNS_SECONDS)
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(STANDS_SECONDS)


async def slow_and_full(scratch, model_port, version):
    """A gateway that reads slower than Envoy sends, then one whose ring and log are used up: no caller sees either."""
    async with (
        Stage(scratch, model_port, "observer", version, "sinks", options=["--ship", "off"], heavy=HEAVY_PER_SECOND) as stage,
        Control(stage) as control,
    ):
        await stage.keeper.start()
        await stage.begin()
        await stage.is_shown(0)
        await asyncio.sleep(WARM_SECONDS)
        await stage.phase("quiet", QUIET_SECONDS)
        at_once = await active(stage)
        begin = time.monotonic()
        await runs_slowly(stage.keeper.gateway.process, SLOW_SECONDS)
        behind = await behind_of(stage)
        stage.phases.append(("slow", begin, time.monotonic()))
        # The spool that is there is more than what this one may have.
        await asyncio.to_thread(stage.keeper.gateway.stop)
        stage.keeper.options = FULL
        await stage.back()
        await asyncio.sleep(WARM_SECONDS)
        before = await counted(stage)
        await stage.phase("full", FULL_SECONDS)
        asked = stage.named(*stage.phases[-1][1:])

        async def are_counted():
            return sum(await counted(stage)) - sum(before) >= len(asked)

        await until(f"{stage.word}: {len(asked)} calls to be counted", are_counted)
        kept, dropped = (now - then for now, then in zip(await counted(stage), before))
        await asyncio.to_thread(stage.keeper.gateway.stop)
        stage.keeper.options = ()
        await stage.back()
        await stage.rest()
        told = "; ".join(is_as_quiet(stage, control, word) for word in ("slow", "full"))
    check(dropped > 0, f"{stage.word}: nothing was dropped: kept {kept:.0f}")
    check(behind > BEHIND_MIN, f"{stage.word}: it was not slow: {behind} exchanges waited for it")
    found = stage.in_files()
    print(f"envoy: {stage.word}: {told}; {behind} exchanges waited for it when it was slow, {at_once} before; full: {dropped:.0f} dropped "
          f"and counted; none failed, {len(found)} in the files", flush=True)  # fmt: skip


async def behind_of(stage):
    """How many exchanges wait for the gateway, which can't catch up meanwhile."""
    process = stage.keeper.gateway.process
    process.send_signal(signal.SIGSTOP)
    try:
        return await active(stage)
    finally:
        process.send_signal(signal.SIGCONT)


async def active(stage):
    """Exchanges that Envoy shows at this moment."""
    name = "cluster.loopgate_capture.upstream_rq_active"
    return (await stage.envoy.counters(name))[name]


async def counted(stage):
    """Predictions that were kept, and those that were dropped."""
    _, text, _ = await load.get(stage.keeper.port, "/metrics")
    return [metric(text, f'loopgate_ledger_{what}_total') for what in ("accepted", "dropped")]


async def unguarded(scratch, model_port, version, interval, timeout):
    """Without the guard a gateway that stands still pauses exchanges with large bodies until Envoy's pings tell that it does."""

    def changed(config):
        del config["layered_runtime"]
        pings_each(config, interval, timeout)

    async with Stage(scratch, model_port, "observer", version, f"unguarded-{interval}-{timeout}", changed) as stage:
        await stage.keeper.start()
        await stage.begin()
        await stage.is_shown(0)
        port = stage.envoy.ports[envoy_config.STAT_PREFIX]
        quiet = await asyncio.gather(*(busy(port) for _ in range(BUSY)))
        process = stage.keeper.gateway.process
        begin = time.monotonic()
        process.send_signal(signal.SIGSTOP)
        with contextlib.ExitStack() as going_on:
            going_on.callback(process.send_signal, signal.SIGCONT)
            paused = await asyncio.gather(*(busy(port) for _ in range(BUSY)))
            others = stage.load.latencies(begin, time.monotonic())
        await stage.rest()
    allowed = interval * JITTER + timeout + OWN_SECONDS
    check(max(paused) > max(1.0, timeout), f"{stage.word}: nothing paused: {max(paused):.1f} s; the guard would not be needed")
    check(max(paused) < allowed, f"{stage.word}: an exchange took {max(paused):.1f} s, allowed {allowed:.1f} s")
    print(f"envoy: {stage.word}: {BUSY} exchanges of {BUSY_BYTES >> 20} MiB took {min(paused):.1f} to {max(paused):.1f} s while the "
          f"gateway stood still, {max(quiet):.1f} s before; small ones p99 {load.percentile(others, 0.99):.2f} s",
          flush=True)  # fmt: skip


def pings_each(config, interval, timeout, whom="loopgate_"):
    """So many seconds lie between Envoy's pings to the gateway, and so long each may wait for its answer."""
    for cluster in config["static_resources"]["clusters"]:
        if cluster["name"].startswith(whom):
            for options in cluster["typed_extension_protocol_options"].values():
                http2 = options["explicit_http_config"]["http2_protocol_options"]
                http2["connection_keepalive"] = {"interval": f"{interval}s", "timeout": f"{timeout}s"}


async def busy(port):
    """One exchange with a large body, on a connection of its own; seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begin = time.monotonic()
    status, _ = await load.exchange(reader, writer, "/model/m/predict", [], bytes(BUSY_BYTES))
    writer.close()
    check(status == 200, f"a large exchange: status={status}")
    return time.monotonic() - begin
