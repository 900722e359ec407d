"""What is lost beside an Envoy of the part `envoy`, and who tells of it: the ledger, Envoy's own counters, nobody."""

import asyncio
import signal
from collections import Counter

import envoy_config
import load
from clients import records
from common import check, metric, until
from envoy_sinks import pings_each
from envoy_stage import Stage
from power import manifests

LIVE_SECONDS, DEAD_SECONDS = 1.0, 1.5
PING_SECONDS, PONG_SECONDS = 2, 1  # who stands still is noticed soon
STILL_SECONDS = 5

FILTER = f"http.{envoy_config.STAT_PREFIX}.ext_proc."
OVERFLOWS = ("pending_overflow", "active_overflow")
# What the gateway makes of Envoy's counters, see ToldLoss.
TOLD = {
    "stream_failed": [f"{FILTER}streams_failed"],
    "message_timeout": [f"{FILTER}message_timeouts"],
    "overflow": [f"cluster.loopgate_capture.upstream_rq_{why}" for why in OVERFLOWS],
    "broken_off": ["cluster.loopgate_capture.upstream_rq_pending_failure_eject"],
    "reset": ["cluster.loopgate_capture.upstream_rq_rx_reset"],
    "log_dropped": ["access_logs.grpc_access_log.logs_dropped"],
    "log_overflow": [f"cluster.loopgate_access.upstream_rq_{why}" for why in OVERFLOWS],
    "log_broken_off": ["cluster.loopgate_access.upstream_rq_pending_failure_eject"],
}


def counted_by(envoy, what):
    """What Envoy's counters say of that, by what the gateway calls it."""
    return sum(envoy.get(name, 0) for name in TOLD[what])


def ledger(files):
    """What became of predictions, by the manifests, across all lives: accepted, and dropped by reason."""
    rows = [row for manifest in manifests(files) for row in manifest["totals"] if row["kind"] == "prediction"]
    dropped = Counter()
    for row in rows:
        dropped.update(row.get("dropped", {}))
    return sum(row.get("accepted", 0) for row in rows), dropped


async def told(stage):
    """What the gateway says that Envoys told."""
    _, text, _ = await load.get(stage.keeper.port, "/metrics")
    return {what: metric(text, f'loopgate_envoy_told_lost_total{{what="{what}"}}') for what in TOLD}


async def is_reconciled(stage):
    """Waits until the gateway says of Envoy's counters what they are."""

    async def agrees():
        before, mine, envoy = await stage.envoy.counters(), await told(stage), await stage.envoy.counters()
        for what in TOLD:
            counted = counted_by(envoy, what)
            check(mine[what] <= counted, f"{stage.word}: {mine[what]:.0f} told of {what}, Envoy counted {counted}")
        return all(mine[what] >= counted_by(before, what) for what in TOLD)

    await until(f"{stage.word}: the gateway to know what Envoy counts", agrees, 15)
    return await told(stage)


async def lost(scratch, model_port, version, still=0):
    """A gateway that is killed under load; `still`: after it has stood still for so many seconds, longer than Envoy's pings wait."""

    def changed(config):
        pings_each(config, PING_SECONDS, PONG_SECONDS)

    async with Stage(scratch, model_port, "observer", version, f"lost-{'still' if still else 'killed'}", changed) as stage:
        await stage.keeper.start()
        await stage.begin()
        await stage.is_shown(0)
        await stage.phase("quiet", LIVE_SECONDS)
        if still:
            stage.keeper.gateway.process.send_signal(signal.SIGSTOP)
            await stage.phase("still", still)
        await asyncio.to_thread(stage.keeper.kill)
        await stage.phase("killed", DEAD_SECONDS)
        await stage.back()
        await stage.phase("back", LIVE_SECONDS)
        stage.load.stopping = True
        await stage.running
        mine = await is_reconciled(stage)
        envoy = await stage.envoy.counters()
        await stage.rest()
    stage.in_files()
    judge(stage, envoy, mine, still)


def judge(stage, envoy, mine, still):
    """No more is accounted for than was served; the rest is hidden."""
    files = stage.keeper.data / "files"
    found, logged = (records(files, stream) for stream in ("request_response", "access_log"))
    served, kept, failed = len(stage.load.answered), len(found), counted_by(envoy, "stream_failed")
    whole = sum(record["ending"] == "complete" for (record,) in found.values())
    accepted, dropped = ledger(files)
    hidden = served - accepted - dropped.total()
    table = {
        "served": served,
        "accepted": accepted,
        "of these whole": whole,
        "dropped": dict(dropped),
        "hidden from the ledger": hidden,
        "only logged": len(logged.keys() - found.keys()),
        "streams_started": envoy[f"{FILTER}streams_started"],
        "streams_failed": failed,
        "told of that": int(mine["stream_failed"]),
        "server_half_closed": envoy.get(f"{FILTER}server_half_closed", 0),
        "pending_failure_eject": counted_by(envoy, "broken_off"),
        "pending_overflow": counted_by(envoy, "overflow"),
        "tx_reset": envoy["cluster.loopgate_capture.upstream_rq_tx_reset"],
        "logs_written": envoy["access_logs.grpc_access_log.logs_written"],
        "logs_dropped": counted_by(envoy, "log_dropped"),
        "hidden by Envoy, too": served - whole - failed,
    }
    text = f"{stage.word}: {', '.join(f'{what} {count}' for what, count in table.items())}"
    print(f"envoy: {text}", flush=True)
    check(kept == accepted, f"{text}: {kept} are in the files")
    check(hidden > 0, f"{text}: nothing is hidden from the ledger, so the page says too little of it")
    check(whole + failed <= served, f"{text}: Envoy tells of more than was lost")
    check(failed > dropped.total(), f"{text}: Envoy tells of no more than the ledger, so the page says too much of it")
    check(counted_by(envoy, "log_dropped") == 0, f"{text}: Envoy counts what it did not log, so the page says too little of it")
    if still:
        check(whole + failed < served, f"{text}: Envoy hides nothing, so the page says too little of it")
