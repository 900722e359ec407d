"""The scripted model of the part `envoy`: what it says follows from the path alone, over HTTP/1.1 byte by byte and over
HTTP/2. It remembers by the header `x-case` what it was asked and what it said.
"""

import asyncio
import functools
import gzip
import hashlib
import random
import re
import socket
import struct
import time
from dataclasses import dataclass, field

import http2

SEED = 17
MEBIBYTE = random.Random(SEED).randbytes(1 << 20)
EVENTS = 8
EVENT_GAP = 0.1  # seconds
SECRETS = ("Sec7et-of-authorization", "Sec7et-of-a-cookie", "Sec7et-of-an-answer", "Sec7et-of-a-query")
TEXT = b"hello, hello, hello: packed by the model\n" * 3


def pieces_of(body):
    """A body in pieces: bytes, or so many of a pattern in which no two pieces are alike."""
    if isinstance(body, bytes):
        if body:
            yield body
        return
    for i in range(0, body, 1 << 20):
        turn = (i >> 20) % (1 << 20)
        yield (MEBIBYTE[turn:] + MEBIBYTE[:turn])[: body - i]


class Digest:
    """Length and SHA-256 of what passes, and its first bytes."""

    KEPT = 4 << 20

    def __init__(self, body=b""):
        self.size, self.hash, self.kept = 0, hashlib.sha256(), bytearray()
        for piece in pieces_of(body):
            self.add(piece)

    def add(self, piece):
        self.size += len(piece)
        self.hash.update(piece)
        if len(self.kept) < self.KEPT:
            self.kept += piece[: self.KEPT - len(self.kept)]

    def __eq__(self, other):
        return (self.size, self.hash.digest()) == (other.size, other.hash.digest())

    def __repr__(self):
        return f"{self.size} bytes {self.hash.hexdigest()[:12]} {bytes(self.kept[:40])!r}"


@dataclass
class Asked:
    """One request as the model saw it, and what it said to it."""

    method: str
    target: str
    version: str
    headers: list  # pairs, in order, names in lower case
    body: Digest = field(default_factory=Digest)
    trailers: list = field(default_factory=list)
    whole: bool = False
    status: int = 0
    said: Digest = field(default_factory=Digest)
    sent: list = field(default_factory=list)  # when each piece was sent
    over: bool = False

    def header(self, name):
        return [value for key, value in self.headers if key == name]


def grpc_message(data):
    return b"\0" + len(data).to_bytes(4, "big") + data


def packed(coding):
    """`TEXT` in this coding; brotli and zstd as they store what they do not compress."""
    match coding:
        case "gzip":
            return gzip.compress(TEXT, mtime=0)
        case "br":
            # A window of 16 bits, one block of so many bytes that are stored, an empty last one (RFC 7932, 9.2).
            head = (len(TEXT) - 1) << 4 | 1 << 20
            return head.to_bytes(3, "little") + TEXT + b"\x03"
        case "zstd":
            block = (len(TEXT) << 3 | 1).to_bytes(3, "little")
            return b"\x28\xb5\x2f\xfd\x20" + bytes([len(TEXT)]) + block + TEXT
    raise ValueError(coding)


@functools.cache
def zeros(count):
    """So many, packed."""
    return gzip.compress(bytes(count), mtime=0)


class Http1:
    """One exchange of a connection, from its head on."""

    def __init__(self, reader, writer, asked):
        self.reader, self.writer, self.asked = reader, writer, asked
        self.framing = "length"
        self.closes = False

    async def pieces(self):
        """The request's body."""
        asked, reader = self.asked, self.reader
        if "chunked" in "".join(asked.header("transfer-encoding")):
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                while size:
                    piece = await reader.read(min(size, 1 << 18))
                    if not piece:
                        raise ConnectionError("the caller is gone")
                    size -= len(piece)
                    yield piece
                await reader.readexactly(2)
            while line := (await reader.readuntil(b"\r\n"))[:-2]:
                name, value = line.decode("latin-1").split(":", 1)
                asked.trailers.append((name.lower(), value.strip()))
            return
        left = int("".join(asked.header("content-length")[:1]) or 0)
        while left:
            piece = await reader.read(min(left, 1 << 18))
            if not piece:
                raise ConnectionError("the caller is gone")
            left -= len(piece)
            yield piece

    async def interim(self, status, headers=()):
        self.writer.write(self.line(status, headers))

    def line(self, status, headers):
        lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    async def head(self, status, headers=(), length=None):
        """`length` None: chunked; "close": until the connection's end; "none": without a body."""
        headers = list(headers)
        if length == "close":
            headers.append(("connection", "close"))
            self.framing, self.closes = "close", True
        elif length is None:
            headers.append(("transfer-encoding", "chunked"))
            self.framing = "chunked"
        elif length != "none":
            headers.append(("content-length", length))
        self.writer.write(self.line(status, headers))
        await self.writer.drain()

    async def piece(self, data):
        self.writer.write(b"%x\r\n" % len(data) + data + b"\r\n" if self.framing == "chunked" else data)
        await self.writer.drain()

    async def end(self, trailers=()):
        if self.framing == "chunked":
            lines = "".join(f"{name}: {value}\r\n" for name, value in trailers)
            self.writer.write(f"0\r\n{lines}\r\n".encode())
        await self.writer.drain()

    async def reset(self):
        """The connection breaks, with RST."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()
        self.closes = True

    async def left(self):
        """Until the caller has gone."""
        while await self.reader.read(1 << 16):
            pass

    async def tunnel(self):
        """Bytes as they come, back, until one side has had enough."""
        self.closes = True
        while data := await self.reader.read(1 << 16):
            self.asked.body.add(data)
            self.asked.said.add(data)
            self.writer.write(data)
            await self.writer.drain()
            if data.endswith(b"bye"):
                return


class Http2:
    """The same as `Http1`, as a stream."""

    def __init__(self, stream, asked):
        self.stream, self.asked = stream, asked
        self.closes = False
        self.bare = False

    async def pieces(self):
        while (what := await self.stream.next()) is not http2.Stream.END:
            if isinstance(what, list):
                self.asked.trailers += what
            else:
                yield what

    async def interim(self, status, headers=()):
        await self.stream.head([(":status", str(status)), *headers])

    async def head(self, status, headers=(), length=None, end=False):
        told = [(":status", str(status)), *((name, str(value)) for name, value in headers)]
        if length not in (None, "close", "none"):
            told.append(("content-length", str(length)))
        self.bare = end or length == "none"
        await self.stream.head(told, end=self.bare)

    async def piece(self, data):
        await self.stream.send(data)

    async def end(self, trailers=()):
        if self.bare:
            return
        if trailers:
            await self.stream.head(list(trailers), end=True)
        else:
            await self.stream.send(b"", end=True)

    async def reset(self):
        await self.stream.reset(2)

    async def left(self):
        while True:
            await self.stream.next()


class Model:
    """Both doors of it; `asked` by case."""

    def __init__(self):
        self.asked = {}
        self.failures = []
        self.tasks = set()
        self.waiting, self.all_wait = 0, asyncio.Event()

    async def __aenter__(self):
        self.server1 = await asyncio.start_server(self.serve1, "127.0.0.1", 0, limit=1 << 18)
        self.server2 = await asyncio.start_server(self.serve2, "127.0.0.1", 0)
        self.server0 = await asyncio.start_server(self.say_nothing, "127.0.0.1", 0)
        self.silent = self.server0.sockets[0].getsockname()[1]
        self.h1 = self.server1.sockets[0].getsockname()[1]
        self.h2 = self.server2.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server0.close()
        self.server1.close()
        self.server2.close()
        for task in list(self.tasks):
            task.cancel()

    def forget(self):
        """For the next way."""
        self.asked = {}

    async def say_nothing(self, reader, writer):
        """Whatever is asked."""
        self.tasks.add(asyncio.current_task())
        try:
            while await reader.read(1 << 16):
                pass
        except (ConnectionError, asyncio.CancelledError):
            pass  # whoever asked went
        finally:
            self.tasks.discard(asyncio.current_task())
            writer.close()

    async def serve1(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, version = head[0].split(" ")
                headers = [line.split(":", 1) for line in head[1:] if line]
                asked = Asked(method, target, version, [(name.lower(), value.strip()) for name, value in headers])
                exchange = Http1(reader, writer, asked)
                await self.answer(exchange, asked)
                if exchange.closes:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # whoever asked went
        finally:
            self.tasks.discard(asyncio.current_task())
            writer.close()

    async def serve2(self, reader, writer):
        async def serve(stream, headers):
            told = dict(headers)
            asked = Asked(told[":method"], told[":path"], "HTTP/2", list(headers))
            try:
                await self.answer(Http2(stream, asked), asked)
            except (asyncio.CancelledError, ConnectionError):
                pass  # it was left

        self.tasks.add(asyncio.current_task())
        try:
            await http2.Connection(reader, writer, serve).run()
        except asyncio.CancelledError:
            writer.close()
        finally:
            self.tasks.discard(asyncio.current_task())

    async def answer(self, exchange, asked):
        case = "".join(asked.header("x-case"))
        before = len(self.asked.get(case, []))
        self.asked.setdefault(case, []).append(asked)
        try:
            await self.follow(exchange, asked, before)
        finally:
            asked.over = True

    async def all_of(self, exchange):
        body = b""
        async for piece in exchange.pieces():
            exchange.asked.body.add(piece)
            body += piece
        exchange.asked.whole = True
        return body

    async def swallow(self, exchange):
        """The same, without holding it."""
        async for piece in exchange.pieces():
            exchange.asked.body.add(piece)
        exchange.asked.whole = True

    async def say(self, exchange, status, body=b"", headers=(), length=0, trailers=()):
        """`length` 0: the body's own."""
        asked = exchange.asked
        asked.status = status
        whole = body if isinstance(body, int) else len(body)
        await exchange.head(status, headers, whole if length == 0 else length)
        for piece in pieces_of(body):
            asked.said.add(piece)
            asked.sent.append((time.monotonic(), len(piece)))
            await exchange.piece(piece)
        await exchange.end(trailers)

    async def follow(self, exchange, asked, before):
        """The script."""
        path = asked.target.split("?")[0]
        kind = [("content-type", "".join(asked.header("content-type")) or "application/octet-stream")]
        word, _, number = path.strip("/").partition("/")
        number = int(number) if number.isdigit() else number
        if re.match(r"test\.Model$", word):
            return await self.grpc(exchange, asked, number)
        match word:
            case "early":
                async for piece in exchange.pieces():
                    asked.body.add(piece)
                    break
                await self.say(exchange, 200, b"said before all was asked", kind)
                return await exchange.left()
            case "duplex":
                asked.status = 200
                await exchange.head(200, kind)
                async for piece in exchange.pieces():
                    asked.body.add(piece)
                    asked.said.add(piece)
                    await exchange.piece(piece)
                asked.whole = True
                return await exchange.end()
            case "upgrade":
                asked.status = 101
                await exchange.head(101, [("connection", "Upgrade"), ("upgrade", "websocket")], "none")
                return await exchange.tunnel()
            case "swallow":
                await self.swallow(exchange)
                return await self.say(exchange, 200, asked.body.hash.hexdigest().encode(), kind)
        if asked.header("expect") and isinstance(exchange, Http1):
            await exchange.interim(100)
        body = await self.all_of(exchange)
        match word:
            case "echo":
                await self.say(exchange, 200, body, kind)
            case "bytes":
                await self.say(exchange, 200, number, kind)
            case "chunks":
                await self.say(exchange, 200, number, kind, None)
            case "until-close":
                await self.say(exchange, 200, number, kind, "close")
            case "status":
                await self.say(exchange, number, b"", [("etag", '"e"')], "none")
            case "head":
                asked.status = 200
                await exchange.head(200, kind, 42, **({"end": True} if isinstance(exchange, Http2) else {}))
            case "fails":
                await self.say(exchange, number, b'{"error":"as it was asked"}', [("content-type", "application/json")])
            case "trailers":
                await self.say(exchange, 200, body, [*kind, ("trailer", "x-sum")], None, [("x-sum", str(len(body)))])
            case "events":
                asked.status = 200
                await exchange.head(200, [("content-type", "text/event-stream")])
                for i in range(EVENTS):
                    event = b"data: %d %s\n\n" % (i, b"e" * 100)
                    asked.said.add(event)
                    asked.sent.append((time.monotonic(), len(event)))
                    await exchange.piece(event)
                    await asyncio.sleep(EVENT_GAP)
                await exchange.end()
            case "hints":
                await exchange.interim(103, [("link", "</style.css>; rel=preload")])
                await self.say(exchange, 200, body, kind)
            case "packed":
                await self.say(exchange, 200, packed(number), [("content-type", "text/plain"), ("content-encoding", number)])
            case "cookie":
                await self.say(exchange, 200, body, [*kind, ("set-cookie", f"s={SECRETS[2]}")])
            case "reset":
                await self.begin(exchange, b"r" * number, 100_000)
                await exchange.reset()
            case "reset-chunked":
                await self.begin(exchange, b"r" * number, None)
                await exchange.reset()
            case "vanish":
                exchange.closes = True
            case "hang":
                await exchange.left()
            case "stall":
                await self.begin(exchange, b"begun", 100_000)
                await exchange.left()
            case "hangs-once":
                await (self.say(exchange, 200, body, kind) if before else exchange.left())
            case "gathers":
                await self.gathered(number)
                await self.say(exchange, 200, body, kind)
            case "bomb":
                await self.say(exchange, 200, zeros(number), [("content-type", "text/plain"), ("content-encoding", "gzip")])
            case "flaky":
                await self.say(exchange, 200 if before else 503, body, kind)
            case "redirect":
                await self.say(exchange, 302, b"", [("location", "http://models.test/model/moved/echo")])
            case _:
                await self.say(exchange, 404, b'{"error":"no such thing"}', [("content-type", "application/json")])

    async def gathered(self, count):
        """Until so many wait here at once."""
        self.waiting += 1
        if self.waiting >= count:
            self.all_wait.set()
        await self.all_wait.wait()
        self.waiting -= 1
        if not self.waiting:
            self.all_wait.clear()

    async def begin(self, exchange, data, length):
        """A part of an answer. What comes of it is asked only when it has left this side."""
        exchange.asked.status = 200
        await exchange.head(200, [("content-type", "text/plain")], length)
        exchange.asked.said.add(data)
        await exchange.piece(data)
        await asyncio.sleep(0.1)  # let it pass before the connection breaks: an RST takes what is unread with it

    async def grpc(self, exchange, asked, method):
        kind = [("content-type", "application/grpc")]
        good = [("grpc-status", "0")]
        match method:
            case "TrailersOnly":
                await self.swallow(exchange)
                asked.status = 200
                return await exchange.head(200, [*kind, ("grpc-status", "12"), ("grpc-message", "no such")], end=True)
            case "Fails":
                await self.swallow(exchange)
                return await self.say(exchange, 200, b"", kind, None, [("grpc-status", "5"), ("grpc-message", "not here")])
            case "Server":
                await self.swallow(exchange)
                many = b"".join(grpc_message(b"answer %d" % i) for i in range(20))
                return await self.say(exchange, 200, many, kind, None, good)
            case "Bidi":
                asked.status = 200
                await exchange.head(200, kind)
                async for piece in exchange.pieces():
                    asked.body.add(piece)
                    asked.said.add(piece)
                    await exchange.piece(piece)
                asked.whole = True
                return await exchange.end(good)
        body = await self.all_of(exchange)
        await self.say(exchange, 200, grpc_message(b"%d" % len(body)), kind, None, good)
