"""What stands in the rows of `./benchmarks/modes`: Envoys with a sink beside them, and our sidecar."""

import json
import os
import urllib.request
from collections.abc import Callable, Sequence

from harness import bodies, countback, envoys, gateway, namespaces, paths, peers, proc, processes, rig, tools
from harness.problems import Lost, Problem

MODEL_PORT, MODEL_GRPC_PORT = 8080, 8081  # within the namespace
SIDECAR_UID = 16006
LOGGED = ("access_log",)
_WENT_WRONG = "ext_proc.*(fail|timeouts|spurious)|loopgate_capture.*(overflow|rx_reset|cx_destroy_remote|cx_connect_fail)"


class Beside(gateway.Loopgate):
    """One gateway for several Envoys, one after the other; each has a model of its own in it, so that files are counted by row."""

    def __init__(self, where: rig.Rig, name: str, models: Sequence[str], streams: Sequence[str], *options: str) -> None:
        self.envoy_port = processes.free_port()
        listen = ["--envoy.listen", f"127.0.0.1:{self.envoy_port}", *options]
        super().__init__(where, ships=True, name=name, options=listen)
        self.models = models
        self.streams = streams

    def _models(self) -> str:
        url = f"http://127.0.0.1:{self.rig.backend_port}"
        return "models:\n" + "".join(f'  - {{id: {one}, url: "{url}", name: {one}, version: "1"}}\n' for one in self.models)

    def losses(self, sent: dict[str, int]) -> dict[str, str]:
        """After the stop: by model, what is wrong with what was kept; empty where all that was sent is in the files."""
        through = countback.without_first if self.plant_loss else iter
        wrong = {}
        for model, count in sent.items():
            found = countback.read(self.data / "files", [f"{stream}/{model}" for stream in self.streams], through)
            wrong[model] = loss_of(found, count, self.dropped())
        return wrong


def loss_of(found: dict[str, countback.Found], sent: int, dropped: int) -> str:
    """Why a row does not count; nothing where each stream has every exchange once and whole."""
    try:
        countback.check_predictions(found, sent)
    except Lost as lost:
        return str(lost)
    cut = sum(one.cut for one in found.values())
    if cut:
        return f"{cut} bodies were kept in part"
    return f"the ledger has dropped {dropped}" if dropped else ""


class Fronted(peers.Envoy):
    """An Envoy of one configuration. `sink`: the gateway beside it, which whoever made it starts and ends."""

    def __init__(
        self,
        where: rig.Rig,
        name: str,
        model: str,
        shape: Callable[[envoys.Config, int], envoys.Config] | None = None,
        sink: Beside | None = None,
    ) -> None:
        super().__init__(where)
        self.name, self.model, self.shape, self.sink = name, model, shape, sink
        self.admin = 0
        self.counted = ""

    def start(self) -> None:
        self._begin()
        config = envoys.passing(self.port, self.rig.backend_port, f"/model/{self.model}")
        if self.shape is not None:
            config = self.shape(config, self._sink_port())
        self.admin = processes.free_port()
        config["admin"] = {"address": envoys.address(self.admin)}
        file = self.folder / "envoy.json"
        file.write_text(json.dumps(config))
        command = [tools.path("envoy"), "-c", str(file), "--disable-hot-restart"]
        command += ["--concurrency", "1", "--log-level", "warning"]
        self._run("envoy", *command).await_port(self.port)

    def stop(self) -> None:
        if self.started["envoy"].process.poll() is None:
            self.counted = self._counters()
        super().stop()

    def _counters(self) -> str:
        url = f"http://127.0.0.1:{self.admin}/stats?usedonly&filter={_WENT_WRONG}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return ", ".join(answer.read().decode().splitlines())
        except OSError as error:
            return f"Envoy does not say what it counts: {error}"

    def why(self, lost: str) -> str:
        """What is said of a row that has lost something: with what Envoy counts of that."""
        return f"{lost}; {self.counted}" if lost and self.counted else lost

    def _sink_port(self) -> int:
        if self.sink is not None:
            return self.sink.envoy_port
        port = processes.free_port()
        self._run("sink", tools.path("sink"), "-listen", f"127.0.0.1:{port}").await_port(port)
        return port

    def url(self, exchange: bodies.Exchange) -> str:
        return f"http://127.0.0.1:{self.port}/model/{self.model}/{exchange.name}"

    def pids(self) -> dict[str, int]:
        return super().pids() | (self.sink.pids() if self.sink else {})

    def threads_of(self) -> int | None:
        return self.sink.threads_of() if self.sink else None

    def settle(self) -> None:
        if self.sink:
            self.sink.settle()

    def resident(self) -> proc.Resident:
        own = [proc.resident(started.pid) for started in self.started.values()]
        own += [self.sink.resident()] if self.sink else []
        return proc.Resident(sum(one.total for one in own), sum(one.ring for one in own))

    def count_back(self, sent: int) -> None:
        """The sink that drops has at least seen each exchange whole."""
        if "sink" not in self.started:
            return
        words = self.started["sink"].words().split()
        counts = dict(word.split("=", 1) for word in words if "=" in word)
        whole = int(counts.get("whole", 0))
        if whole != sent:
            raise Lost(f"the sink that drops: sent={sent}, seen whole={whole}")


class Sidecar(gateway.Loopgate):
    """Ourselves in a namespace with a model that knows nothing of it: its port is redirected to us."""

    def __init__(self, where: rig.Rig, namespace: namespaces.Namespace, plant_loss: bool = False) -> None:
        super().__init__(where, ships=True, name="sidecar", plant_loss=plant_loss)
        self.namespace = namespace

    def start(self) -> None:
        if os.stat(paths.LAUNCHER).st_mode & 0o005 != 0o005:
            raise Problem(f"{paths.LAUNCHER}: the sidecar's user can't read it")
        super().start()
        rules = ["--apply", "--ports", str(MODEL_PORT), "--callers", "inside", "--uid", str(SIDECAR_UID)]
        tools.run(self.namespace.command(str(paths.LAUNCHER), "iptables", *rules))

    def _models(self) -> str:
        return gateway.CONFIG.format(backend=MODEL_PORT, grpc="false")

    def _command(self, *arguments: str) -> list[str]:
        user = ["setpriv", "--reuid", str(SIDECAR_UID), "--regid", str(SIDECAR_UID), "--clear-groups"]
        return self.namespace.command(*user, str(paths.LAUNCHER), "sidecar", *arguments)

    def _run(self, ship: str) -> None:
        self.data.mkdir()
        os.chown(self.data, SIDECAR_UID, SIDECAR_UID)
        super()._run(ship)

    def _is_open(self) -> bool:
        with self.namespace.inside():
            return super()._is_open()

    def _get(self, path: str) -> str:
        with self.namespace.inside():
            return super()._get(path)

    def url(self, exchange: bodies.Exchange) -> str:
        return f"http://127.0.0.1:{MODEL_PORT}{exchange.path}"


def start_model(where: rig.Rig, namespace: namespaces.Namespace) -> processes.Started:
    """The model once more, where the sidecar stands beside it."""
    model = where.backend("sidecar-model", MODEL_PORT, MODEL_GRPC_PORT, namespace.command())

    def is_open() -> bool:
        with namespace.inside():
            return processes.is_open(MODEL_PORT)

    model.await_true("the model in the namespace", is_open)
    return model
