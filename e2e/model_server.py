"""A model server as people run it: MLServer with a model of scikit-learn, called by its own clients through the gateway
over REST and gRPC. See `run`.
"""

import asyncio
import json
import subprocess

import load
from clients import body_of, records, run
from common import Gateway, check, free_port, python_with, until, verify
from pathlib import Path

MLSERVER = ("mlserver==1.7.1", "mlserver-sklearn==1.7.1")
SCRIPT = str(Path(__file__).resolve().parent / "client_mlserver.py")
START_SECONDS = 90

# The two doors of the same server: what REST says of itself is learned, gRPC has to be told.
CONFIG = """models:
  - {{id: wine, url: "http://127.0.0.1:{http}", predictor: open-inference}}
  - {{id: wine-grpc, url: "http://127.0.0.1:{grpc}", grpc: true, name: wine, version: v1}}
"""


class Server:
    """`mlserver start` on a folder of its own; in a process group of its own, which ends with it."""

    def __init__(self, python, folder):
        folder.mkdir()
        self.model = folder / "model.joblib"
        self.http, self.grpc = free_port(), free_port()
        settings = {"host": "127.0.0.1", "http_port": self.http, "grpc_port": self.grpc}
        settings |= {"metrics_port": free_port(), "parallel_workers": 0}
        model = {"name": "wine", "implementation": "mlserver_sklearn.SKLearnModel"}
        model |= {"parameters": {"uri": "./model.joblib", "version": "v1"}}
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "model-settings.json").write_text(json.dumps(model))
        self.log = folder / "mlserver.log"
        self.command = [str(Path(python).parent / "mlserver"), "start", str(folder)]
        self.process = None

    def start(self):
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=out, start_new_session=True)

    async def is_ready(self):
        check(self.process.poll() is None, f"mlserver ended: {self.log.read_text()[-2000:]}")
        try:
            status, _, _ = await load.get(self.http, "/v2/models/wine/ready")
        except (OSError, EOFError):
            return False
        return status == 200

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


async def told_by(python, *arguments):
    """What a client of its own says that it was told."""
    out = await run(python, SCRIPT, *arguments)
    return [json.loads(line) for line in out.decode().splitlines()]


def decoded(record, name):
    """A kept body, as JSON."""
    return json.loads(body_of(record, name))


def check_rest(told, requests, answers):
    """REST: the record holds the row that was asked and the class that was answered."""
    for one in told:
        name = one["name"]
        check(len(requests.get(name, [])) == 1 and len(answers.get(name, [])) == 1, f"{name}: not exactly one record")
        request, answer = requests[name][0], answers[name][0]
        unknown = name == "rest-unknown"
        check(request["response_status"] == (one["status"] if unknown else "200"), f"{name}: {request}")
        check(request["ending"] == "complete", f"{name}: {request}")
        if unknown:
            check("error" in decoded(answer, "response_content"), f"{name}: {answer}")
            continue
        check((request["model_name"], request["model_version"]) == ("wine", "v1"), f"{name}: {request}")
        check(decoded(request, "request_content")["inputs"][0]["data"] == one["input"], f"{name}: {request}")
        check(decoded(answer, "response_content")["outputs"][0]["data"] == one["prediction"], f"{name}: {answer}")


def frame(message):
    """A gRPC message as it goes over the wire."""
    return b"\0" + len(message).to_bytes(4) + message


def check_grpc(told, requests, answers):
    """gRPC: the record holds the very bytes, and the status from the trailers."""
    for one in told:
        name = one["name"]
        check(len(requests.get(name, [])) == 1 and len(answers.get(name, [])) == 1, f"{name}: not exactly one record")
        request, answer = requests[name][0], answers[name][0]
        check(request["request_uri"].endswith("GRPCInferenceService/ModelInfer"), f"{name}: {request}")
        check((request["model_name"], request["model_version"]) == ("wine", "v1"), f"{name}: {request}")
        check((request["response_status"], request["ending"]) == ("200", "complete"), f"{name}: {request}")
        check(request["grpc_status"] == one["code"], f"{name}: {request}")
        if "details" in one:
            check(request["grpc_message"] == one["details"], f"{name}: {request}")
        if "request" in one:
            check(body_of(request, "request_content") == frame(bytes.fromhex(one["request"])), f"{name}: {request}")
            message = bytes.fromhex(one["response"])
            check(body_of(answer, "response_content") == (frame(message) if message else b""), f"{name}: {answer}")


async def mlserver(scratch):
    """A wine model, asked by its own clients."""
    python = await asyncio.to_thread(python_with, "mlserver", *MLSERVER)
    server = Server(python, scratch / "mlserver")
    await run(python, SCRIPT, "train", str(server.model))
    gateway = None
    try:
        server.start()
        await until("mlserver to be ready", server.is_ready, START_SECONDS)
        (scratch / "loopgate.yaml").write_text(CONFIG.format(http=server.http, grpc=server.grpc))
        data = scratch / "data"
        gateway = await asyncio.to_thread(Gateway, data, 0, scratch / "gateway.log")
        door = f"127.0.0.1:{gateway.port}"

        async def is_known():
            _, headers, _ = await load.get_all(gateway.port, "/model/wine/v2/models/wine")
            return (headers.get("model-name"), headers.get("model-version")) == ("wine", "v1")

        await until("the gateway to know its model", is_known)
        rest = await told_by(python, "rest", str(server.model), f"{door}/model/wine")
        grpc = await told_by(python, "grpc", str(server.model), door)
        await asyncio.to_thread(gateway.stop)
        requests, answers = (records(data / "files", stream) for stream in ("request_response", "response_body"))
        check_rest(rest, requests, answers)
        check_grpc(grpc, requests, answers)
        # Whatever is asked over gRPC is kept, where the gateway knows no paths of predictions.
        asked = sum(one[0]["request_uri"].endswith(("/ServerLive", "/ModelReady")) for one in requests.values())
        expected = len(rest) + len(grpc) + asked
        check(asked == 2, f"asked over gRPC whether it is ready: {asked}, not 2")
        check(len(requests) == len(answers) == expected, f"{len(requests)} records of {expected} exchanges")
        verify(data, {0})
        print(f"mlserver: {len(rest)} exchanges over REST, {len(grpc)} over gRPC")
    finally:
        if gateway:
            gateway.kill()
        server.stop()
