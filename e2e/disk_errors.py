"""A disk that says no: writes and forces fail under load, as strace makes the kernel say. See `run`."""

import asyncio
import os
import re
import signal
from collections import Counter
from pathlib import Path

import load
from common import Gateway, check, metric, need, until, verify
from disk import LoopDisk, forget_rings
from power import Callers, counted, judge_records, keep_config, serve_model

SECONDS = 2.0
KILLED, MENDED, CUT = "then kill -9", "until the disk is mended", "then the power goes"
OPTIONS = ["--spool.ring-bytes", "1MiB", "--ship.window", "1s"]  # few writes fill it: the counts below are of the log's
COMMIT_LOGS = [f"spool/commit/{number:016x}.log" for number in range(1, 100)]
# Each thread counts its own calls. An append that fails takes three forces: its own, a fresh segment's, its own again.
LIVES = (
    ("every third force fails", KILLED, ["fdatasync:error=EIO:when=5+3"]),
    (
        "forces of directories and shipped files and writes fail",
        KILLED,
        ["fsync:error=EIO:when=4+5", "pwrite64:error=ENOSPC:when=40+9"],
    ),
    ("writes and forces of the commit log fail", KILLED, ["write:error=ENOSPC:when=4+3", "fsync:error=EIO:when=2+3"]),
    ("all forces fail", MENDED, ["fdatasync:error=EIO:when=25+"]),
    ("every seventh force fails", CUT, ["fdatasync:error=EIO:when=6+7"]),
)
CALL = re.compile(r"^(\d+) +(\w+)\((-?\d+)")
RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>")
RESULT = re.compile(r" = (-?\d+)[^=]*$")


def traced(log, faults, paths, lets_go):
    """A command that runs another one whose system calls fail so; its own process is that one's."""
    strace = need("strace", "strace")
    command = [strace, "-D", "-I", "1", "-f", "-y", "-s", "0", "-qq", "-e", "signal=none", "-o", str(log)]
    command += ["-e", "trace=close,fsync,fdatasync,write,pwrite64"]
    for path in paths:
        command += ["-P", str(path)]
    if not lets_go:
        command += ["--seccomp-bpf"]  # faster; but its filter stays when the tracer is gone, and refuses all
    for fault in faults:
        command += ["-e", f"inject={fault}"]
    return command


def tracer_of(gateway):
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(re.search(r"TracerPid:\s+(\d+)", status).group(1))


def calls(log):
    """(call, descriptor, did it succeed, was it made to fail, line) of each call that a trace tells of, as they ended."""
    begun = {}
    for line in log.read_text(errors="replace").splitlines():
        resumed, call = RESUMED.match(line), CALL.match(line)
        if call:
            begun[call[1]] = (call[2], call[3], line)
        result = RESULT.search(line)
        if result and (call or resumed):
            name, descriptor, first = begun.pop((call or resumed)[1])
            yield name, descriptor, not result[1].startswith("-"), "(INJECTED)" in line, first


def lies(log):
    """Which calls were made to fail how often, and the forces that succeeded on a descriptor after one had failed on it."""
    injected, failed, found = Counter(), set(), []
    for call, descriptor, well, made, line in calls(log):
        injected.update([call] if made else [])
        if call == "close":
            failed.discard(descriptor)
        elif call in ("fsync", "fdatasync") and not well:
            failed.add(descriptor)
        elif call in ("fsync", "fdatasync") and descriptor in failed:
            found.append(line)
    return injected, found


async def is_mended(gateway, life):
    """All forces fail: it says so, serves on, and keeps again what comes when the disk is well."""
    tracer = tracer_of(gateway)

    async def failed():
        _, text, _ = await load.get(gateway.port, "/metrics")
        return metric(text, "loopgate_spool_failed") == 1

    await until("the spool to fail", failed)
    status, _ = await load.feedback(gateway.port, "not-taken")
    ready, _, _ = await load.get(gateway.port, "/readyz")
    healthy, _, _ = await load.get(gateway.port, "/healthz")
    check((status, ready, healthy) == (503, 503, 200), f"feedback {status}, readyz {ready}, healthz {healthy}")
    os.kill(tracer, signal.SIGTERM)
    await life.is_taken()


async def is_tried_again(gateway):
    """Waits until the shipper has met both of what fails."""

    async def retried():
        _, text, _ = await load.get(gateway.port, "/metrics")
        return metric(text, "loopgate_ship_retries_total") >= 3

    await until("shipping to fail three times", retried)


async def all_failed(log, faults):
    """Whether each call that is to fail has failed by now: a slow machine makes fewer of them."""
    injected, _ = await asyncio.to_thread(lies, log)
    await asyncio.sleep(0.3)  # a trace is long
    return set(injected) == {fault.split(":")[0] for fault in faults}


async def fail(scratch, disk, number, port):
    """One life of a gateway whose calls fail; what its callers know, and a line of figures."""
    what, end, faults = LIVES[number]
    data, log = disk.mount / "data", scratch / f"strace-{number}.log"
    paths = [data / path for path in COMMIT_LOGS if faults[0].startswith("write:")]  # all others write to sockets, too
    below = traced(log, faults, paths, end == MENDED)
    gateway = await asyncio.to_thread(lambda: Gateway(data, port, scratch / "gateway.log", OPTIONS, below=below))
    life = Callers(gateway.port, number)
    try:
        life.begin()
        await asyncio.sleep(SECONDS)
        await until(f"{what}: all of it to fail", lambda: all_failed(log, faults), 30)
        if paths:
            await is_tried_again(gateway)
        if end == MENDED:
            await is_mended(gateway, life)
        life.check_served()
        if end == MENDED:
            await life.end()
            await asyncio.to_thread(gateway.stop)
        if end == CUT:
            await asyncio.to_thread(disk.cut_power)
            await asyncio.sleep(0.2)  # whoever is answered 200 now was lied to
    finally:
        gateway.kill()
        await life.end()
    if end == CUT:
        forget_rings(data)
        disk.detach()
        disk.attach()
    injected, lied = lies(log)
    check(not lied, f"{what}: forced again after a force had failed: {lied[:3]}")
    return life, (
        f"{what}, {end}: {', '.join(f'{count} {call}' for call, count in sorted(injected.items()))} failed; feedback:"
        f" {len(life.feedbacks.kept)} of {len(life.feedbacks.sent)} answered 200"
    )


async def disk_errors(scratch):
    """Row 7: forces and writes fail; what was answered 200 is there, and no force is tried twice on one file."""
    model = await asyncio.start_server(serve_model, "127.0.0.1", 0)
    port = model.sockets[0].getsockname()[1]
    lives = []
    with LoopDisk(scratch) as disk:
        data = disk.mount / "data"
        keep_config(disk.mount / "loopgate.yaml", port)
        try:
            for number, (_, end, _) in enumerate(LIVES):
                life, figures = await fail(scratch, disk, number, port)
                lives.append(life)
                print(f"disk-errors: {figures}", flush=True)
                if end == MENDED:
                    dropped = counted(lives, data / "files")
                    await asyncio.to_thread(verify, data, {0})
            gateway = await asyncio.to_thread(lambda: Gateway(data, port, scratch / "gateway.log", OPTIONS))
            try:
                await asyncio.to_thread(gateway.stop)
            finally:
                gateway.kill()
        finally:
            model.close()
        judge_records(lives, data / "files")
        await asyncio.to_thread(verify, data, {0, 3})
    print(f"disk-errors: all feedbacks answered 200 found; {dropped} predictions counted as dropped, all others found")
