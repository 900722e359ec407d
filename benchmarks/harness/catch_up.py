"""How fast a gateway that serves on catches up when its store is back: entries it ships a second, beside those that come."""

import contextlib
import os
import pathlib
import time
import urllib.request
from typing import NamedTuple

from harness import paths, processes, tools
from harness.problems import Problem
from harness.spool import ACCESS, BUCKET, SECRET

WARM_SECONDS = 20
WINDOW = 2  # seconds
BACK_SECONDS = 420  # until the first try after the store is back: waits between tries double up to 5 minutes
CATCH_UP_SECONDS = 600
LOOK_SECONDS = 0.25
NGINX = """daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err; worker_processes 1;
events {{ worker_connections 256; }}
http {{ access_log off; keepalive_requests 1000000; server {{ listen 127.0.0.1:{port}; root {folder}/answer;
  location / {{ error_page 405 =200 $uri; default_type application/json; }} }} }}
"""


class CaughtUp(NamedTuple):
    """Of one outage."""

    outage: float  # seconds
    rate: float  # entries that came a second, all the time
    behind: float  # entries that waited when it began to ship
    waited: float  # seconds from the store's return to the first file
    seconds: float  # from then until nothing waited but a window
    shipped: float  # entries a second
    memory: int  # bytes that are the gateway's own, at most


class Store:
    """versitygw, that goes and comes."""

    def __init__(self, program: pathlib.Path, folder: pathlib.Path, port: int) -> None:
        (folder / "s3" / BUCKET).mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, port
        self.command = [str(program), "--access", ACCESS, "--secret", SECRET, "--port", f"127.0.0.1:{port}"]
        self.command += ["--quiet", "posix", str(folder / "s3")]

    def start(self) -> None:
        cores = [*range(os.cpu_count() or 1)]
        self.process = processes.Started("versitygw", self.command, cores, self.folder / "versitygw.log")
        self.process.await_port(self.port)


class _Gateway:
    def __init__(self, folder: pathlib.Path, model: int, store: int) -> None:
        self.port = processes.free_port()
        (folder / "gateway.yaml").write_text(f"models: [{{id: m, url: 'http://127.0.0.1:{model}', version: '1'}}]\n")
        command = [str(paths.LAUNCHER), "gateway", "--config", str(folder / "gateway.yaml"), "--data", str(folder / "data")]
        command += ["--listen", f"127.0.0.1:{self.port}", "--drain-delay", "0s", "--ship.window", f"{WINDOW}s"]
        command += ["--files", f"s3://{BUCKET}/caught-up", "--s3.endpoint", f"http://127.0.0.1:{store}"]
        keys = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
        cores = [*range(os.cpu_count() or 1)]
        self.process = processes.Started("loopgate", command, cores, folder / "gateway.log", keys)
        self.process.await_port(self.port)
        self.memory = 0

    def look(self) -> tuple[float, float]:
        """Entries that were accepted, and those of them that are in no file."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            text = answer.read().decode()
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        self.memory = max(self.memory, int(status.split("RssAnon:")[1].split()[0]) << 10)
        waits = _sum(text, "loopgate_ledger_in_ring") + _sum(text, "loopgate_ledger_pending")
        return _sum(text, "loopgate_ledger_accepted_total"), waits


def _sum(text: str, name: str) -> float:
    values = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith((name + "{", name + " ")))
    return sum(float(value) for _, value in values)


def take(folder: pathlib.Path, versitygw: pathlib.Path, rate: int, outage: float) -> CaughtUp:
    """One outage under a constant rate of predictions of 1 KiB and 1 KiB."""
    body = ("{" + '"data": [' + "0.125, " * 143 + "1]}").encode()[:1024].ljust(1024)
    (folder / "answer").mkdir(parents=True)
    (folder / "answer/predict").write_bytes(body)
    (folder / "body").write_bytes(body)
    folder.chmod(0o755)
    model, port, cores = processes.free_port(), processes.free_port(), [*range(os.cpu_count() or 1)]
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=model))
    nginx = processes.Started("nginx", [tools.path("nginx"), "-c", str(folder / "nginx.conf")], cores, folder / "nginx.out")
    store = Store(versitygw, folder, port)
    store.start()
    gateway = _Gateway(folder, model, port)
    (folder / "target").write_text(f"POST http://127.0.0.1:{gateway.port}/model/m/predict\n")
    most = WARM_SECONDS + outage + BACK_SECONDS + CATCH_UP_SECONDS
    command = [tools.path("vegeta"), "attack", f"-rate={rate}/1s", f"-duration={most:.0f}s", f"-body={folder}/body"]
    command += ["-max-body=0", f"-targets={folder}/target", "-output=/dev/null"]
    attack = processes.Started("vegeta", command, cores, folder / "vegeta.log")
    try:
        time.sleep(WARM_SECONDS)
        store.process.kill()
        gone = time.monotonic()
        while time.monotonic() < gone + outage:
            with contextlib.suppress(ConnectionError):  # the attack may hold all connections for a moment
                gateway.look()
            time.sleep(LOOK_SECONDS)
        store.start()
        return _caught_up(gateway, rate, time.monotonic() - gone)
    finally:
        for process in (attack, gateway.process, store.process):
            process.kill()
        nginx.stop()  # with its worker


def _caught_up(gateway: _Gateway, rate: int, outage: float) -> CaughtUp:
    back, looks = time.monotonic(), []
    while time.monotonic() < back + BACK_SECONDS + CATCH_UP_SECONDS:
        accepted, waits = gateway.look()
        looks.append((time.monotonic(), accepted, waits))
        most = max(looks, key=lambda look: look[2])
        if waits <= (WINDOW + 1) * rate:
            seconds = looks[-1][0] - most[0]
            if seconds <= 0:
                raise Problem(f"catch-up: nothing waited after {outage:.0f} s: let the store be away for longer")
            came = (accepted - most[1]) / seconds
            if came < 0.9 * rate:
                raise Problem(f"catch-up: {came:.0f} entries a second came of {rate}: too much for this machine")
            shipped = came + (most[2] - waits) / seconds
            return CaughtUp(outage, came, most[2], most[0] - back, seconds, shipped, gateway.memory)
        time.sleep(LOOK_SECONDS)
    raise Problem(f"catch-up: {gateway.look()[1]:.0f} entries still wait: {gateway.process.words()}")
