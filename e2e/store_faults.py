"""What stands between gateways and their store: answers that are lost, uploads that land late, storms of refusals, a kilobyte a
second, a name that nobody resolves, silence at the stop. And a gateway that itself stands still. See `run`.

The rows are those of docs/faults.md; the store is versitygw, whose objects are counted as plain files.
"""

import asyncio
import contextlib
import os
import pathlib
import random
import re
import signal
import time
from collections import Counter

import load
from common import Failed, Gateway, all_in, check, found_in, free_port, metric, need, until, verify
from store import BUCKET, Store

STORM_SECONDS = 15
GATEWAYS = 3
KILLS = 2  # of each gateway
SLOW_BYTES = 1024  # a second
STOPS = (1, 5, 20) if os.environ.get("LOOPGATE_NIGHTLY") == "1" else (1, 5)  # seconds of grace
OVER = 3  # seconds that a stop may take beside its grace: the launcher, and a busy machine
STILL_SECONDS = 10
RSS_MAX = 700 << 20  # heap 128 MiB, direct and mapped memory within their own bounds; what a JVM needs beside them

# How often each comes in a storm; what is left passes.
STORM = {"lost": 0.10, "cut": 0.05, "late": 0.10, "flipped": 0.05, "slow-down": 0.08, "broken": 0.05, "conflict": 0.04}
REFUSALS = {
    "slow-down": (503, "SlowDown"),
    "broken": (500, "InternalError"),
    "conflict": (409, "ConditionalRequestConflict"),
}


class Door:
    """In front of a store's port: each exchange has a connection of its own, and what becomes of it `chooses` says.

    A name of `STORM`, or `pass`, `slow` (a kilobyte a second), `silent` (no answer before `chooses` says otherwise).
    """

    def __init__(self, port, chooses=lambda: "pass"):
        self.port = port
        self.chooses = chooses
        self.did = Counter()
        self.made = Counter()  # by target: how often the store said that it created it
        self.landing = set()  # uploads whose client was told nothing
        self.exchanges = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.own_port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in [*self.exchanges, *self.landing]:
            task.cancel()

    def options(self, prefix, host="127.0.0.1"):
        return ["--files", f"s3://{BUCKET}/{prefix}", "--s3.endpoint", f"http://{host}:{self.own_port}"]

    async def serve(self, reader, writer):
        task = asyncio.current_task()
        self.exchanges.add(task)
        try:
            await self.exchange(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # a connection that was not used, or a client that left: a gateway that was killed
        finally:
            self.exchanges.discard(task)
            with contextlib.suppress(OSError):
                writer.transport.abort()

    async def exchange(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        text = head.decode("latin-1")
        target = text.split(" ", 2)[1].split("?")[0]
        fault = self.chooses()
        self.did[fault] += 1
        while fault == "silent":
            await asyncio.sleep(0.05)
            fault = "pass" if self.chooses() != "silent" else fault
        if fault in REFUSALS:
            status, code = REFUSALS[fault]
            body = f"<Error><Code>{code}</Code><Message>planted</Message></Error>"
            answer = f"HTTP/1.1 {status} Planted\r\ncontent-type: application/xml\r\ncontent-length: {len(body)}\r\n"
            writer.write(f"{answer}connection: close\r\n\r\n{body}".encode())
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        if "100-continue" in text.lower():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = re.search(r"(?im)^content-length: *(\d+)", text)
        body = await self.body(reader, int(length.group(1)) if length else 0, fault)
        put = text.startswith("PUT ") and len(body) > 0
        if put and fault == "flipped":
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        head = re.sub(rb"(?im)^(expect|connection):.*\r\n", b"", head)[:-2] + b"Connection: close\r\n\r\n"
        if put and fault == "late":
            self.land(head + body, target)
            return
        if put and fault == "cut":
            await self.ask(head + body[: len(body) // 2], target, part=True)
            return
        answer = await self.ask(head + body, target)
        if fault == "lost":
            return
        for at in range(0, len(answer), SLOW_BYTES):
            writer.write(answer[at : at + SLOW_BYTES] if fault == "slow" else answer)
            await writer.drain()
            if fault != "slow":
                break
            await asyncio.sleep(1)
        writer.close()
        await writer.wait_closed()

    async def body(self, reader, length, fault):
        """All of it, in `slow` no more of it a second than `SLOW_BYTES` for as long as that is chosen."""
        body = b""
        while len(body) < length:
            slow = fault == "slow" and self.chooses() == "slow"
            body += await reader.readexactly(min(length - len(body), SLOW_BYTES if slow else length))
            if slow:
                await asyncio.sleep(1)
        return body

    async def ask(self, request, target, part=False):
        """What the store answers; nothing to a part of a request."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            await writer.drain()
            if part:
                return b""
            answer = await reader.read()
        finally:
            writer.close()
        if request.startswith(b"PUT ") and answer.startswith(b"HTTP/1.1 200"):
            self.made[target] += 1
        return answer

    def land(self, request, target):
        """The client is told nothing; the store gets it when the client has given it up."""

        async def landing():
            await asyncio.sleep(random.uniform(0.5, 4))
            with contextlib.suppress(ConnectionError):  # refused before all of it was sent
                await self.ask(request, target)

        task = asyncio.create_task(landing())
        self.landing.add(task)
        task.add_done_callback(self.landing.discard)


class Beside:
    """A gateway with a data directory of its own, its load, and what was answered; it can be killed and comes again at its port."""

    def __init__(self, scratch, name, store, door, model_port, options=(), below=(), host="127.0.0.1"):
        self.folder = scratch / name
        self.folder.mkdir()
        self.name, self.store, self.model_port, self.below = name, store, model_port, below
        self.options = [*door.options(name.split("-")[0], host), *options]
        self.port = free_port()
        self.gateway = None
        self.killed = 0
        self.callers = []
        self.running = []

    async def start(self):
        log, data = self.folder / "gateway.log", self.folder / "data"
        environment = self.store.environment
        more = {"environment": environment, "below": self.below}
        self.gateway = await asyncio.to_thread(Gateway, data, self.model_port, log, self.options, self.port, **more)

    def call(self, predictions=60, feedbacks=10):
        number = len(self.callers)
        more = load.Load(self.port, predictions, connections=4, prefix=f"{self.name}-p{number}")
        told = load.FeedbackLoad(self.port, feedbacks, connections=2, prefix=f"{self.name}-f{number}")
        self.callers += [more, told]
        self.running += [asyncio.create_task(one.run()) for one in (more, told)]

    async def rest(self):
        for one in self.callers:
            one.stopping = True
        await asyncio.gather(*self.running)

    def answered(self, of):
        return [name for one in self.callers if type(one) is of for name, *_ in one.answered]

    async def kill_at(self, times):
        for at in times:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            await asyncio.to_thread(self.gateway.kill)
            self.killed += 1
            await self.start()

    async def metrics(self):
        _, text, _ = await load.get(self.port, "/metrics")
        return text

    async def is_shipped(self):
        text = await self.metrics()
        return metric(text, "loopgate_ledger_in_ring") + metric(text, "loopgate_ledger_pending") == 0

    async def stop(self):
        await asyncio.to_thread(self.gateway.stop)

    def kill(self):
        for task in self.running:
            task.cancel()
        if self.gateway:
            self.gateway.kill()


async def judge(store, prefix, gateways):
    """It balances, and every answered one is in the store's files, once: those files."""
    options = ["--s3.endpoint", f"http://127.0.0.1:{store.port}"]
    said = await asyncio.to_thread(verify, f"s3://{BUCKET}/{prefix}", {0}, options, store.environment)
    check("balanced: hours=" in said, f"{prefix}: verify: {said}")
    root = store.objects / prefix
    for stream, of in (("request_response", load.Load), ("response_body", load.Load), ("feedback", load.FeedbackLoad)):
        all_in(found_in(root, stream), stream, [name for one in gateways for name in one.answered(of)])
    return [path for path in root.rglob("*.json") if "_manifest" not in path.parts]


async def storm(scratch, store, model_port):
    """Rows 11 to 14: three gateways write the same partitions of one bucket through a storm, and each is killed."""
    seed = int(os.environ.get("LOOPGATE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    chance = random.Random(seed)
    blowing = True

    def chooses():
        if not blowing:
            return "pass"
        return chance.choices([*STORM, "pass"], [*STORM.values(), 1 - sum(STORM.values())])[0]

    async with Door(store.port, chooses) as door:
        gateways = [Beside(scratch, f"storm-{i}", store, door, model_port) for i in range(GATEWAYS)]
        try:
            for one in gateways:
                await one.start()
            begin = time.monotonic()
            kills = []
            for one in gateways:
                one.call()
                times = sorted(begin + chance.uniform(2, STORM_SECONDS) for _ in range(KILLS))
                kills.append(asyncio.create_task(one.kill_at(times)))
            await asyncio.sleep(STORM_SECONDS)
            await asyncio.gather(*kills)
            blowing = False
            for one in gateways:
                await one.rest()
            for one in gateways:
                await until(f"{one.name} to ship all (seed {seed})", one.is_shipped, 90)
            for one in gateways:
                await one.stop()
            await asyncio.gather(*door.landing)
        finally:
            for one in gateways:
                one.kill()
        files = await judge(store, "storm", gateways)
        made = {target: count for target, count in door.made.items() if target.endswith(".json")}
        check(len(made) >= len(files), f"files that nobody made: {len(files)} of {len(made)}")
        twice = [target for target, count in made.items() if count > 1]
        check(not twice, f"replaced: {twice[:3]} (seed {seed})")
        answered = sum(len(one.answered(load.Load)) + len(one.answered(load.FeedbackLoad)) for one in gateways)
        check(answered > STORM_SECONDS * 70 * GATEWAYS / 4, f"the load stood still: {answered}")
        hours = Counter(re.match(r"\d{10}", path.name).group() for path in files)
        print(
            f"store-faults: storm: {GATEWAYS} gateways, {sum(one.killed for one in gateways)} kills, {dict(door.did)};"
            f" {answered} answered are in {len(files)} files once each, none replaced; hours {len(hours)}; seed {seed}"
        )


async def slow(scratch, store, model_port):
    """Row 10: a kilobyte a second, then nobody listens, then all is well."""
    mode = "slow"
    async with Door(store.port, lambda: mode) as door:
        one = Beside(scratch, "slow", store, door, model_port)
        try:
            await one.start()
            one.call(100)
            await asyncio.sleep(8)
            behind = metric(await one.metrics(), "loopgate_ledger_pending")
            check(behind > 300, f"slow: only {behind} entries wait: the store is not slow")
            mode = "slow-down"
            await asyncio.sleep(4)
            await one.rest()
            mode = "pass"
            healed = time.monotonic()
            await until("slow: all to be shipped", one.is_shipped, 60)
            took = time.monotonic() - healed
            check(all(not caller.failed for caller in one.callers), f"slow: {one.callers[0].failed[:3]}")
            await one.stop()
        finally:
            one.kill()
        await judge(store, "slow", [one])
        print(f"store-faults: slow: {behind:.0f} entries waited, all shipped {took:.1f} s after it healed")


async def unnamed(scratch, store, model_port):
    """Row 10: nobody resolves the store's name; later somebody does, and the gateway was not started again."""
    need("unshare", "util-linux")
    hosts = scratch / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    host = "store.loopgate.test"
    # A mount namespace of its own, whose /etc/hosts is this file.
    below = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts)]
    async with Door(store.port) as door:
        one = Beside(scratch, "unnamed", store, door, model_port, below=below, host=host)
        try:
            await one.start()
            one.call(30)
            await asyncio.sleep(3)
            await one.rest()
            text = await one.metrics()
            check(metric(text, "loopgate_ledger_pending") > 0, "unnamed: shipped without a name")
            check(metric(text, "loopgate_ship_parked") == 0, "unnamed: parked, though it may pass")
            check(not door.did, "unnamed: the store was asked")
            hosts.write_text(f"127.0.0.1 localhost {host}\n")
            named = time.monotonic()
            await until("unnamed: all to be shipped", one.is_shipped, 60)
            took = time.monotonic() - named
            await one.stop()
            log = (one.folder / "gateway.log").read_text()
            check(host in log, f"unnamed: no word of the name: {log[-2000:]}")
            check("\tat " not in log, f"unnamed: a stack trace: {log[-2000:]}")
        finally:
            one.kill()
        await judge(store, "unnamed", [one])
        print(f"store-faults: unnamed: shipped {took:.1f} s after somebody knew the name")


async def stops(scratch, store, model_port):
    """Row 18: SIGTERM with a backlog and a store that is silent, or gone; what is left is shipped after the next start."""
    mode = "silent"
    async with Door(store.port, lambda: mode) as door:
        gateways = []
        try:
            for grace in STOPS:
                options = ["--grace", f"{grace}s", "--drain", "1s"]
                gateways.append(Beside(scratch, f"stops-{grace}", store, door, model_port, options))
            await asyncio.gather(*(one.start() for one in gateways))
            for one in gateways:
                one.call(50)
            await asyncio.sleep(3)
            for one in gateways:
                await one.rest()

            async def stop(one, grace):
                begin = time.monotonic()
                await asyncio.to_thread(one.gateway.stop, grace + OVER)
                return time.monotonic() - begin

            took = await asyncio.gather(*(stop(one, grace) for one, grace in zip(gateways, STOPS)))
            check(not door.made, f"stops: shipped to a store that is silent: {door.made}")
            mode = "pass"
            for one in gateways:
                await one.start()
            for one in gateways:
                await until(f"{one.name} to ship the rest", one.is_shipped, 60)
                await one.stop()
        finally:
            for one in gateways:
                one.kill()
        await judge(store, "stops", gateways)
        print(
            "store-faults: stops: " + ", ".join(f"grace {grace} s took {one:.1f} s" for grace, one in zip(STOPS, took))
            + "; all was shipped after the next start"
        )


async def stands_still(scratch, store, model_port):
    """Row 19: the gateway itself stands still for 10 s under load; nobody loses anything but time, and its memory is bounded."""
    async with Door(store.port) as door:
        one = Beside(scratch, "still", store, door, model_port)
        try:
            await one.start()
            one.call(200)
            await asyncio.sleep(4)
            one.gateway.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STILL_SECONDS)
            one.gateway.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(6)
            await one.rest()
            check(all(not caller.failed for caller in one.callers), f"still: {one.callers[0].failed[:3]}")
            await until("still: all to be shipped", one.is_shipped, 60)
            status = pathlib.Path(f"/proc/{one.gateway.process.pid}/status").read_text()
            peak = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) << 10
            check(peak < RSS_MAX, f"still: {peak >> 20} MiB of memory")
            await one.stop()
            log = (one.folder / "gateway.log").read_text()
            check("OutOfMemory" not in log, f"still: {log[-2000:]}")
        finally:
            one.kill()
        await judge(store, "still", [one])
        print(f"store-faults: still: {len(one.answered(load.Load))} predictions, none failed, memory at most {peak >> 20} MiB")


async def store_faults(scratch):
    """All of it, against one store."""
    check(os.geteuid() == 0, "missing part: root (a mount namespace)")
    store = await asyncio.to_thread(Store, scratch)
    model = await asyncio.start_server(load.serve_model, "127.0.0.1", 0)
    port = model.sockets[0].getsockname()[1]
    try:
        await store.start()
        # Those that mostly wait run side by side.
        for parts in ((storm,), (slow, unnamed, stops, stands_still)):
            begin = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(part(scratch, store, port))
            names = ", ".join(part.__name__ for part in parts)
            print(f"store-faults: {names}: {time.monotonic() - begin:.0f} s", flush=True)
    except* Failed as failures:
        raise failures.exceptions[0]
    finally:
        store.kill()
        model.close()
