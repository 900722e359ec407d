"""A Fluentd that takes nothing on trust, and loses acks when it is told to.

    receiver_strict.py PORT FOLDER [brief]

It takes Forward and PackedForward mode. What it took whole stands in FOLDER before any ack: `events`, a JSON line each (tag, time, record,
chunk), and `chunks` (when, chunk, tag, count, digest of its bytes, what was done). What is not as the protocol has it stands in
`errors`, and its connection is closed. With `brief` a record's names are all that is kept of it.

Each line of stdin says what is done with one chunk to come, in their order; without one a chunk is acked at once:

    no-ack      the connection is closed in place of an ack
    wrong       another chunk is acked
    late N      acked after N seconds
    split       the ack comes in two writes
    reset       the connection is reset when the chunk has begun to come, nothing of it is kept
    hold        no ack, and the connection stays
"""

import asyncio
import base64
import binascii
import hashlib
import json
import pathlib
import socket
import struct
import sys
import time
from collections import deque

import msgpack

SPLIT_SECONDS = 0.3
MESSAGE_BYTES_MAX = 64 << 20
BRIEF = ("request_id", "idempotency_key")


class Broken(Exception):
    """What came is not as the protocol has it."""


def demand(holds, what):
    if not holds:
        raise Broken(what)


def event_time(value):
    """Seconds and nanoseconds: an EventTime, or whole seconds."""
    if isinstance(value, int) and not isinstance(value, bool):
        return [value, 0]
    demand(isinstance(value, msgpack.ExtType) and value.code == 0 and len(value.data) == 8, f"time: {value!r}")
    seconds, nanos = struct.unpack(">II", value.data)
    demand(nanos < 1_000_000_000, f"time: nanoseconds={nanos}")
    return [seconds, nanos]


def parse(message):
    """Tag, entries and chunk id of a message in Forward or PackedForward mode."""
    demand(isinstance(message, list) and len(message) == 3, f"a message of 3 is allowed: {str(message)[:200]}")
    tag, entries, option = message
    demand(isinstance(tag, str) and tag, f"tag: {tag!r}")
    if isinstance(entries, bytes):
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=True, max_buffer_size=MESSAGE_BYTES_MAX)
        unpacker.feed(entries)
        entries = list(unpacker)
        demand(unpacker.tell() == len(message[1]), "entries: bytes are left over")
    demand(isinstance(entries, list), f"entries: {type(entries)}: neither Forward nor PackedForward mode")
    demand(isinstance(option, dict) and set(option) == {"chunk", "size"}, f"option: {option!r}")
    demand(option["size"] == len(entries), f"size={option['size']}, entries={len(entries)}")
    chunk = option["chunk"]
    demand(isinstance(chunk, str) and chunk, f"chunk: {chunk!r}")
    try:
        base64.b64decode(chunk, validate=True)
    except binascii.Error as error:
        raise Broken(f"chunk: {chunk!r}: {error}") from error
    for entry in entries:
        demand(isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], dict), f"entry: {str(entry)[:200]}")
    return tag, [(event_time(at), record) for at, record in entries], chunk


class Receiver:
    def __init__(self, folder, brief):
        self.brief = brief
        self.events, self.chunks, self.errors = (open(folder / name, "a") for name in ("events", "chunks", "errors"))
        self.orders = deque()
        self.connections = 0

    def say(self, file, **line):
        file.write(json.dumps(line) + "\n")
        file.flush()

    async def serve(self, reader, writer):
        self.connections += 1
        number = self.connections
        unpacker = msgpack.Unpacker(max_buffer_size=MESSAGE_BYTES_MAX)
        rest, at = bytearray(), 0  # what is not parsed yet, and where in the stream it begins
        try:
            while data := await reader.read(1 << 20):
                rest += data
                if self.orders and self.orders[0] == "reset":
                    self.orders.popleft()
                    self.say(self.chunks, when=time.monotonic(), connection=number, did="reset", bytes=len(rest))
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    writer.transport.abort()
                    return
                unpacker.feed(data)
                for message in unpacker:
                    size = unpacker.tell() - at
                    digest = hashlib.sha256(rest[:size]).hexdigest()
                    del rest[:size]
                    at += size
                    if not await self.take(writer, number, *parse(message), digest):
                        return
        except (Broken, ValueError, msgpack.UnpackException) as error:
            self.say(self.errors, connection=number, error=repr(error))
        except (ConnectionError, asyncio.CancelledError):
            pass  # the sender went
        finally:
            writer.close()

    async def take(self, writer, number, tag, entries, chunk, digest):
        """Keeps a chunk and does with it as told; whether the connection lives on."""
        came = time.monotonic()
        for at, record in entries:
            if self.brief:
                record = {name: record[name] for name in BRIEF if name in record}
            self.events.write(json.dumps({"tag": tag, "time": at, "record": record, "chunk": chunk}) + "\n")
        self.events.flush()
        order, *seconds = (self.orders.popleft() if self.orders else "ack").split()
        line = {"came": came, "connection": number, "chunk": chunk, "tag": tag, "count": len(entries), "digest": digest}
        ack = msgpack.packb({"ack": chunk})
        match order:
            case "hold":
                self.say(self.chunks, when=time.monotonic(), did="hold", **line)
                await asyncio.Event().wait()
            case "wrong":
                writer.write(msgpack.packb({"ack": base64.b64encode(b"another chunk").decode()}))
            case "late":
                await asyncio.sleep(float(seconds[0]))
                writer.write(ack)
            case "split":
                writer.write(ack[: len(ack) // 2])
                await writer.drain()
                await asyncio.sleep(SPLIT_SECONDS)
                writer.write(ack[len(ack) // 2 :])
            case "ack":
                writer.write(ack)
        await writer.drain()
        self.say(self.chunks, when=time.monotonic(), did=order, **line)
        return order != "no-ack"


async def main(port, folder, brief=None):
    receiver = Receiver(pathlib.Path(folder), brief == "brief")
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", int(port))
    print("ready", flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        receiver.orders.append(line.decode().strip())
    server.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
