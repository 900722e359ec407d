"""The side channel of the part `envoy`: a gateway that is absent, killed, stopped and back, under load through an Envoy."""

import asyncio
import random
import signal
import time

import envoy_losses
import envoy_sinks
import load
from common import check, found_in, metric, until
from envoy_stage import ACCEPTED, NOT_OBSERVED, Stage
from envoy_ways import keep_for_inspection

QUIET_SECONDS = 3
STILL_SECONDS = 5
UNDER_WAY = 400  # calls that may overtake others on their way to an observer: Envoy has several connections to it


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
        envoy_sinks.pings_each(config, 2, 1, "loopgate_metrics")  # often, where else nothing is said: the door must bear it

    async with Stage(scratch, model_port, "observer", version, "gaps", one_at_a_time) as stage:
        await stage.keeper.start()
        await stage.begin()

        async def is_judged():
            _, text, _ = await load.get(stage.keeper.port, "/metrics")
            return metric(text, NOT_OBSERVED) > 0  # not there before the first prediction

        await until(f"{stage.word}: gaps to be proven", is_judged, 40)
        stage.load.stopping = True
        await stage.running
        told = (await envoy_losses.is_reconciled(stage))["stream_failed"]
        farewells = "cluster.loopgate_metrics.upstream_cx_close_notify"
        check((await stage.envoy.counters(farewells))[farewells] == 0, f"{stage.word}: the door does not bear Envoy's pings")
        await stage.rest(True)
        names = {name for name, *_ in stage.load.answered}
    shown, logged = (found_in(stage.keeper.data / "files", stream) for stream in ("request_response", "access_log"))
    twice = [name for name in names if shown.get(name, 0) + logged.get(name, 0) != 1]
    if twice:
        keep_for_inspection(stage.folder)
    check(not twice, f"{stage.word}: {len(twice)} of {len(names)} calls are not kept once: "
          f"{[(name, shown.get(name, 0), logged.get(name, 0)) for name in twice[:3]]}")  # fmt: skip
    # A breaker's are all counted, so Envoy tells of more than its log has proven by now.
    check(stage.proven <= told == len(names) - len(shown), f"{stage.word}: {told:.0f} told, {len(names)} calls, {len(shown)} shown")
    print(f"envoy: {stage.word}: {len(names)} calls, {len(shown)} shown, {len(logged)} only logged, "
          f"{stage.proven:.0f} of these proven not to be shown, {told:.0f} told by Envoy", flush=True)  # fmt: skip


async def synchronous(scratch, model_port, version, chance):
    """Synchronous mode: what a caller had whole before the kill is in the files (P1); nobody's call fails."""
    async with Stage(scratch, model_port, "sync", version) as stage:
        await stage.keeper.start()
        await stage.begin()
        await stage.is_shown(0)
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


async def side_channel(scratch, versions, seed, oldest):
    """All of it, on each version in turn; what is lost in a kill on the oldest one, too."""
    model = await asyncio.start_server(load.serve_model, "127.0.0.1", 0)
    port = model.sockets[0].getsockname()[1]
    seldom, often = envoy_sinks.PINGS
    try:
        for version in versions:
            await asyncio.gather(observed(scratch, port, version), gaps(scratch, port, version))
            await synchronous(scratch, port, version, random.Random(seed))
            await envoy_sinks.slow_and_full(scratch, port, version)  # alone: it compares latencies
            await asyncio.gather(
                envoy_sinks.unguarded(scratch, port, version, *seldom),
                envoy_losses.lost(scratch, port, version, envoy_losses.STILL_SECONDS),
            )
            await asyncio.gather(
                envoy_sinks.unguarded(scratch, port, version, *often),
                envoy_losses.lost(scratch, port, oldest),
            )
    finally:
        model.close()
