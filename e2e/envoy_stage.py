"""A stage of the part `envoy`: an Envoy in front of a model, its load, and a gateway beside it that comes and goes."""

import asyncio
import contextlib
import time

import envoy_config
import envoy_server
import load
from common import Failed, check, found_in, until
from envoy_ways import Keeper, keep_for_inspection

ACCEPTED = 'loopgate_ledger_accepted_total{kind="prediction",model="m"}'
NOT_OBSERVED = 'loopgate_ledger_dropped_total{kind="prediction",model="m",reason="not_observed"}'
PER_SECOND = 200
NOTICED_SECONDS = 2.5  # a call that waited for a gateway that stands still would take longer
TIMEOUT_SECONDS = 0.95  # of Envoy's message_timeout of 1 s: a call that took so long may be one that was served without us


HEAVY_BYTES = 4 << 20


class Heavy(load.Load):
    """Large predictions."""

    async def ask(self, reader, writer, name):
        status, _ = await load.exchange(reader, writer, "/model/m/predict", [f"request-id: {name}"], bytes(HEAVY_BYTES))
        return status


class Stage:
    """An Envoy in front of a model, its load, and a gateway beside it.

    `changed`: what is done to Envoy's configuration. `options`: the gateway's. `heavy`: how many large predictions a second there are, too.
    """

    def __init__(self, scratch, model_port, way, version, word="", changed=None, options=(), heavy=0):
        self.word = f"side-{word or way}-{version}"
        self.changed, self.heavies = changed, heavy
        self.folder = scratch / self.word
        self.folder.mkdir()
        self.way, self.version = way, version
        self.ports = {"h1": model_port, "h2": model_port, "refused": model_port}
        self.keeper = Keeper(self.folder, self.ports, True, options)
        self.phases = []  # (word, begin, end)
        self.envoy = self.load = self.heavy = self.running = None

    async def begin(self):
        config = envoy_config.bootstrap(self.version, self.way, self.ports, self.keeper.envoy_port)
        if self.changed:
            self.changed(config)
        self.envoy = await envoy_server.started(self.version, config, self.folder / "envoy")
        port = self.envoy.ports[envoy_config.STAT_PREFIX]
        self.load = load.Load(port, PER_SECOND, connections=16, prefix=self.word)
        self.heavy = Heavy(port, max(1, self.heavies), connections=self.heavies, prefix=f"{self.word}-heavy")
        self.running = asyncio.gather(self.load.run(), self.heavy.run())

    async def phase(self, word, seconds):
        begin = time.monotonic()
        await asyncio.sleep(seconds)
        self.phases.append((word, begin, time.monotonic()))

    def span(self, word):
        """When the phase of that name began and ended."""
        return next((begin, end) for name, begin, end in self.phases if name == word)

    async def is_shown(self, known):
        """Waits until Envoy shows what it serves: more than so many exchanges were seen."""

        async def is_recorded():
            return await self.keeper.metric("loopgate_ledger_seen_total") > known

        await until(f"{self.word}: envoy to show its exchanges", is_recorded, 20)

    async def shown(self):
        """How many exchanges Envoy has begun to show, but for those that it could not; at least."""
        prefix = f"http.{envoy_config.STAT_PREFIX}.ext_proc.streams_"
        counted = await self.envoy.counters(prefix)
        return counted[f"{prefix}started"] - counted[f"{prefix}failed"]

    async def back(self):
        await self.keeper.start()
        await self.is_shown(await self.keeper.metric("loopgate_ledger_seen_total"))

    async def rest(self, logs=False):
        """Nothing is asked any more; `logs`: what waits for its exchange becomes what it must, too."""
        self.load.stopping = self.heavy.stopping = True
        await self.running
        failed = self.load.failed + self.heavy.failed
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
        strange = streams[0].keys() - {name for name, *_ in self.load.answered + self.heavy.answered}
        check(not strange, f"{self.word}: records of nobody's calls: {list(strange)[:3]}")
        return streams[0]

    async def __aenter__(self):
        return self

    async def __aexit__(self, _, error, __):
        told = await self.envoy.explain() if error and self.envoy else ""
        if self.running:
            self.running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.running
        if self.envoy:
            self.envoy.stop()
        self.keeper.kill()
        if isinstance(error, Failed):
            keep_for_inspection(self.folder)
            calls = f"{len(self.load.answered)} calls answered, failed: {self.load.failed[:3]}" if self.load else ""
            gateway = self.keeper.gateway.tail() if self.keeper.gateway else ""
            raise Failed(f"{self.word}: {error}\n{calls}\n{told}\ngateway: {gateway}") from error
