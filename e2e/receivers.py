"""Fluentds to send to: OpenTelemetry's, @fluent-org/logger's, and a strict one of ours that loses acks when told to.

Part `fluentd-receivers` tries them with strangers' senders, so that a test that uses them need not ask who was wrong.
"""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path

from clients import run
from common import CACHE, certificate, check, free_port, go, need, node_with, python_with, until

FLUENT_LOGGER = ("fluent-logger==0.11.1", "msgpack==1.2.4")
NODE_LOGGER = "@fluent-org/logger@1.0.10"
HERE = Path(__file__).resolve().parent
EVENTS = 10


def otel_program():
    """Our program around OpenTelemetry's receiver, built once for each of its sources."""
    source = HERE / "receiver_otel"
    digest = hashlib.sha256(b"".join((source / name).read_bytes() for name in ("main.go", "go.mod", "go.sum")))
    folder = CACHE / f"receiver_otel-{digest.hexdigest()[:12]}"
    program = folder / "receiver_otel"
    if not program.exists():
        print("receiver_otel: building into the cache", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        go(folder, "build", "-trimpath", "-ldflags=-s -w", "-o", str(program), ".", cwd=source)
    return str(program)


class Receiver:
    """A receiver's process; what it took is in its file of events, also that of processes before."""

    def __init__(self, scratch, port=0):
        self.folder = scratch
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.log = self.folder / "receiver.log"
        self.file = self.folder / "events"
        self.process = None

    def command(self):
        raise NotImplementedError

    async def start(self):
        with open(self.log, "ab") as out:
            at = out.tell()
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.PIPE, stdout=out, stderr=out, env=os.environ | self.environment()
            )

        async def ready():
            check(self.process.poll() is None, f"{self.command()[0]} ended: {self.log.read_text()[-2000:]}")
            return b"ready\n" in self.log.read_bytes()[at:]

        await until("a receiver to be ready", ready)

    def environment(self):
        return {}

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    async def stop(self):
        self.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(self.process.wait, 10)

    def events(self):
        """All events: tag, time, record, and what the receiver knows beside."""
        return lines(self.file)


def lines(path):
    """The JSON lines that are whole. Not `splitlines`: to it U+2028 ends a line, too."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


class Otel(Receiver):
    """Acks what its consumer took; refuses the first batches, and then each so many-th."""

    def __init__(self, scratch, refuse_first=0, refuse_every=0):
        super().__init__(scratch)
        self.refuse = ["-refuse-first", str(refuse_first), "-refuse-every", str(refuse_every)]

    def command(self):
        return [otel_program(), "-listen", f"127.0.0.1:{self.port}", "-events", str(self.file), *self.refuse]

    def refused(self):
        return self.log.read_text().count("refused batch")


class Node(Receiver):
    """Acks at once; over TLS with a certificate and its key."""

    def __init__(self, scratch, tls=()):
        super().__init__(scratch)
        self.tls = [str(path) for path in tls]

    def command(self):
        return [need("node", "nodejs"), str(HERE / "receiver_node.js"), str(self.port), str(self.file), *self.tls]

    def environment(self):
        return {"NODE_PATH": str(node_with(NODE_LOGGER))}


class Strict(Receiver):
    """Forward mode to the letter; see `receiver_strict`. `brief`: of a record it keeps the names only."""

    def __init__(self, scratch, brief=False):
        super().__init__(scratch)
        self.brief = ["brief"] if brief else []

    def command(self):
        python = python_with("fluent", *FLUENT_LOGGER)
        return [python, str(HERE / "receiver_strict.py"), str(self.port), str(self.folder), *self.brief]

    def order(self, *words):
        """What it does with the next chunks."""
        self.process.stdin.write("".join(f"{word}\n" for word in words).encode())
        self.process.stdin.flush()

    def chunks(self):
        return lines(self.folder / "chunks")

    def errors(self):
        return lines(self.folder / "errors")


async def send_by_node(port, tag, count, ca=None):
    environment = ["env", f"NODE_PATH={node_with(NODE_LOGGER)}", need("node", "nodejs"), str(HERE / "sender_node.js")]
    await run(*environment, str(port), tag, str(count), *([str(ca)] if ca else []))


async def send_by_python(port, tag, count):
    await run(python_with("fluent", *FLUENT_LOGGER), str(HERE / "sender_fluent.py"), str(port), tag, str(count))


def record(number):
    return {"number": number, "text": "größer", "nested": {"list": [1, 2.5, True, None]}}


def check_events(who, events, tag, count):
    """Each of the sender's events is there at least once, as it was; how many there are."""
    of = [event for event in events if event["tag"] == tag]
    for event in of:
        check(event["record"] == record(event["record"]["number"]), f"{who}: {event}")
        check(event["time"][0] > 1_700_000_000, f"{who}: time: {event}")
    there = {event["record"]["number"] for event in of}
    check(there == set(range(count)), f"{who}: {tag}: of {count} there are {sorted(there)}")
    return len(of)


async def strict_alone(scratch):
    receiver = Strict(scratch / "strict")
    orders = ("no-ack", "wrong", "split", "reset", "late 1")
    try:
        await receiver.start()
        receiver.order(*orders)
        await send_by_node(receiver.port, "node", EVENTS)
        took = check_events("strict", receiver.events(), "node", EVENTS)
        check(not receiver.errors(), f"strict: {receiver.errors()[:3]}")
        did = [chunk["did"] for chunk in receiver.chunks()]
        check(did[: len(orders)] == [order.split()[0] for order in orders], f"strict: {did}")
        # Lost were the acks of `no-ack` and `wrong`; of `reset` nothing came, `split` and `late` came.
        check(took == EVENTS + 2, f"strict: {took} events")
        await send_by_python(receiver.port, "python", 1)

        async def refused():
            return bool(receiver.errors())

        await until("the strict one to refuse Message mode", refused)
        check(len(receiver.errors()) == 1, f"strict: {receiver.errors()}")
        print(f"fluentd-receivers: strict: {EVENTS} events by node as {took}, did {did}; Message mode: {receiver.errors()[0]}")
    finally:
        receiver.kill()


async def otel_alone(scratch):
    receiver = Otel(scratch / "otel", refuse_first=2, refuse_every=5)
    patient = Otel(scratch / "patient")
    try:
        await receiver.start()
        await send_by_node(receiver.port, "node", EVENTS)
        took = check_events("otel", receiver.events(), "node", EVENTS)
        check(receiver.refused() >= 4 and took == EVENTS, f"otel: refused {receiver.refused()}, took {took}")
        await patient.start()
        await send_by_python(patient.port, "python", EVENTS)

        async def all_there():
            return len(patient.events()) == EVENTS

        await until("all of fluent-logger's events", all_there)
        check_events("otel", patient.events(), "python", EVENTS)
        print(f"fluentd-receivers: otel: {took} events by node, refused {receiver.refused()} batches; {EVENTS} by python")
    finally:
        receiver.kill()
        patient.kill()


async def node_alone(scratch):
    cert, key = certificate(scratch)
    secure, plain = Node(scratch / "secure", (cert, key)), Node(scratch / "plain")
    try:
        for receiver in (secure, plain):
            await receiver.start()
        await send_by_node(secure.port, "node", EVENTS, cert)
        await send_by_python(plain.port, "python", EVENTS)

        async def all_there():
            return len(plain.events()) == EVENTS

        await until("all of fluent-logger's events", all_there)
        check_events("node over TLS", secure.events(), "node", EVENTS)
        check_events("node", plain.events(), "python", EVENTS)
        print(f"fluentd-receivers: node: {EVENTS} events by node over TLS, {EVENTS} by python")
    finally:
        secure.kill()
        plain.kill()


async def alone(scratch):
    """Each receiver with a sender that it does not share its library with, where there is one."""
    for one in (strict_alone, otel_alone, node_alone):
        await one(scratch)
