"""Open loop by vegeta: requests at a constant rate, each timed from when it was due."""

import base64
import csv
import json
import math
import os
import pathlib
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness import stats, tools
from harness.problems import Problem

TIMEOUT = "30s"
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


@dataclass(frozen=True)
class Hit:
    """One request. Times in seconds; `began` since the first request was due."""

    began: float
    due: float
    service: float
    status: int
    request_id: str

    @property
    def latency(self) -> float:
        """From when it was due to the end of its answer."""
        return self.began - self.due + self.service


@dataclass(frozen=True)
class Attack:
    """All requests of a run, in order of when they were due.

    Latencies are of those due within `looked_at`, seconds from and to.
    """

    hits: list[Hit]
    looked_at: tuple[float, float] = (0.0, math.inf)

    def latencies(self) -> list[float]:
        since, until = self.looked_at
        return sorted(hit.latency for hit in self.hits if since <= hit.due < until)

    def failed(self) -> int:
        return sum(1 for hit in self.hits if not 200 <= hit.status < 300)

    def percentiles(self) -> dict[str, float]:
        ordered = self.latencies()
        return {name: stats.percentile(ordered, share) for name, share in SHARES.items()}

    def service_p99(self) -> float:
        """Without what a request waited to be sent: what closed-loop tools show."""
        return stats.percentile(sorted(hit.service for hit in self.hits), 0.99)


def parse(rows: Iterable[Sequence[str]], rate: float) -> Attack:
    """The rows of `vegeta encode -to csv`; the n-th request was due at n / rate."""
    raw = []
    for row in rows:
        headers = row[11] if len(row) > 11 else ""
        raw.append((int(row[8]), int(row[0]), int(row[2]), int(row[1]), headers))
    raw.sort()
    if not raw:
        raise Problem("vegeta: no request was sent")
    # The schedule began at the latest when the least late request did.
    origin = min(began - number * 1e9 / rate for number, began, *_ in raw)
    hits = []
    for number, began, service, status, headers in raw:
        due = number / rate
        hits.append(Hit((began - origin) / 1e9, due, service / 1e9, status, _request_id(headers)))
    return Attack(hits)


def _request_id(headers: str) -> str:
    for line in base64.b64decode(headers).decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "request-id":
            return value.strip()
    return ""


@dataclass(frozen=True)
class Shot:
    """What is sent, how often a second, for how long."""

    url: str
    body: pathlib.Path
    rate: float
    seconds: float
    headers: tuple[str, ...] = ("Content-Type: application/json",)
    id_prefix: str = ""
    connections: int | None = None  # at most; what waits for one is late all the same. None: as many as it takes


def targets(shot: Shot) -> Iterable[bytes]:
    """One JSON line a request, each with a Request-Id of its own."""
    fixed: dict[str, list[str]] = {}
    for header in shot.headers:
        name, _, value = header.partition(":")
        fixed.setdefault(name.strip(), []).append(value.strip())
    for number in range(round(shot.rate * shot.seconds)):
        header = fixed | {"Request-Id": [f"{shot.id_prefix}{number}"]}
        yield json.dumps({"method": "POST", "url": shot.url, "header": header}).encode() + b"\n"


def fire(shot: Shot, folder: pathlib.Path, cores: Sequence[int]) -> Attack:
    """Sends it; raw results stay in `folder` only while they are read."""
    binary = folder / "vegeta.bin"
    command = [tools.path("vegeta"), "attack", f"-rate={_rate(shot.rate)}"]
    command += [f"-duration={shot.seconds}s", f"-timeout={TIMEOUT}", f"-body={shot.body}"]
    command += ["-max-body=0", f"-output={binary}"]
    if shot.connections is not None:
        command += [f"-workers={shot.connections}", f"-max-workers={shot.connections}"]
    if shot.id_prefix:
        command += ["-format=json", "-lazy"]
    else:
        for header in shot.headers:
            command += ["-header", header]
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        ) as attack:
            _feed(attack, shot)
            _, said = attack.communicate()
        if attack.returncode != 0:
            raise Problem(f"vegeta: exit={attack.returncode}: {said.decode().strip()[-300:]}")
        return _read(binary, shot.rate)
    finally:
        binary.unlink(missing_ok=True)


def _rate(rate: float) -> str:
    # Whole requests over whole time units is all it takes.
    return f"{round(rate * 60)}/1m" if rate != int(rate) else f"{int(rate)}/1s"


def _feed(attack: subprocess.Popen, shot: Shot) -> None:
    assert attack.stdin is not None
    try:
        if shot.id_prefix:
            for line in targets(shot):
                attack.stdin.write(line)
        else:
            attack.stdin.write(f"POST {shot.url}\n".encode())
        attack.stdin.flush()
    except BrokenPipeError:
        return  # it took all it wanted, or failed: its exit code tells


def _read(binary: pathlib.Path, rate: float) -> Attack:
    encode = [tools.path("vegeta"), "encode", "-to=csv", str(binary)]
    with subprocess.Popen(encode, stdout=subprocess.PIPE, text=True) as encoded:
        assert encoded.stdout is not None
        csv.field_size_limit(1 << 30)
        return parse(csv.reader(encoded.stdout), rate)
