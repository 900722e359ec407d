"""Callers of models that sleep, and what lies of them in the ledger of `cold_model.py` and in the gateway's files. For `cold-storm` and `routes`."""

import asyncio
import contextlib
import json
import os
import pathlib
import signal
import sys
import time
from dataclasses import dataclass, field

import load
from common import Failed, check

MODEL = pathlib.Path(__file__).resolve().parent / "cold_model.py"
DEPLOYMENTS = "/api/v1/model/deployment"
ROUTES = "/api/v1/model/route"
BUSY = 120  # seconds that something may take on a busy machine


def image(folder, name, version, way=""):
    return f"exec:'{sys.executable}' -I -S -E '{MODEL}' '{folder}' {name} {version} {way}".strip()


def deployment(name, run, **spec):
    probes = {"readinessProbeInitialDelay": 0, "livenessProbeInitialDelay": 0}
    return {"kind": "ModelDeployment", "id": name, "spec": {"image": run, "predictor": "odahu-ml-server", "minReplicas": 0, **probes, **spec}}


@dataclass
class Call:
    """One request, and what its caller saw of it. `status` 0: the connection broke before the answer was whole."""

    name: str
    to: str
    body: str
    status: int = 0
    answer: str = ""
    version: str = ""
    headers: dict = field(default_factory=dict)
    since: float = 0  # when it began, monotonic
    at: float = 0  # when it was over
    why: str = ""

    @property
    def whole(self):
        return self.status == 200


async def ask(port, call, target="/api/model/invoke"):
    """Sends it, and notes what comes of it."""
    writer, call.since = None, time.monotonic()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = call.body.encode()
        head = [f"POST {call.to}{target} HTTP/1.1", "host: t", "content-type: application/json", f"request-id: {call.name}"]
        writer.write(("\r\n".join([*head, f"content-length: {len(body)}"]) + "\r\n\r\n").encode() + body)
        line, call.headers = await load.read_head(reader)
        call.answer = (await load.read_body(reader, call.headers)).decode()
        call.status = int(line.split(" ")[1])
    except (OSError, EOFError) as error:
        call.why = repr(error)
    finally:
        if writer is not None:
            writer.close()
        call.at = time.monotonic()
    if call.whole:
        said = json.loads(call.answer)
        call.version = said["version"]
        check(said["id"] == call.name and said["asked"] == call.body, f"{call.name}: another's answer: {call.answer[:300]}")
    return call


async def api(port, method, path, body=None):
    """Status and JSON, or text."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "connection: close", "content-type: application/json", f"content-length: {len(data)}"]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode() + data)
    line, headers = await load.read_head(reader)
    text = (await load.read_body(reader, headers)).decode()
    writer.close()
    return int(line.split(" ")[1]), json.loads(text) if text.startswith(("{", "[")) else text


async def declare(port, manifest, method="POST", path=DEPLOYMENTS):
    status, said = await api(port, method, path, manifest)
    check(status in (200, 201), f"{method} {manifest['id']}: status={status}: {said}")


async def status_of(port, name):
    status, said = await api(port, "GET", f"{DEPLOYMENTS}/{name}")
    check(status == 200, f"GET {name}: status={status}: {said}")
    return said["status"]


async def is_asleep(port, name):
    """Whether it could be woken, and nothing of it runs."""
    status = await status_of(port, name)
    return status["state"] == "Ready" and status["replicas"] == status["availableReplicas"] == 0


def lines(folder, file):
    """The words of each line that the models wrote."""
    path = folder / file
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


class Tail:
    """How many lines a file has, asked again and again."""

    def __init__(self, path):
        self.path, self.at, self.count = path, 0, 0

    def __call__(self):
        try:
            with open(self.path, "rb") as file:
                file.seek(self.at)
                more = file.read()
        except FileNotFoundError:
            return 0
        self.at += len(more)
        self.count += more.count(b"\n")
        return self.count


def servers(folder):
    """The model servers of this folder that run: (pid, parent, name)."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if str(MODEL) in words and str(folder) in words:
                stat = (process / "stat").read_text().rsplit(")", 1)[1].split()
                if stat[0] not in "ZX":
                    found.append((int(process.name), int(stat[1]), words[words.index(str(folder)) + 1]))
        except (OSError, IndexError):
            continue  # it ended while it was looked at
    return found


def end_all(gateway, folder):
    """Nothing outlives its part: a gateway that is killed leaves its model servers."""
    if gateway is not None:
        gateway.kill()
    for pid, _, _ in servers(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def delivered(folder, mirrors=()):
    """Name and version of the model that each Request-Id came to, copies at mirrors left out; none came twice."""
    seen = {}
    for name, model, version in lines(folder, "delivered"):
        if model in mirrors:
            continue
        check(name not in seen, f"{name} was delivered twice: {seen.get(name)}, {(model, version)}")
        seen[name] = (model, version)
    return seen


def records(files, stream):
    """The record of each Request-Id; none stands twice."""
    found = {}
    for path in files.glob(f"{stream}/**/*.json"):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            check(record["request_id"] not in found, f"{stream}: stands twice: {record['request_id']}")
            found[record["request_id"]] = record
    return found


def judge(calls, folder, files, mirrors=()):
    """Of each call that was answered whole: the model that answered got it once, and it is in the files once, with name, version and both bodies.
    Of the others nothing is there twice, and what is there is true. How many of the others were delivered.
    """
    came, requests, responses = delivered(folder, mirrors), records(files, "request_response"), records(files, "response_body")
    cut = 0
    for call in calls:
        model = came.get(call.name)
        request, response = requests.get(call.name), responses.get(call.name)
        if call.whole:
            check(model is not None, f"{call.name}: answered, but no model had it")
            check(model[1] == call.version, f"{call.name}: {call.version} answered, {model[1]} had it")
            check(request is not None and response is not None, f"{call.name}: answered, but not in the files: {request}, {response}")
            check(request["response_status"] == "200" and request["ending"] == "complete", f"{call.name}: {request}")
            check(response["response_content"] == call.answer, f"{call.name}: another answer is kept: {response}")
        else:
            cut += model is not None
        for record in (request, response):
            if record is not None and model is not None and record.get("response_status") != "0":
                said = (record["model_name"], record["model_version"])
                check(said == model, f"{call.name}: {model} had it, its record says {said}")
        if request is not None and request["ending"] == "client_left":
            check(request["request_content"] == call.body or request["truncated"], f"{call.name}: left, and nothing says that there was more: {request}")
        elif request is not None:
            check(request["request_content"] == call.body, f"{call.name}: another request is kept: {request['request_content'][:200]}")
    known = {call.name for call in calls}
    strange = [name for name in requests if name not in known]
    check(not strange, f"in the files, but nobody asked: {strange[:3]}")
    return cut


def check_one_server_each(folder, parent):
    """Every server belongs to this gateway, and no deployment has two."""
    running = servers(folder)
    strangers = [each for each in running if each[1] != parent]
    check(not strangers, f"servers of nobody: {strangers}")
    names = [name for _, _, name in running]
    check(len(names) == len(set(names)), f"more than one server: {running}")
    return names


def check_never_two(folder):
    check(not lines(folder, "twice"), f"two servers of one version ran at the same time: {lines(folder, 'twice')[:3]}")


async def settled(what, looks, seconds=BUSY):
    """Waits until a check of ours passes."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return looks()
        except Failed as error:
            if time.monotonic() > deadline:
                raise Failed(f"waited {seconds} s for {what}: {error}") from error
        await asyncio.sleep(0.1)
