"""The raw client of the part `envoy`: what it sends is exact, and it notes all that it is told."""

import asyncio
import contextlib
import socket
import struct
import time
from dataclasses import dataclass, field

import http2
from common import Failed, check
from envoy_case import BYE, SILENCE
from envoy_model import Digest, pieces_of

SECONDS = 40  # of one case, at most


async def opened(where):
    """Both ends of a connection to a port of the loopback, or as who is asked for it makes it."""
    if callable(where):
        return await where()
    return await asyncio.open_connection("127.0.0.1", where, limit=1 << 18)


@dataclass
class Seen:
    """What a client was told in one exchange. `end`: whole, cut (the answer or the connection broke), left (by us), tunnel."""

    status: int = 0
    interim: list = field(default_factory=list)
    headers: list = field(default_factory=list)  # pairs, names in lower case
    body: Digest = field(default_factory=Digest)
    trailers: list = field(default_factory=list)
    arrivals: list = field(default_factory=list)  # when pieces came, and their lengths
    end: str = ""
    asked: Digest = field(default_factory=Digest)  # what was sent

    def piece(self, data):
        self.body.add(data)
        self.arrivals.append((time.monotonic(), len(data)))

    def header(self, name):
        return [value for key, value in self.headers if key == name]


def request_headers(case, length=True):
    own = case.anonymous or any(name.lower() == "request-id" for name, _ in case.headers)
    told = [] if own else [("request-id", case.name)]
    told += [("x-case", case.name), *case.headers]
    if "/trailers" in case.path:
        told.append(("te", "trailers"))
    if case.framing == "length" and length:
        told.append(("content-length", str(case.size)))
    return told


class Caller:
    """One connection of HTTP/1.1."""

    @staticmethod
    async def to(where):
        self = Caller()
        self.reader, self.writer = await opened(where)
        return self

    async def ask_head(self, case):
        lines = [f"{case.method} {case.target} HTTP/1.1", "host: models.test"]
        lines += [f"{name}: {value}" for name, value in request_headers(case)]
        if case.framing == "chunked":
            lines.append("transfer-encoding: chunked")
        lines += ["expect: 100-continue"] if case.does == "expects" else []
        lines += ["connection: te"] if "/trailers" in case.path else []
        lines += [f"trailer: {name}" for name, _ in case.trailers]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        await self.writer.drain()

    async def ask_body(self, case, seen, pieces=None):
        whole = pieces is None
        for piece in pieces_of(case.body) if whole else pieces:
            seen.asked.add(piece)
            self.writer.write(b"%x\r\n" % len(piece) + piece + b"\r\n" if case.framing == "chunked" else piece)
            await self.writer.drain()
        if case.framing == "chunked" and whole:
            trailers = "".join(f"{name}: {value}\r\n" for name, value in case.trailers)
            self.writer.write(f"0\r\n{trailers}\r\n".encode())
            await self.writer.drain()

    async def read_head(self, seen):
        """The next head, interim ones too."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        headers = [line.split(":", 1) for line in head[1:] if line]
        headers = [(name.lower(), value.strip()) for name, value in headers]
        if status < 200 and status != 101:
            seen.interim.append(status)
            return False
        seen.status, seen.headers = status, headers
        return True

    async def read_answer(self, case, seen):
        try:
            while not seen.status:
                await self.read_head(seen)
            async for piece in self.pieces(case, seen):
                seen.piece(piece)
                if case.does == "leaves_reading":
                    seen.end = "left"
                    return self.leave()
            seen.end = "whole"
        except (asyncio.IncompleteReadError, ConnectionError):
            seen.end = "cut"

    async def pieces(self, case, seen):
        reader = self.reader
        if case.method == "HEAD" or seen.status in (204, 304) or seen.status == 101:
            return
        if "chunked" in seen.header("transfer-encoding"):
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                while size:
                    piece = await reader.read(min(size, 1 << 18))
                    if not piece:
                        raise ConnectionError("cut")
                    size -= len(piece)
                    yield piece
                await reader.readexactly(2)
            while line := (await reader.readuntil(b"\r\n"))[:-2]:
                name, value = line.decode("latin-1").split(":", 1)
                seen.trailers.append((name.lower(), value.strip()))
            return
        if not seen.header("content-length"):
            while piece := await reader.read(1 << 18):
                yield piece
            return
        left = int(seen.header("content-length")[0])
        while left:
            piece = await reader.read(min(left, 1 << 18))
            if not piece:
                raise ConnectionError("cut")
            left -= len(piece)
            yield piece

    def leave(self):
        """Without a word: RST."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    def close(self):
        self.writer.close()

    async def exchange(self, case, seen, model):
        if case.does == "raw":
            self.writer.write(case.messages[0])
            return await self.read_answer(case, seen)
        await self.ask_head(case)
        match case.does:
            case "expects":
                while not seen.interim and not seen.status:
                    await self.read_head(seen)
                await self.ask_body(case, seen)
                await self.read_answer(case, seen)
            case "early":
                with contextlib.suppress(ConnectionError):  # answered, and closed, while it was sent
                    await self.ask_body(case, seen, [bytes(case.size // 4)])
                await self.read_answer(case, seen)
            case "leaves_asking":
                await self.ask_body(case, seen, [bytes(case.size // 4)])
                await reached(model, case)
                self.leave()
                seen.end = "left"
            case "tunnel":
                await self.ask_body(case, seen)
                await self.read_answer(case, seen)
                if seen.status == 101:
                    await tunnel(case, seen, self)
            case _:
                asking = asyncio.create_task(self.ask_body(case, seen))
                await self.read_answer(case, seen)
                if not asking.done() and seen.end == "whole":
                    await asyncio.wait([asking], timeout=SECONDS)
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)

    async def say(self, message):
        self.writer.write(message)
        await self.writer.drain()

    async def hear(self):
        """What comes next in a tunnel; nothing when it is over."""
        try:
            return await self.reader.read(1 << 16)
        except ConnectionError:
            return b""


async def tunnel(case, seen, caller):
    """Message by message, each read back, as is the request's body; who says `bye` is closed by the model. A number is a pause, of
    seconds.
    """
    seen.end = "tunnel"
    if not await is_echoed(case.size, seen, caller):
        return
    for message in case.messages:
        if isinstance(message, int):
            await asyncio.sleep(message)
        elif message == SILENCE:
            seen.end = "cut" if not await caller.hear() else "more"
        else:
            seen.asked.add(message)
            await caller.say(message)
            if not await is_echoed(len(message), seen, caller):
                return
    if case.messages[-1] == BYE:
        seen.end = "closed" if not await caller.hear() else "more"


async def is_echoed(size, seen, caller):
    back = 0
    while back < size:
        data = await caller.hear()
        if not data:
            seen.end = "cut"
            return False
        back += len(data)
        seen.piece(data)
    return True


async def reached(model, case):
    """Waits until the model has the head, and something of the body."""
    deadline = time.monotonic() + SECONDS / 4
    while not (asked := model.asked.get(case.name)) or not asked[0].body.size:
        check(time.monotonic() < deadline, f"{case.name}: the model was not asked")
        await asyncio.sleep(0.01)


class Tunnel2:
    """A stream that is one."""

    def __init__(self, stream):
        self.stream = stream

    async def say(self, message):
        await self.stream.send(message)

    async def hear(self):
        try:
            what = await self.stream.next()
        except http2.Broken:  # as it ends where the other side never said its own
            return b""
        return b"" if what is http2.Stream.END else what


class Caller2:
    """One connection of HTTP/2."""

    @staticmethod
    async def to(where):
        self = Caller2()
        self.connection = http2.Connection(*await opened(where))
        self.running = asyncio.create_task(self.connection.run())
        return self

    def close(self):
        self.running.cancel()
        self.connection.writer.close()

    async def exchange(self, case, seen, model):
        stream = self.connection.open()
        self.connection.h2.config.validate_outbound_headers = bool(case.target)
        headers = [(":method", case.method), (":authority", "models.test")]
        headers += [(":scheme", "http"), (":path", case.target)] if case.target else []
        headers += [(":protocol", "websocket")] if case.does == "tunnel" else []
        headers += [(name.lower(), value) for name, value in request_headers(case, length=case.size > 0)]
        bare = case.size == 0 and not case.trailers and case.method != "CONNECT"
        await stream.head(headers, end=bare)
        if case.method == "CONNECT":
            return await self.tunnel(case, seen, stream)

        async def ask():
            for piece in pieces_of(case.body):
                seen.asked.add(piece)
                await stream.send(piece)
            if case.trailers:
                await stream.head(list(case.trailers), end=True)
            else:
                await stream.send(b"", end=True)

        asking = None
        if case.does in ("early", "leaves_asking"):
            data = bytes(case.size // 4)
            seen.asked.add(data)
            with contextlib.suppress(http2.Broken):  # answered, and ended, while it was sent
                await stream.send(data)
            if case.does == "leaves_asking":
                await reached(model, case)
                await stream.reset()
                seen.end = "left"
                return
        elif not bare:
            asking = asyncio.create_task(ask())
        try:
            await self.read_answer(case, seen, stream)
        except http2.Broken:
            # An answer that was whole before the request is followed by a reset without a fault.
            seen.end = "cut"
        if asking:
            if seen.end == "whole":
                await asyncio.wait([asking], timeout=SECONDS)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def tunnel(self, case, seen, stream):
        caller = Tunnel2(stream)
        try:
            head = dict(await stream.next())
            seen.status = int(head.pop(":status"))
            seen.headers = list(head.items())
            if seen.status == 200:
                await tunnel(case, seen, caller)
                await stream.send(b"", end=True)
            else:
                await self.read_answer(case, seen, stream)
        except http2.Broken:
            seen.end = seen.end or "cut"

    async def read_answer(self, case, seen, stream):
        while (what := await stream.next()) is not http2.Stream.END:
            if isinstance(what, list):
                status = int(dict(what).get(":status", "0"))
                headers = [pair for pair in what if pair[0] != ":status"]
                if 0 < status < 200:
                    seen.interim.append(status)
                elif status:
                    seen.status, seen.headers = status, headers
                else:
                    seen.trailers = headers
                continue
            seen.piece(what)
            if case.does == "leaves_reading":
                await stream.reset()
                seen.end = "left"
                return
        seen.end = "whole"


async def ask(where, cases, model):
    """The cases of one connection, one after the other, or all asked before the first answer is read; what was seen of each."""
    told = [Seen() for _ in cases]
    kind = Caller2 if cases[0].speaks == "h2" else Caller
    caller = await kind.to(where)
    try:
        async with asyncio.timeout(SECONDS):
            if cases[0].does == "pipelined":
                for case, seen in zip(cases, told):
                    await caller.ask_head(case)
                    await caller.ask_body(case, seen)
                for case, seen in zip(cases, told):
                    await caller.read_answer(case, seen)
            else:
                for case, seen in zip(cases, told):
                    await caller.exchange(case, seen, model)
    except TimeoutError as error:
        raise Failed(f"{cases[0].name}: not over after {SECONDS} s: {told}") from error
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        raise Failed(f"{cases[0].name}: {error!r}: {told}") from error
    finally:
        caller.close()
    return told


async def ask_together(where, cases):
    """All cases at once, each a stream of one connection."""
    told = [Seen() for _ in cases]
    caller = await Caller2.to(where)
    try:
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*(caller.exchange(case, seen, None) for case, seen in zip(cases, told)))
    except TimeoutError as error:
        raise Failed(f"{cases[0].name}: {sum(not seen.end for seen in told)} not over after {SECONDS} s") from error
    finally:
        caller.close()
    return told
