"""Rows with a way of their own: cold start and feedback."""

import http.client
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness import bodies, countback, gateway, load, machine, measure, proc, processes, rig
from harness.problems import Lost, Problem

START_MAX = 60
LOOK_EVERY = 0.001


@dataclass
class Timed:
    """One measurement of a single figure."""

    row: str
    number: int
    value: float
    beside: float = 0.0
    void: str = ""


def _status(port: int) -> int:
    """The status of one prediction, 0 where nobody answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", bodies.SMALL.path, bodies.SMALL.up, headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def cold_start(where: rig.Rig, number: int) -> Timed:
    """Seconds from the JVM's start to the first prediction that is answered 200, on all cores.

    The files are in the page cache; the data directory is new.
    """
    one = gateway.Loopgate(where, ships=True)
    one.cores = [*where.measured, *where.others]
    one.start()
    # The launcher looks for a JDK first: its own time is not the gateway's.
    command = one.command_line()
    one.stop()
    one.remove()
    log = one.folder / "cold.out"
    begin = time.monotonic()
    started = processes.Started("cold start", command, one.cores, log)
    answered = 0
    try:
        while (status := _status(one.port)) != 200:
            answered += 1 if status else 0
            started.check_alive()
            if time.monotonic() > begin + START_MAX:
                raise Problem(f"cold start: nothing was served within {START_MAX} s: {started.words()}")
            time.sleep(LOOK_EVERY)
        took = time.monotonic() - begin
    finally:
        started.stop()
    found = countback.read(one.data / "files")
    one.remove()
    countback.check_predictions(found, answered + 1)
    return Timed("start", number, took)


def feedback(
    where: rig.Rig, number: int, seconds: float, warm_seconds: float, plant_loss: bool
) -> Timed:
    """Acknowledged posts a second over 64 connections; `beside` is F, forces a second just then."""
    one = gateway.Loopgate(where, ships=False, plant_loss=plant_loss)
    body = where.folder / "feedback.up"
    body.write_bytes(b'{"truthful": 6.0}')
    ids = ("request-id: f", "model-name: m", "model-version: 1")
    one.start()
    url = f"http://127.0.0.1:{one.port}/feedback"
    try:
        sent, rate, chunk = 0, 0.0, measure.FIRST_CHUNK
        until = time.monotonic() + warm_seconds
        while time.monotonic() < until or rate == 0:
            loaded = load.send(url, body, chunk, where.others, headers=ids)
            sent, rate = sent + loaded.requests, loaded.per_second
            chunk = max(measure.FIRST_CHUNK, int(rate * measure.CHUNK_SECONDS))
        forces = machine.force_rate(where.folder)
        before = proc.snapshot(time.monotonic())
        loaded = load.send(url, body, int(rate * seconds), where.others, headers=ids)
        after = proc.snapshot(time.monotonic())
        forces = (forces + machine.force_rate(where.folder)) / 2
    finally:
        one.stop()
    sent += loaded.requests
    if int(one.last["loopgate_ledger_accepted"]) != sent:
        raise Lost(f"feedback: sent={sent}, accepted={one.last['loopgate_ledger_accepted']:.0f}")
    countback.check_records(one.found(("feedback",))["feedback"], "feedback", sent)
    one.remove()
    void = measure.void_by_noise(*measure.noise(before, after, os.getpid()))
    return Timed("feedback", number, loaded.per_second, forces, void)


def repeated(
    take: Callable[[int], Timed], rounds: int, keeps_noisy: bool, tell: Callable[[Timed], None]
) -> list[Timed]:
    """So many that count, of at most twice as many."""
    kept: list[Timed] = []
    good = 0
    for number in range(2 * rounds):
        one = take(number)
        one.void = "" if keeps_noisy else one.void
        kept.append(one)
        tell(one)
        good += 0 if one.void else 1
        if good >= rounds:
            break
    if good == 0:
        raise Problem(f"{kept[-1].row}: no round was quiet: {kept[-1].void}")
    return kept
