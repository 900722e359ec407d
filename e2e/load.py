"""Callers at a steady rate and the model they call, in one event loop; Python's library is enough."""

import asyncio
import time

ANSWER = b"w" * 2000
CONNECTIONS = 8  # of a load's callers


async def read_head(reader):
    """Start line and headers of the next message."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:]:
        if line:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
    return head[0], headers


async def read_body(reader, headers):
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while True:
            line = await reader.readline()
            if not line:
                raise ConnectionError("the other side is gone")
            size = int(line.split(b";")[0], 16)
            body += await reader.readexactly(size)
            await reader.readline()
            if size == 0:
                return body
    return await reader.readexactly(int(headers.get("content-length", "0")))


async def serve_model(reader, writer):
    """Answers every request with the same 2,000 bytes, on a kept connection."""
    try:
        while True:
            _, headers = await read_head(reader)
            await read_body(reader, headers)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()  # the gateway went, or the test is over


class Load:
    """Predictions at a constant rate over a few connections; each remembers when it was due.

    Latency counts from the moment a request was due, so that a stall is seen by all that it delays.
    """

    def __init__(self, port, per_second=200, connections=CONNECTIONS, prefix="p"):
        self.port = port
        self.per_second = per_second
        self.connections = connections
        self.prefix = prefix
        self.answered = []  # (id, due, seconds)
        self.failed = []
        self.stopping = False

    async def run(self):
        begin = time.monotonic()
        await asyncio.gather(*(self.call(i, begin) for i in range(self.connections)))

    async def call(self, number, begin):
        reader = writer = None
        count = 0
        every = self.connections / self.per_second
        while not self.stopping:
            due = begin + (number / self.per_second) + count * every
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            name = f"{self.prefix}-{number}-{count}"
            count += 1
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                status = await self.ask(reader, writer, name)
                if status != 200:
                    raise ConnectionError(f"status={status}")
                self.answered.append((name, due, time.monotonic() - due))
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                self.failed.append(f"{name}: {error!r}")
                if writer is not None:
                    writer.close()
                writer = None

    async def ask(self, reader, writer, name):
        """One exchange; its status."""
        body = (name + " " * 500).encode()
        status, _ = await exchange(
            reader, writer, "/model/m/predict", [f"request-id: {name}"], body
        )
        return status

    def latencies(self, since, until):
        return sorted(s for _, due, s in self.answered if since <= due < until)


async def exchange(reader, writer, target, headers, body):
    head = [f"POST {target} HTTP/1.1", "host: t", f"content-length: {len(body)}", *headers]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + body)
    await writer.drain()
    line, answer_headers = await read_head(reader)
    return int(line.split(" ")[1]), await read_body(reader, answer_headers)


class FeedbackLoad(Load):
    """Feedback in place of predictions."""

    async def ask(self, reader, writer, name):
        return await give_feedback(reader, writer, name)


async def give_feedback(reader, writer, name):
    """One feedback; its status."""
    headers = ["model-name: m", "model-version: 1", "content-type: application/json"]
    status, _ = await exchange(
        reader, writer, "/feedback", [f"request-id: {name}", *headers], b'{"truthful":1}'
    )
    return status


async def feedback(port, name):
    """One feedback on a connection of its own: status and seconds."""
    begin = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    status = await give_feedback(reader, writer, name)
    writer.close()
    return status, time.monotonic() - begin


async def get(port, target):
    """Status, body and seconds of one GET."""
    begin = time.monotonic()
    status, _, body = await get_all(port, target)
    return status, body.decode(), time.monotonic() - begin


async def get_all(port, target):
    """Status, headers and body of one GET."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {target} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n".encode())
    line, headers = await read_head(reader)
    body = await read_body(reader, headers)
    writer.close()
    return int(line.split(" ")[1]), headers, body


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")
