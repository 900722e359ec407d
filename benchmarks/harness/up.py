"""`loopgate up` with its deployments, as a client of its API sees it."""

import http.client
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from harness import gateway, paths, processes, rig
from harness.problems import Problem

API = "/api/v1/model/deployment"
JSON = {"content-type": "application/json"}
POLL_SECONDS = 0.02
WAIT_SECONDS = 300


class Up(gateway.Loopgate):
    """The gateway with everything, on `cores`, without its sample model."""

    def __init__(self, where: rig.Rig, name: str, cores: Sequence[int], backend: int | None = None) -> None:
        self.api_port = processes.free_port()
        super().__init__(where, ships=True, name=name, options=["--api.listen", f"127.0.0.1:{self.api_port}"])
        self.cores = list(cores)
        self.backend = backend

    def _models(self) -> str:
        if self.backend is None:
            return "models: []\n"
        return f'models:\n  - {{id: static, url: "http://127.0.0.1:{self.backend}", name: static, version: "1"}}\n'

    def _command(self, *arguments: str) -> list[str]:
        return [str(paths.LAUNCHER), "up", *arguments]

    def start(self) -> None:
        super().start()
        self.delete("wine")

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A call of the API: status and document."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, JSON)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def declare(self, name: str, image: str, predictor: str, **spec: Any) -> None:
        """A deployment that may sleep; returns before it runs."""
        spec = {"image": image, "predictor": predictor, "minReplicas": 0, "maxReplicas": 1} | spec
        status, said = self.ask("POST", API, {"id": name, "kind": "ModelDeployment", "spec": spec})
        if status != 201:
            raise Problem(f"{self.name}: declaring {name}: {status} {said}")

    def delete(self, name: str) -> None:
        status, said = self.ask("DELETE", f"{API}/{name}")
        if status != 200:
            raise Problem(f"{self.name}: deleting {name}: {status} {said}")
        self.await_state(f"the end of {name}", lambda: self.ask("GET", f"{API}/{name}")[0] == 404)

    def status(self, name: str) -> dict[str, Any]:
        return self.ask("GET", f"{API}/{name}")[1]["status"]

    def await_ready(self, name: str) -> None:
        """Until its model has said what it is, whether it runs or sleeps by now."""
        self.await_state(f"{name} to be ready", lambda: self.status(name).get("state") == "Ready")

    def await_asleep(self, name: str) -> None:
        """Until it is ready and no server of it is left."""

        def sleeps() -> bool:
            now = self.status(name)
            return now.get("state") == "Ready" and now["replicas"] == now["availableReplicas"] == 0

        self.await_state(f"{name} to sleep", lambda: sleeps() and not self.has_server(name))

    def has_server(self, name: str) -> bool:
        """Whether a replica's directory is there: it goes when its server has."""
        folder = self.data / "models" / name
        return folder.is_dir() and any((one / "work").is_dir() for one in folder.iterdir())

    def await_state(self, what: str, holds: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        process = self._process()
        process.poll_seconds = POLL_SECONDS
        process.await_true(what, holds, seconds)

    def predict(self, name: str, body: bytes = b"{}") -> tuple[float, str]:
        """Seconds from the call to the first byte of a good answer, and what it says of a cold start."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            begin = time.monotonic()
            connection.request("POST", f"/model/{name}/api/model/invoke", body, JSON)
            answer = connection.getresponse()
            took = time.monotonic() - begin
            answer.read()
            if answer.status != 200:
                raise Problem(f"{self.name}: {name} answered {answer.status}")
            return took, answer.headers.get("Model-Cold-Start", "")
        finally:
            connection.close()
