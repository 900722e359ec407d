"""Ourselves: the gateway role, from the launcher, with a data directory of its own each time."""

import pathlib
import re
import shutil
import urllib.request
from collections.abc import Sequence

from harness import bodies, countback, paths, proc, processes, rig, ways
from harness.problems import Lost, Problem

_METRIC = re.compile(r"^(loopgate_\w+?)(_total)?(\{[^}]*\})? ([0-9.eE+-]+)$", re.MULTILINE)
WINDOW = "2s"
DRAIN_SECONDS = 600
POLL_SECONDS = 0.25  # a look at the metrics is work of the gateway too

CONFIG = """models:
  - {{id: m, url: "http://127.0.0.1:{backend}", grpc: {grpc}, name: m, version: "1"}}
"""


class Loopgate:
    """The gateway: with the files published (`loopgate`) or only durable (`loopgate-durable`)."""

    def __init__(
        self,
        where: rig.Rig,
        ships: bool,
        options: Sequence[str] = (),
        java_options: str = "",
        plant_loss: bool = False,
        name: str | None = None,
        data: pathlib.Path | None = None,
        way: ways.Way = ways.PLAIN,
    ) -> None:
        self.way = way
        self.name = name or ("loopgate" if ships else "loopgate-durable")
        self.ships = ships
        self.rig = where
        self.options = list(options)
        self.java_options = java_options
        self.plant_loss = plant_loss
        self.given_data = data
        self.allows_drops = False
        self.cut = 0
        self.cores = where.measured
        self.started: processes.Started | None = None
        self.port = self.admin = 0
        self.folder = self.data = pathlib.Path()
        self.last: dict[str, float] = {}

    def start(self) -> None:
        self.port, self.admin = processes.free_port(), processes.free_port()
        self.folder = self.rig.folder / f"{self.name}-{self.port}"
        self.folder.mkdir()
        self.data = self.given_data or self.folder / "data"
        (self.folder / "loopgate.yaml").write_text(self._models())
        self._run("on" if self.ships else "off")

    def _models(self) -> str:
        grpc = self.way.grpc
        return CONFIG.format(backend=self.rig.model_port(grpc), grpc="true" if grpc else "false")

    def _command(self, *arguments: str) -> list[str]:
        return [str(paths.LAUNCHER), "gateway", *arguments]

    def _run(self, ship: str) -> None:
        command = self._command("--config", str(self.folder / "loopgate.yaml"))
        command += ["--listen", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin}"]
        command += ["--data", str(self.data), f"--ship={ship}", "--ship.window", WINDOW]
        command += ["--drain-delay", "0s", "--grace", "10m", *self.options]
        if self.way.tls:
            cert, key = self.rig.certificate()
            command += ["--tls.certificate", str(cert), "--tls.key", str(key)]
        environment = {"LOOPGATE_JAVA_OPTS": self.java_options}
        log = self.folder / "loopgate.out"
        self.started = processes.Started(self.name, command, self.cores, log, environment)
        self.started.await_true(f"port {self.admin}", self._is_open)
        self.started.await_true("readiness", self._is_ready)

    def _is_open(self) -> bool:
        return processes.is_open(self.admin)

    def _is_ready(self) -> bool:
        try:
            self._get("/readyz")
            return True
        except OSError:
            return False

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=30) as answer:
            return answer.read().decode()

    def url(self, exchange: bodies.Exchange) -> str:
        return f"{self.way.scheme}://127.0.0.1:{self.port}{exchange.path}"

    def pids(self) -> dict[str, int]:
        return {"gateway": self._process().pid}

    def _process(self) -> processes.Started:
        if self.started is None:
            raise Problem(f"{self.name}: not started")
        return self.started

    def run_on(self, cores: Sequence[int]) -> None:
        """Moves it, while it runs, like a JVM that is to compile on a core that is idle."""
        self._process().run_on(cores)

    def threads_of(self) -> int | None:
        return self._process().pid

    def command_line(self) -> list[str]:
        """What the launcher has become: the JVM, its flags, the jar, the options."""
        raw = (proc.PROC / str(self._process().pid) / "cmdline").read_bytes()
        return raw.decode().rstrip("\0").split("\0")

    def resident(self) -> proc.Resident:
        return proc.resident(self._process().pid, ring="/dev/shm/")

    def metrics(self) -> dict[str, float]:
        """The sums of this moment by name, labels added up."""
        sums: dict[str, float] = {}
        for name, _, _, value in _METRIC.findall(self._get("/metrics")):
            sums[name] = sums.get(name, 0.0) + float(value)
        return sums

    def _is_settled(self) -> bool:
        look = self.metrics()
        waits = look["loopgate_ledger_in_ring"] + look["loopgate_ledger_open"]
        return waits + (look["loopgate_ledger_pending"] if self.ships else 0) == 0

    def settle(self) -> None:
        """Until nothing is open and the ring is empty; the log too, where files are published."""
        process = self._process()
        process.poll_seconds = POLL_SECONDS
        process.await_true("an empty spool", self._is_settled, DRAIN_SECONDS)

    def dropped(self) -> int:
        """What the ledger says it has not kept; after the stop, of the last look."""
        return int(self.last.get("loopgate_ledger_dropped", 0))

    def stop(self) -> None:
        process = self._process()
        if process.process.poll() is None:
            self.last = self.metrics()
        code = process.stop()
        if code != 0:
            raise Problem(f"{self.name}: exit={code} after SIGTERM: {process.words()}")

    def publish_rest(self) -> None:
        """What a gateway that ships nothing has kept: a second start publishes it, unmeasured."""
        if self.ships:
            return
        kept = self.last
        self.ships = True
        self.cores = [*self.rig.measured, *self.rig.others]
        try:
            self._run("on")
            self.stop()
        finally:
            self.ships = False
            self.cores = self.rig.measured
            self.last = kept

    def found(self, streams: Sequence[str] = countback.STREAMS) -> dict[str, countback.Found]:
        """What lies in the files of a gateway that was stopped."""
        self.publish_rest()
        through = countback.without_first if self.plant_loss else iter
        return countback.read(self.data / "files", streams, through)

    def count_back(self, sent: int) -> None:
        accepted = int(self.last["loopgate_ledger_accepted"])
        dropped = self.dropped() if self.allows_drops else 0
        if accepted != sent - dropped or (self.dropped() and not self.allows_drops):
            raise Lost(
                f"{self.name}: sent={sent}, the ledger has accepted={accepted}, dropped={self.dropped()}"
            )
        found = self.found()
        countback.check_predictions(found, sent, dropped)
        self.cut = sum(one.cut for one in found.values())
        self.remove()

    def remove(self) -> None:
        """Takes the data away: a run writes gigabytes."""
        shutil.rmtree(self.data, ignore_errors=True)

    def remarks(self) -> dict[str, float]:
        return {"cut": self.cut}
