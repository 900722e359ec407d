"""Strangers' clients: curl, h2load, httpx and h2, over HTTP/1.1, h2c and h2 by ALPN. Each exchange must come out right at
both ends and stand in the files exactly once, with the same bytes. See `run`.
"""

import asyncio
import base64
import json
import pathlib
import re
import time

import exchanges
import load
from common import Failed, Gateway, certificate, check, need, python_with, until, verify

HTTPX = ("httpx[http2]==0.28.1", "h2==4.3.0")
HERE = pathlib.Path(__file__).resolve().parent
BASE = "/model/m"
H2LOAD_REQUESTS = 2000
SECONDS = 60  # of one client, at most

# Arguments of curl, the version of its answers (None: the gateway may choose), and kinds of exchange that it can't.
CURLS = {
    "http1.0": (["--http1.0"], None, {"chunked"}),
    "http1.1": (["--http1.1"], "1.1", set()),
    "prior": (["--http2-prior-knowledge"], "2", set()),
    "upgrade": (["--http2"], None, set()),
    "tls-http1.1": (["--http1.1"], "1.1", set()),
    "tls-http2": (["--http2"], "2", set()),
}


class Model:
    """Says what it is asked to, and remembers by Request-Id what it was told, what it said and when."""

    def __init__(self):
        self.told = {}
        self.said = {}  # id: [(when, bytes)]
        self.left = set()

    async def serve(self, reader, writer):
        try:
            while True:
                line, headers = await load.read_head(reader)
                method, target, _ = line.split(" ")
                body = await load.read_body(reader, headers)
                name = headers.get("request-id", "")
                if "h2load" not in target:
                    check(name not in self.told, f"the model was asked twice: {name}")
                    self.told[name] = body
                    self.said[name] = []
                await self.answer(reader, writer, method, target, name, body)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    async def answer(self, reader, writer, method, target, name, body):
        match target.split("?")[0]:
            case "/missing":
                await self.say(writer, name, 404, exchanges.MISSING)
            case "/chunked":
                await self.say_chunks(writer, name, exchanges.PIECES, 0)
            case "/events":
                events = [b"data: %d %s\n\n" % (i, b"e" * 100) for i in range(exchanges.EVENTS)]
                await self.say_chunks(writer, name, events, exchanges.EVENT_GAP)
            case "/endless":
                await self.say_without_end(reader, writer, name)
            case _ if method == "HEAD":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 42\r\n\r\n")
            case _:
                await self.say(writer, name, 200, body)

    async def say(self, writer, name, status, body):
        writer.write(b"HTTP/1.1 %d Said\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
        if name in self.said:
            self.said[name].append((time.monotonic(), body))
        await writer.drain()

    async def say_chunks(self, writer, name, pieces, gap):
        kind = b"text/event-stream" if gap else b"application/octet-stream"
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n" % kind)
        for piece in pieces:
            self.said[name].append((time.monotonic(), piece))
            writer.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
            await writer.drain()
            await asyncio.sleep(gap)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def say_without_end(self, reader, writer, name):
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"
        writer.write(head + b"begun")
        self.said[name].append((time.monotonic(), b"begun"))
        try:
            await writer.drain()
            await reader.read(1)  # the gateway lets go when its caller has left
        finally:
            self.left.add(name)
            writer.close()


class Door:
    """A gateway, plain or with TLS, and what clients saw of it."""

    def __init__(self, scratch, model_port, ca, key):
        scratch.mkdir()
        options = ["--tls.certificate", str(ca), "--tls.key", str(key)] if ca else []
        self.data = scratch / "data"
        self.scratch = scratch
        self.ca = ca
        self.gateway = Gateway(self.data, model_port, scratch / "gateway.log", options)
        self.url = f"{'https' if ca else 'http'}://127.0.0.1:{self.gateway.port}{BASE}"
        self.seen = []
        self.counted = {}  # h2load's runs by their path

    @property
    def trust(self):
        return [str(self.ca)] if self.ca else []


async def run(*command, stdin=None, good=(0,), seconds=SECONDS):
    """A client to its end; what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin), seconds)
    except TimeoutError as error:
        process.kill()
        raise Failed(f"{' '.join(command)}: not over after {seconds} s") from error
    check(process.returncode in good, f"{' '.join(command)}: exit={process.returncode}: {err.decode()[-2000:]}")
    return out


async def curl(door, word, one):
    """One exchange by a curl of its own."""
    arguments, version, _ = CURLS[word]
    seen = exchanges.Seen(f"curl-{word}-{one.kind}")
    head = door.scratch / f"{seen.name}.head"
    command = ["curl", "-q", "-sS", "-N", "--noproxy", "*", *arguments, "-D", str(head), "-H", f"request-id: {seen.name}"]
    command += ["--cacert", str(door.ca)] if door.ca else []
    if one.method == "HEAD":
        command += ["--head", "-o", "/dev/null"]
    elif one.chunked:
        command += ["-X", one.method, "-T", "-"]  # of no known length
    elif one.body:
        command += ["--data-binary", "@-", "-H", "content-type: application/octet-stream"]
    command.append(door.url + one.path)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )

    async def follow():
        process.stdin.write(one.body)
        process.stdin.close()
        while data := await process.stdout.read(1 << 16):
            seen.piece(data)
            if one.ending == "client_left":
                process.terminate()
                break
        return await process.wait()

    try:
        code = await asyncio.wait_for(follow(), SECONDS)
    except TimeoutError as error:
        process.kill()
        raise Failed(f"{seen.name}: not over after {SECONDS} s") from error
    expected = -15 if one.ending == "client_left" else 0
    check(code == expected, f"{seen.name}: exit={code}: {(await process.stderr.read()).decode()}")
    last = re.findall(r"^HTTP/([0-9.]+) (\d+)", head.read_text(), re.MULTILINE)[-1]
    seen.status = int(last[1])
    check(version in (None, last[0]), f"{seen.name}: spoke HTTP/{last[0]}")
    door.seen.append((one, seen))


async def curls(door, words):
    for word in words:
        kinds = [one for one in exchanges.ALL if one.kind not in CURLS[word][2]]
        await asyncio.gather(*(curl(door, word, one) for one in kinds))


async def in_venv(door, prefix, python, script, *arguments, version):
    """All exchanges by one of our own programs around somebody's library."""
    out = await run(python, str(HERE / script), *arguments, *door.trust)
    lines = [exchanges.Seen.of(line) for line in out.decode().splitlines()]
    by_name = {seen.name: seen for seen in lines}
    for one in exchanges.ALL:
        seen = by_name.pop(f"{prefix}-{one.kind}", None)
        check(seen, f"{prefix}: {one.kind} is missing")
        check(seen.version == version, f"{seen.name}: spoke {seen.version}, not {version}")
        door.seen.append((one, seen))
    check(not by_name, f"{prefix}: more than was asked for: {list(by_name)}")


async def h2load(door, word, *arguments):
    """Many small exchanges, over HTTP/2 as many streams at a time; their ids are the gateway's."""
    path = f"/echo?h2load-{word}"
    body = door.scratch / "h2load.body"
    body.write_bytes(exchanges.SMALL)
    command = ["h2load", "-n", str(H2LOAD_REQUESTS), "-c", "4", "-t", "1", "-d", str(body), *arguments, door.url + path]
    said = (await run(*command)).decode()
    good = f"{H2LOAD_REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout"
    check(good in said and f"{H2LOAD_REQUESTS} 2xx" in said, f"h2load {word}: {said[-1500:]}")
    door.counted[BASE + path] = H2LOAD_REQUESTS


def check_seen(model, one, seen):
    """What the model was told and what its caller saw is what the other side sent, when it was sent."""
    check(seen.status == one.status, f"{seen.name}: status={seen.status}, not {one.status}")
    check(model.told.get(seen.name) == one.body, f"{seen.name}: the model was not told what was sent")
    said = b"".join(piece for _, piece in model.said[seen.name])
    check(one.answer in (None, said), f"{seen.name}: the model said something else")
    check(seen.body == said, f"{seen.name}: saw {len(seen.body)} bytes of {len(said)}")
    if one.kind != "events":
        return
    # Event by event: it was there before the next one was sent. A busy machine may hold up some; one that waits for more
    # is late with each.
    late, end = 0, 0
    for i, (_, event) in enumerate(model.said[seen.name][:-1]):
        end += len(event)
        sizes, came = 0, None
        for when, size in seen.arrivals:
            sizes += size
            if sizes >= end:
                came = when
                break
        late += 1 if came is None or came > model.said[seen.name][i + 1][0] else 0
    check(late < exchanges.EVENTS / 2, f"{seen.name}: {late} of {exchanges.EVENTS} events came later than the next was sent")


def records(files, stream):
    """All records of a stream, by id."""
    found = {}
    for path in files.glob(f"{stream}/**/*.json"):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            found.setdefault(record["request_id"], []).append(record)
    return found


def body_of(record, name):
    text = record[name]
    return base64.b64decode(text) if record.get("encoding") == "base64" else text.encode()


def check_files(door, model):
    """Each exchange stands there once, with the bytes that went over the wire, and its ending."""
    requests, answers = (records(door.data / "files", stream) for stream in ("request_response", "response_body"))
    check(requests.keys() == answers.keys(), "the two streams do not hold the same ids")
    for found in (requests, answers):
        twice = [name for name, all_of_it in found.items() if len(all_of_it) != 1]
        check(not twice, f"found twice: {twice[:3]}")
    for one, seen in door.seen:
        check(seen.name in requests, f"{seen.name}: no record")
        request, answer = requests[seen.name][0], answers[seen.name][0]
        said = b"".join(piece for _, piece in model.said[seen.name])
        for what, holds in {
            "ending": request["ending"] == one.ending,
            "method": request["request_http_method"] == one.method,
            "uri": request["request_uri"] == BASE + one.path,
            "status": request["response_status"] == str(one.status),
            "request": body_of(request, "request_content") == one.body,
            "request's size": request["size"] == len(one.body) and not request["truncated"],
            "answer": body_of(answer, "response_content") == said,
            "answer's size": request["response_size"] == answer["size"] == len(said),
            "answer's wholeness": one.ending != "complete" or not answer["truncated"],
        }.items():
            check(holds, f"{seen.name}: {what} in the record is wrong: {json.dumps(request)[:1500]}")
    by_uri = {}
    for all_of_it in requests.values():
        uri = all_of_it[0]["request_uri"]
        by_uri[uri] = by_uri.get(uri, 0) + 1
    for path, count in door.counted.items():
        check(by_uri.get(path) == count, f"h2load: sent={count}, in the files={by_uri.get(path)}: {path}")
    total = len(door.seen) + sum(door.counted.values())
    check(len(requests) == total, f"{len(requests)} records of {total} exchanges")


async def clients(scratch):
    """Every client over everything that it speaks."""
    need("curl", "curl")
    need("h2load", "nghttp2-client")
    python = python_with("clients", *HTTPX)
    model = Model()
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    cert, key = certificate(scratch)
    doors = []
    try:
        plain = await asyncio.to_thread(Door, scratch / "plain", port, None, None)
        doors.append(plain)
        secure = await asyncio.to_thread(Door, scratch / "secure", port, cert, key)
        doors.append(secure)
        await asyncio.gather(
            curls(plain, ["http1.0", "http1.1", "prior", "upgrade"]), curls(secure, ["tls-http1.1", "tls-http2"])
        )
        for door in doors:
            form = "tls" if door.ca else "plain"
            for version, spoken in (("http1", "HTTP/1.1"), ("http2", "HTTP/2")):
                prefix = f"httpx-{form}-{version}"
                arguments = (door.url, prefix, version)
                await in_venv(door, prefix, python, "client_httpx.py", *arguments, version=spoken)
            prefix = f"h2-{form}"
            arguments = ("127.0.0.1", str(door.gateway.port), BASE, prefix)
            await in_venv(door, prefix, python, "client_h2.py", *arguments, version="HTTP/2")
            await h2load(door, f"{form}-h1", "--h1")
            await h2load(door, f"{form}-h2", "-m", "32")
        leavers = {seen.name for door in doors for one, seen in door.seen if one.ending == "client_left"}

        async def all_left():
            return leavers <= model.left

        await until("the model to be told that its callers left", all_left)
        for door in doors:
            for one, seen in door.seen:
                check_seen(model, one, seen)
            await asyncio.to_thread(door.gateway.stop)
            check_files(door, model)
            verify(door.data, {0})
            print(f"clients: {'TLS' if door.ca else 'plain'}: {len(door.seen)} exchanges and {door.counted}")
    finally:
        for door in doors:
            door.gateway.kill()
        server.close()
