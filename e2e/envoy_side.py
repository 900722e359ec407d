"""The side channel of the part `envoy`: a gateway that is absent, killed, stopped and back, under load through an Envoy."""

import asyncio
import random
import signal
import time

import envoy_config
import envoy_server
import load
from common import Failed, check, found_in, metric, until
from envoy_ways import Keeper, keep_for_inspection

ACCEPTED = 'loopgate_ledger_accepted_total{kind="prediction",model="m"}'
NOT_OBSERVED = 'loopgate_ledger_dropped_total{kind="prediction",model="m",reason="not_observed"}'
PER_SECOND = 200
QUIET_SECONDS = 3
STILL_SECONDS = 5
NOTICED_SECONDS = 2.5  # a call that waited for a gateway that stands still would take longer
TIMEOUT_SECONDS = 0.95  # of Envoy's message_timeout of 1 s: a call that took so long may be one that was served without us
UNDER_WAY = 100  # calls that may overtake others on their way to an observer: Envoy has several connections to it


class Stage:
    """An Envoy in front of a model, its load, and a gateway beside it."""

    def __init__(self, scratch, model_port, way, version, word="", changed=None):
        self.word = f"side-{word or way}-{version}"
        self.changed = changed  # what is done to Envoy's configuration
        self.folder = scratch / self.word
        self.folder.mkdir()
        self.way, self.version = way, version
        self.ports = {"h1": model_port, "h2": model_port, "refused": model_port}
        self.keeper = Keeper(self.folder, self.ports, True)
        self.phases = []  # (word, begin, end)
        self.envoy = self.load = self.running = None

    async def begin(self):
        config = envoy_config.bootstrap(self.version, self.way, self.ports, self.keeper.envoy_port)
        if self.changed:
            self.changed(config)
        self.envoy = await envoy_server.started(self.version, config, self.folder / "envoy")
        self.load = load.Load(self.envoy.ports[envoy_config.STAT_PREFIX], PER_SECOND, connections=16, prefix=self.word)
        self.running = asyncio.create_task(self.load.run())

    async def phase(self, word, seconds):
        begin = time.monotonic()
        await asyncio.sleep(seconds)
        self.phases.append((word, begin, time.monotonic()))

    async def is_recorded(self):
        """Whether Envoy shows what it serves again."""
        return await self.keeper.metric("loopgate_ledger_seen_total") > self.known

    async def shown(self):
        """How many exchanges Envoy has begun to show, but for those that it could not; at least."""
        prefix = f"http.{envoy_config.STAT_PREFIX}.ext_proc.streams_"
        counted = await self.envoy.counters(prefix)
        return counted[f"{prefix}started"] - counted[f"{prefix}failed"]

    async def back(self):
        await self.keeper.start()
        self.known = await self.keeper.metric("loopgate_ledger_seen_total")
        await until(f"{self.word}: envoy to show its exchanges", self.is_recorded, 20)

    async def rest(self, logs=False):
        """Nothing is asked any more; `logs`: what waits for its exchange becomes what it must, too."""
        self.load.stopping = True
        await self.running
        failed = self.load.failed
        check(not failed, f"{self.word}: {len(failed)} calls failed")
        active = "cluster.loopgate_capture.upstream_rq_active"

        async def is_idle():
            return (await self.envoy.counters(active))[active] == 0

        await until(f"{self.word}: {active} to be 0", is_idle, 10)
        await until(f"{self.word}: nothing to be open", self.keeper.has_none_open)
        if logs:
            self.proven = await self.keeper.metric(NOT_OBSERVED)
        await self.keeper.stop()

    def named(self, since, before):
        """Those that were asked and whole in that time, and quickly enough that Envoy did not go on without us."""
        answered = self.load.answered
        return [name for name, due, took in answered if since <= due and due + took < before and took < TIMEOUT_SECONDS]

    def all_kept(self, found, names):
        """Each of these stands there; of one that does not, when it was asked, and where in the phases that was."""
        when = {name: (due, took) for name, due, took in self.load.answered}
        missing = [f"{name} due {when[name][0]:.3f} took {when[name][1]:.3f}" for name in names if name not in found]
        phases = [f"{word} {begin:.3f} to {end:.3f}" for word, begin, end in self.phases]
        check(not missing, f"{self.word}: {len(missing)} of {len(names)} not found: {missing[:3]}, {missing[-1:]}; {phases}")

    def tell(self, found):
        parts = []
        for word, begin, end in self.phases:
            late = self.load.latencies(begin, end)
            if self.way == "observer" and word != "going on":
                check(late[-1] < NOTICED_SECONDS, f"{self.word}: {word}: a call took {late[-1]:.1f} s")
            kept = sum(name in found for name, due, _ in self.load.answered if begin <= due < end)
            parts.append(f"{word} {len(late)} calls, p99 {load.percentile(late, 0.99) * 1000:.1f} ms, kept {kept}")
        total = len(self.load.answered)
        print(f"envoy: {self.word}: {'; '.join(parts)}; {total} calls, none failed, {len(found)} in the files", flush=True)

    def in_files(self):
        """Both streams: nothing twice, nothing that was never asked."""
        streams = [found_in(self.keeper.data / "files", stream) for stream in ("request_response", "response_body")]
        check(streams[0] == streams[1], f"{self.word}: the two streams do not hold the same")
        twice = [name for name, count in streams[0].items() if count > 1]
        check(not twice, f"{self.word}: found twice: {twice[:3]}")
        strange = streams[0].keys() - {name for name, *_ in self.load.answered}
        check(not strange, f"{self.word}: records of nobody's calls: {list(strange)[:3]}")
        return streams[0]

    async def __aenter__(self):
        return self

    async def __aexit__(self, _, error, __):
        told = await self.envoy.explain() if error and self.envoy else ""
        if self.running:
            self.running.cancel()
        if self.envoy:
            self.envoy.stop()
        self.keeper.kill()
        if isinstance(error, Failed):
            keep_for_inspection(self.folder)
            calls = f"{len(self.load.answered)} calls answered, failed: {self.load.failed[:3]}" if self.load else ""
            gateway = self.keeper.gateway.tail() if self.keeper.gateway else ""
            raise Failed(f"{self.word}: {error}\n{calls}\n{told}\ngateway: {gateway}") from error


async def observed(scratch, model_port, version):
    """Observer mode: whatever becomes of the gateway, callers see nothing of it."""
    async with Stage(scratch, model_port, "observer", version) as stage:
        await stage.begin()
        await stage.phase("absent", 2)
        await stage.back()
        begin = time.monotonic()
        await stage.phase("quiet", QUIET_SECONDS)
        quiet = stage.named(begin, time.monotonic())
        shown = await stage.shown() + UNDER_WAY

        async def has_kept_them():
            return await stage.keeper.metric(ACCEPTED) >= shown

        await until(f"{stage.word}: {len(quiet)} calls to be kept", has_kept_them)
        await asyncio.to_thread(stage.keeper.kill)
        await stage.phase("killed", 2)
        await stage.back()
        again = time.monotonic()
        process = stage.keeper.gateway.process
        process.send_signal(signal.SIGSTOP)
        await stage.phase("stopped", STILL_SECONDS)
        memory = stage.envoy.memory()
        process.send_signal(signal.SIGCONT)
        await stage.phase("going on", 3)
        await stage.rest()
    found = stage.in_files()
    # Not promised of an observer when it dies, but what it had kept is there; and none of them was passed over.
    stage.all_kept(found, quiet)
    stood = [name for name in stage.named(again, time.monotonic()) if name in found]
    check(stood, f"{stage.word}: nothing was kept after it came back")
    stage.tell(found)
    print(f"envoy: {stage.word}: envoy's memory while it stood still: {memory >> 20} MiB", flush=True)


async def gaps(scratch, model_port, version):
    """An Envoy that may not show all that passes: what it does not show, its log proves, and it stands in the ledger."""

    def one_at_a_time(config):
        for cluster in config["static_resources"]["clusters"]:
            if cluster["name"] == "loopgate_capture":
                cluster["circuit_breakers"]["thresholds"][0]["max_requests"] = 1

    async with Stage(scratch, model_port, "observer", version, "gaps", one_at_a_time) as stage:
        await stage.keeper.start()
        await stage.begin()

        async def is_judged():
            _, text, _ = await load.get(stage.keeper.port, "/metrics")
            return metric(text, NOT_OBSERVED) > 0  # not there before the first prediction

        await until(f"{stage.word}: gaps to be proven", is_judged, 40)
        await stage.rest(True)
        names = {name for name, *_ in stage.load.answered}
    shown, logged = (found_in(stage.keeper.data / "files", stream) for stream in ("request_response", "access_log"))
    twice = [name for name in names if shown.get(name, 0) + logged.get(name, 0) != 1]
    if twice:
        keep_for_inspection(stage.folder)
    check(not twice, f"{stage.word}: {len(twice)} of {len(names)} calls are not kept once: "
          f"{[(name, shown.get(name, 0), logged.get(name, 0)) for name in twice[:3]]}")  # fmt: skip
    print(f"envoy: {stage.word}: {len(names)} calls, {len(shown)} shown, {len(logged)} only logged, "
          f"{stage.proven:.0f} of these proven not to be shown", flush=True)  # fmt: skip


async def synchronous(scratch, model_port, version, chance):
    """Synchronous mode: what a caller had whole before the kill is in the files (P1); nobody's call fails."""
    async with Stage(scratch, model_port, "sync", version) as stage:
        await stage.keeper.start()
        await stage.begin()
        stage.known = 0
        await until("envoy to show its exchanges", stage.is_recorded, 20)
        kills = []
        await stage.phase("quiet", QUIET_SECONDS)
        for _ in range(2):
            since = time.monotonic()
            await asyncio.sleep(chance.uniform(0.5, 1.5))
            kills.append((since, time.monotonic()))
            await asyncio.to_thread(stage.keeper.kill)
            await stage.phase("killed", 1)
            await stage.back()
        last = time.monotonic()
        await stage.phase("back", 2)
        end = time.monotonic()
        await stage.rest()
    found = stage.in_files()
    for since, before in [(stage.phases[0][1], kills[0][0]), *kills, (last, end)]:
        stage.all_kept(found, stage.named(since, before))
    stage.tell(found)


async def side_channel(scratch, versions, seed):
    """All of it, on each version in turn."""
    model = await asyncio.start_server(load.serve_model, "127.0.0.1", 0)
    port = model.sockets[0].getsockname()[1]
    try:
        for version in versions:
            await asyncio.gather(observed(scratch, port, version), gaps(scratch, port, version))
            await synchronous(scratch, port, version, random.Random(seed))
    finally:
        model.close()
