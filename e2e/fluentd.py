"""Records sent to a Fluentd beside the files: at least once, with the fields of the files, whatever becomes of acks, connections,
receivers and the gateway. See `run`.
"""

import asyncio
import json
import os
import random
import shutil
import time
from calendar import timegm
from collections import Counter

import load
from common import Failed, Gateway, certificate, check, sh, until, verify
from receivers import Node, Otel, Strict, lines

STREAMS = ("request_response", "response_body", "feedback")
MANIFEST = "manifest"
PREDICTIONS_PER_SECOND = 100
FEEDBACK_PER_SECOND = 20
REFUSE_FIRST, REFUSE_EVERY = 3, 5
AWAY_SECONDS = 4
CHUNK_SECONDS = 60  # for a chunk to come, or to come again: waits between two tries double

CONFIG = """models:
  - {{id: m, url: 'http://127.0.0.1:{model}', name: m, version: '1'}}
sinks:
  - name: logs
    url: {url}
"""

BINARY = random.Random(7).randbytes(3000)
NAMES = ("model-name: m", "model-version: 1")
# Type of the body, body: each is a feedback of its own and, as it is, a prediction.
SPECIALS = (
    ("application/json", b'{"big": 9007199254740993, "negative": -5, "float": 0.1, "whole": 2.0, "far": 1e300}'),
    ("application/json", '{"gr\\u00f6\\u00dfer": ["\\u2028", null, true, {"": []}], "log": "l", "message": "m"}'.encode()),
    ("application/json", b"[]"),
    ("application/x-www-form-urlencoded", b"a=1&a=2&b=%C3%BC"),
    ("application/octet-stream", BINARY),
    ("text/plain", b"two\nlines\x00 and a zero"),
    ("text/plain", b"cut \xff in the middle"),
    ("application/octet-stream", b""),
    ("application/octet-stream", random.Random(8).randbytes(1 << 20)),
)


class Run:
    """A gateway with a sink, and callers that never stop until it is told to."""

    def __init__(self, scratch, model_port, url, environment=None):
        scratch.mkdir(exist_ok=True)
        self.scratch = scratch
        self.data = scratch / "data"
        self.model_port = model_port
        self.environment = environment
        self.kills = []
        (scratch / "loopgate.yaml").write_text(CONFIG.format(model=model_port, url=url))
        self.port = 0
        self.start()
        self.callers = [
            load.Load(self.port, PREDICTIONS_PER_SECOND),
            load.FeedbackLoad(self.port, FEEDBACK_PER_SECOND, connections=2, prefix="f"),
        ]
        self.running = []

    def start(self):
        log = self.scratch / "gateway.log"
        self.gateway = Gateway(
            self.data, self.model_port, log, ["--grace", "50s"], self.port, environment=self.environment
        )
        self.port = self.gateway.port

    def call(self):
        self.running = [asyncio.create_task(one.run()) for one in self.callers]

    async def call_specials(self):
        """Bodies of every kind, there and back, and as feedback."""
        for i, (kind, body) in enumerate(SPECIALS):
            for target, headers in (
                ("/model/m/echo", [f"request-id: special-{i}"]),
                ("/feedback?from=e2e", [f"request-id: special-{i}", *NAMES, f"idempotency-key: {i}"]),
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                status, _ = await load.exchange(reader, writer, target, [*headers, f"content-type: {kind}"], body)
                writer.close()
                check(status == 200, f"{target} {i}: status={status}")

    async def kill(self):
        self.kills.append(time.monotonic())
        await asyncio.to_thread(self.gateway.kill)
        await asyncio.to_thread(self.start)

    async def end(self):
        """No more calls, everything shipped, the gateway gone."""
        for one in self.callers:
            one.stopping = True
        await asyncio.gather(*self.running)
        await asyncio.to_thread(self.gateway.stop)
        verify(self.data, {0})

    def records(self):
        """All records of the files, by stream."""
        found = {stream: [] for stream in STREAMS}
        for stream in STREAMS:
            for path in (self.data / "files").glob(f"{stream}/**/*.json"):
                found[stream] += lines(path)
        return found

    def manifests(self):
        return [json.loads(path.read_text()) for path in (self.data / "files").glob("_manifest/**/*.json")]

    def cancel(self):
        for task in self.running:
            task.cancel()
        self.gateway.kill()


def plain(value, exact=True):
    """A value that compares as JSON does: 2.0 is 2. Not exact: numbers are as a receiver of doubles has them."""
    match value:
        case bool():
            return value
        case int():
            return value if exact else float(value)
        case float():
            return int(value) if exact and value.is_integer() and abs(value) < 1 << 53 else value
        case list():
            return [plain(one, exact) for one in value]
        case dict():
            return {name: plain(one, exact) for name, one in value.items()}
    return value


def canonical(record, exact=True):
    return json.dumps(plain(record, exact), sort_keys=True)


def seconds_of(record):
    """The record's `time`, in seconds."""
    return timegm(time.strptime(record["time"], "%Y-%m-%d %H:%M:%S +0000"))


def compare(run, events, exact=True):
    """Every record of the files came at least once, as it is there; nothing else came.

    How many came of each stream, and how many were too many.
    """
    came = {stream: Counter() for stream in STREAMS}
    for event in events:
        if event["tag"] == MANIFEST:
            continue
        check(event["tag"] in STREAMS, f"tag: {event['tag']}")
        check(event["time"][0] == seconds_of(event["record"]), f"event time {event['time']}: {str(event['record'])[:300]}")
        came[event["tag"]][canonical(event["record"], exact)] += 1
    counts = {}
    for stream, records in run.records().items():
        there = Counter(canonical(record, exact) for record in records)
        missing, more = there - came[stream], came[stream] - there
        strange = [one for one in more if one not in there]
        if strange or missing:
            # The nearest to what is strange is what shows the difference.
            one = json.loads(next(iter(missing or strange)))
            near = [other for other in strange if json.loads(other)["request_id"] == one["request_id"]]
            counted = f"{stream}: missing {len(missing)}, strange {len(strange)}"
            raise Failed(f"{counted}: {str(one)[:1500]}; came: {str(near[:1])[:1500]}")
        counts[stream] = (sum(came[stream].values()), sum(more.values()))
    told = {(event["record"].get("spool"), event["record"].get("hour")) for event in events if event["tag"] == MANIFEST}
    for manifest in run.manifests():
        check((manifest["spool"], manifest["hour"]) in told, f"the manifest of {manifest['hour']} did not come; told: {told}")
    return counts


def check_chunks(chunks, kills):
    """A chunk that comes again is the same, byte for byte; and none comes again that was acked."""
    seen = {}
    for chunk in chunks:
        if chunk["did"] != "reset":
            seen.setdefault(chunk["chunk"], []).append(chunk)
    for name, times in seen.items():
        times.sort(key=lambda one: one["came"])  # an ack in two writes is done after what its sender did about the first
        same = {(one["digest"], one["tag"], one["count"]) for one in times}
        check(len(same) == 1, f"chunk {name} is not the same each time: {same}")
        for one, after in zip(times, times[1:]):
            lost = one["did"] in ("no-ack", "wrong", "hold", "split")
            # An ack is remembered with its window, so a kill may forget it.
            forgotten = any(one["when"] < kill < after["when"] for kill in kills)
            check(lost or forgotten, f"chunk {name} came again after it was acked: {times}")
    return sum(len(times) > 1 for times in seen.values())


async def acks(scratch, model_port):
    """The strict receiver loses acks in every way that it knows, goes away and comes back; the gateway is killed."""
    receiver = Strict(scratch / "receiver")
    run = None
    try:
        await receiver.start()
        run = await asyncio.to_thread(Run, scratch, model_port, f"fluentd://127.0.0.1:{receiver.port}")
        run.call()
        await run.call_specials()

        async def did(word, count):
            async def enough():
                return sum(chunk["did"] == word for chunk in receiver.chunks()) >= count

            await until(f"{count} chunks with {word}", enough, CHUNK_SECONDS)

        async def acked_again(word):
            """What lost its ack by `word` came again and was acked."""
            lost = {chunk["chunk"] for chunk in receiver.chunks() if chunk["did"] == word}

            async def all_acked():
                return lost <= {chunk["chunk"] for chunk in receiver.chunks() if chunk["did"] == "ack"}

            await until(f"chunks with {word} to come again", all_acked, CHUNK_SECONDS)

        await did("ack", 3)
        for word in ("no-ack", "wrong", "no-ack", "late 3", "split", "reset"):
            name = word.split()[0]
            before = sum(chunk["did"] == name for chunk in receiver.chunks())
            receiver.order(word)
            await did(name, before + 1)
            if name in ("no-ack", "wrong"):
                await acked_again(name)
            await did("ack", sum(chunk["did"] == "ack" for chunk in receiver.chunks()) + 1)
        for number in (1, 2):  # kill -9 while a chunk waits for its ack: it has the same id in the next life
            receiver.order("hold")
            await did("hold", number)
            await run.kill()
            await acked_again("hold")
        receiver.kill()  # nobody listens
        await asyncio.sleep(AWAY_SECONDS)
        await receiver.start()
        await did("ack", sum(chunk["did"] == "ack" for chunk in receiver.chunks()) + 3)
        await run.end()
        check(not receiver.errors(), f"not as the protocol has it: {receiver.errors()[:3]}")
        chunks = receiver.chunks()
        again = check_chunks(chunks, run.kills)
        counts = compare(run, receiver.events())
        check(sum(more for _, more in counts.values()) > 0, "no duplicate at all, though acks were lost")
        what = Counter(chunk["did"] for chunk in chunks)
        print(f"fluentd: strict: events and duplicates {counts}; kills {len(run.kills)}")
        print(f"fluentd: strict: chunks {dict(what)}, {again} of them came again")
    finally:
        if run:
            run.cancel()
        receiver.kill()


async def refusals(scratch, model_port):
    """OpenTelemetry's receiver acks what its consumer took, and its consumer refuses."""
    receiver = Otel(scratch / "receiver", REFUSE_FIRST, REFUSE_EVERY)
    run = None
    try:
        await receiver.start()
        run = await asyncio.to_thread(Run, scratch, model_port, f"fluentd://127.0.0.1:{receiver.port}")
        run.call()
        await run.call_specials()

        async def refused():
            return receiver.refused() >= REFUSE_FIRST + 2

        await until("batches to be refused", refused, CHUNK_SECONDS * 2)
        await run.end()
        for event in receiver.events():
            check(not event.get("body"), f"a field named log or message: {event}")
        counts = compare(run, receiver.events())
        # What is refused is not written: no ack was lost, so nothing may stand twice.
        check(all(more == 0 for _, more in counts.values()), f"duplicates without a lost ack: {counts}")
        print(f"fluentd: otel: events and duplicates {counts}; refused {receiver.refused()} batches")
    finally:
        if run:
            run.cancel()
        receiver.kill()


def trusting(scratch, cert):
    """An environment in which the gateway's JVM believes this certificate."""
    places = f"{os.environ.get('JAVA_HOME', '')}/bin:{os.environ['PATH']}"
    keytool = shutil.which("keytool", path=places)
    check(keytool, "missing part: keytool (of a JDK)")
    store = scratch / "trusted.p12"
    options = ["-importcert", "-noprompt", "-alias", "door", "-file", str(cert)]
    sh(keytool, *options, "-keystore", str(store), "-storepass", "e2e-store")
    return {"LOOPGATE_JAVA_OPTS": f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=e2e-store"}


async def over_tls(scratch, model_port):
    """@fluent-org/logger's server, over TLS."""
    scratch.mkdir()
    cert, key = certificate(scratch)
    receiver = Node(scratch / "receiver", (cert, key))
    run = None
    try:
        await receiver.start()
        url = f"fluentd+tls://127.0.0.1:{receiver.port}"
        run = await asyncio.to_thread(Run, scratch, model_port, url, trusting(scratch, cert))
        run.call()
        await run.call_specials()

        async def some():
            return len(receiver.events()) > 3 * PREDICTIONS_PER_SECOND

        await until("events over TLS", some, CHUNK_SECONDS)
        await run.end()
        # JavaScript's numbers are doubles.
        counts = compare(run, receiver.events(), exact=False)
        check(all(more == 0 for _, more in counts.values()), f"duplicates without a lost ack: {counts}")
        print(f"fluentd: node over TLS: events and duplicates {counts}")
    finally:
        if run:
            run.cancel()
        receiver.kill()


async def serve_model(reader, writer):
    """Echoes below /echo; answers all else with the same 2,000 bytes."""
    try:
        while True:
            line, headers = await load.read_head(reader)
            body = await load.read_body(reader, headers)
            said = body if line.split(" ")[1].startswith("/echo") else load.ANSWER
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(said) + said)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()


async def fluentd(scratch):
    """Each receiver with a gateway of its own."""
    model = await asyncio.start_server(serve_model, "127.0.0.1", 0)
    port = model.sockets[0].getsockname()[1]
    try:
        for name, one in (("acks", acks), ("refusals", refusals), ("tls", over_tls)):
            await one(scratch / name, port)
    finally:
        model.close()
