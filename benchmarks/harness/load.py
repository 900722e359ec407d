"""The load: h2load for an exact number of requests, at full speed or at a rate."""

import os
import pathlib
import re
import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from harness import tools, ways
from harness.problems import Problem

CONNECTIONS = 64

_COUNTS = re.compile(
    r"requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored"
)
_STATUS = re.compile(r"status codes: (\d+) 2xx")
_TIME = re.compile(r"finished in ([0-9.]+)(us|ms|s|m)\b")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Loaded:
    """What was sent; all of it was answered 2xx."""

    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def parse(text: str, requests: int, cpu_seconds: float) -> Loaded:
    """What h2load says at its end; anything but `requests` good answers is a problem."""
    counts, status, took = _COUNTS.search(text), _STATUS.search(text), _TIME.search(text)
    if not (counts and status and took):
        raise Problem(f"h2load said: {text.strip()[-500:]}")
    if int(counts.group(4)) != requests or int(status.group(1)) != requests:
        raise Problem(f"load: sent={requests}, answered 2xx={status.group(1)}: {counts.group(0)}")
    seconds = float(took.group(1)) * _UNITS[took.group(2)]
    return Loaded(requests, seconds, cpu_seconds)


def send(
    url: str,
    body: pathlib.Path,
    requests: int,
    cores: Sequence[int],
    connections: int = CONNECTIONS,
    rate: float | None = None,
    headers: Sequence[str] = (),
    way: ways.Way = ways.PLAIN,
    within: Sequence[str] = (),
) -> Loaded:
    """Posts `body` exactly `requests` times over kept connections, `rate` a second if given.

    `within`: what is put before the command, like that of a network namespace.
    """
    requests = max(requests, connections)
    command = [*within, tools.path("h2load"), *way.of_h2load(), "-t", "1", "-c", str(connections), "-n", str(requests)]
    if rate is not None:
        command += ["--rps", f"{rate / connections:.4f}"]
    for header in (*way.headers, *headers):
        command += ["-H", header]
    command += ["-d", str(body), url]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode != 0:
        raise Problem(f"h2load: exit={done.returncode}: {done.stderr.strip()[-300:]}")
    return parse(done.stdout, requests, cpu)
