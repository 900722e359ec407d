"""One long story: a gateway under a constant rate that ships to S3, while its store goes away, its disk stands still and it is
killed again and again. In the end a stranger counts what lies in the store. `story-fluentd` is the same with a Fluentd beside the
files, which loses acks. See `run`.
"""

import asyncio
import bisect
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from array import array
from dataclasses import dataclass

import disk
import fluentd
import load
from clients import run
from common import Failed, Gateway, free_port, metric, python_with, until, verify
from receivers import Strict
from store import Store
from story_model import answer
from story_report import AWAY, CATCHING_UP, DISK_FROZEN, MOMENTS, NEAR_KILL, QUIET, STORE_GONE, STORE_STANDS, WARMING, WINDOW
from story_report import judge, ledger, report

DUCKDB = "duckdb==2.0.0"
HERE = pathlib.Path(__file__).resolve().parent
READER = str(HERE / "reader_duckdb.py")
MODEL = str(HERE / "story_model.py")
READ_SECONDS = 900  # of the reader, at most
PREFIX = "story"
GRACE_SECONDS = 120
CATCH_UP_SECONDS = 150
AIM_SECONDS = 5
OFTEN = 0.5  # seconds between two looks at the metrics

ACK_FAULTS = ("no-ack", "wrong", "late 1", "split", "reset")

@dataclass(frozen=True)
class Form:
    """How long it is told. All times are seconds from the begin of the load.

    First come faults with no kill among them, whose latencies are compared; from `kills_from` on everything comes at once.
    """

    seconds: int
    per_second: int
    connections: int
    feedback_per_second: int
    question_bytes: int
    ring: str  # holds what comes in the longest stall of the disk, also from callers that catch up after a kill
    faults: tuple  # (at, what, for how long)
    kills: int  # at random
    aimed: int  # more of them, each in the middle of a window's files
    kills_from: int
    warm: int  # a JVM's first seconds, after a start or a kill
    ratio: float  # p99 of serving in a fault against the quiet one
    floor: float  # seconds; below this p99 the machine's noise is larger than what is asked for


# Beside everything else that a small build server does the short form is for loss and order; its latencies only show that
# nobody waits for a store or a disk, which would be seconds.
SHORT = Form(
    seconds=64,
    per_second=300,
    connections=16,
    feedback_per_second=20,
    question_bytes=12_000,  # so that files are larger than what a socket takes before anybody has read it
    ring="64MiB",
    faults=(
        (14, STORE_STANDS, 8),
        (27, DISK_FROZEN, 3),
        (38, STORE_GONE, 8),
        (50, DISK_FROZEN, 2),
    ),
    kills=2,
    aimed=1,
    kills_from=33,
    warm=6,
    ratio=5,
    floor=0.1,
)
LONG = Form(
    seconds=600,
    per_second=2000,
    connections=64,
    feedback_per_second=100,
    question_bytes=500,
    ring="256MiB",
    faults=(
        (70, STORE_STANDS, 40),
        (150, STORE_GONE, 40),
        (230, DISK_FROZEN, 5),
        (270, STORE_STANDS, 15),
        (310, STORE_GONE, 60),
        (340, DISK_FROZEN, 5),
        (410, DISK_FROZEN, 4),
        (440, STORE_GONE, 20),
        (490, STORE_STANDS, 35),
        (550, DISK_FROZEN, 3),
    ),
    kills=8,
    aimed=2,
    kills_from=245,
    warm=20,
    ratio=1.2,
    floor=0.01,
)


class Journal:
    """What a caller knows: names of what it sent, and of what was answered whole, a line each; and how long that took."""

    def __init__(self, folder, kind):
        folder.mkdir(exist_ok=True)
        self.files = [open(folder / f"{kind}.{what}", "w", buffering=1 << 16) for what in ("sent", "answered")]
        self.sent = 0
        self.last = None
        self.dues, self.seconds = array("d"), array("d")

    def __len__(self):
        return len(self.dues)

    def send(self, name):
        self.sent += 1
        self.files[0].write(name + "\n")

    def append(self, answered):
        self.last, due, seconds = answered
        self.files[1].write(self.last + "\n")
        self.dues.append(due)
        self.seconds.append(seconds)

    def close(self):
        for file in self.files:
            file.close()


class Predictions(load.Load):
    """Predictions of which each is answered with its own bytes."""

    def __init__(self, port, form, folder):
        super().__init__(port, form.per_second, form.connections)
        self.answered = Journal(folder, "predictions")
        self.padding = " " * form.question_bytes
        self.strange = []

    async def ask(self, reader, writer, name):
        self.answered.send(name)
        headers = [f"request-id: {name}"]
        status, body = await load.exchange(reader, writer, "/model/m/predict", headers, (name + self.padding).encode())
        if status == 200 and body != answer(name):
            self.strange.append(name)
        return status


class Feedbacks(load.Load):
    """Feedback for what was answered last, each with a key of its own."""

    def __init__(self, port, form, folder, predictions):
        super().__init__(port, form.feedback_per_second, connections=4, prefix="f")
        self.answered = Journal(folder, "feedbacks")
        self.predictions = predictions

    async def ask(self, reader, writer, name):
        while self.predictions.answered.last is None:
            await asyncio.sleep(0.05)
        self.answered.send(name)
        headers = [f"request-id: {self.predictions.answered.last}", "model-name: m", "model-version: 1"]
        headers += ["content-type: application/json", f"idempotency-key: {name}"]
        body = json.dumps({"id": name, "truthful": 1}).encode()
        status, _ = await load.exchange(reader, writer, "/feedback", headers, body)
        return status


class Story:
    """The parts and what became of them. Times in it are those of `time.monotonic`."""

    def __init__(self, scratch, form, seed, mount, store, receiver=None):
        self.scratch, self.form, self.seed, self.mount, self.store = scratch, form, seed, mount, store
        self.receiver = receiver
        self.data = mount.mount / "data"
        self.port = free_port()
        self.gateway = None
        self.model_port = None
        chance = self.chance = random.Random(seed)
        kills = [i >= form.kills for i in range(form.kills + form.aimed)]
        self.kills_at = sorted((chance.uniform(form.kills_from, form.seconds - 2), aimed) for aimed in kills)
        self.killed = []  # when
        self.spans = []  # (what, begin, end)
        self.outages = []  # (what, begin, end)
        self.looks = []  # (when, entries that are in no file, bytes of them, kilobytes of anonymous memory)

    def start_gateway(self):
        options = [*self.store.options(PREFIX), "--grace", f"{GRACE_SECONDS}s", "--spool.ring-bytes", self.form.ring]
        log = self.scratch / "gateway.log"
        environment = self.store.environment
        self.gateway = Gateway(self.data, self.model_port, log, options, self.port, environment=environment)

    async def start_parts(self):
        await self.store.start()
        if self.receiver:
            await self.receiver.start()
            url = f"fluentd://127.0.0.1:{self.receiver.port}"
            config = self.mount.mount / "loopgate.yaml"
            config.write_text(fluentd.CONFIG.format(model=self.model_port, url=url))
        await asyncio.to_thread(self.start_gateway)

    async def at(self, seconds):
        await asyncio.sleep(max(0.0, self.begin + seconds - time.monotonic()))

    async def fault(self, at, what, seconds):
        await self.at(at)
        begin = time.monotonic()
        match what:
            case "disk frozen":
                await asyncio.to_thread(self.mount.freeze)
                await self.at(at + seconds)
                await asyncio.to_thread(self.mount.thaw)
            case "store stands still":
                self.store.stand_still()
                await self.at(at + seconds)
                self.store.go_on()
            case "store gone":
                await asyncio.to_thread(self.store.kill)
                await self.at(at + seconds)
                await self.store.start()
        end = time.monotonic()
        self.spans.append((DISK_FROZEN if what == DISK_FROZEN else AWAY, begin, end))
        if what != DISK_FROZEN:
            self.outages.append((what, begin, end))
        print(f"story: {at} s: {what} for {end - begin:.1f} s", flush=True)

    async def kill(self):
        """One kill after the other; one that is due while the gateway starts comes right after it serves."""
        for at, aimed in self.kills_at:
            await self.at(at)
            hit = aimed and await self.window_is_half_published()
            begin = time.monotonic()
            self.killed.append(begin)
            await asyncio.to_thread(self.gateway.kill)
            dead = time.monotonic()
            await asyncio.to_thread(self.start_gateway)
            serves = time.monotonic()
            self.spans.append((NEAR_KILL, begin, serves + self.form.warm))
            print(
                f"story: {begin - self.begin:.1f} s: killed{' between two files of a window' if hit else ''};"
                f" dead after {dead - begin:.1f} s, serves after {serves - dead:.1f} s",
                flush=True,
            )

    async def window_is_half_published(self):
        """Waits for the first file of a window to come to the store; False when none comes for a while."""
        folders = [folder for folder in (self.store.objects / PREFIX / "request_response").rglob("day=*")]
        before = sum(len(os.listdir(folder)) for folder in folders)
        deadline = time.monotonic() + AIM_SECONDS
        while time.monotonic() < deadline:
            if sum(len(os.listdir(folder)) for folder in folders) > before:
                return True
            await asyncio.sleep(0.001)
        return False

    async def lose_acks(self):
        """What a Fluentd may do to a sender, as long as there is load; at some moment nobody listens."""
        away, given = self.chance.uniform(0.2, 0.8) * self.form.seconds, 0
        for at in range(2, self.form.seconds - 2, 2):
            await self.at(at)
            if given == sum(chunk["did"] != "ack" for chunk in self.receiver.chunks()):
                self.receiver.order(self.chance.choice(ACK_FAULTS))
                given += 1
            if away and at > away:
                away = None
                self.receiver.kill()  # with the order that it may still have had
                given = sum(chunk["did"] != "ack" for chunk in self.receiver.chunks())
                await asyncio.sleep(3)
                await self.receiver.start()

    async def look(self):
        """What the gateway says of itself, again and again."""
        while True:
            await asyncio.sleep(OFTEN)
            await self.look_once()

    async def look_once(self):
        """How many entries are in no file, or None."""
        try:
            _, text, _ = await load.get(self.port, "/metrics")
            status = pathlib.Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        except (OSError, EOFError):
            return None  # it was killed
        memory = re.search(r"RssAnon:\s+(\d+)", status)
        entries = metric(text, "loopgate_ledger_in_ring") + metric(text, "loopgate_ledger_pending")
        unshipped = metric(text, "loopgate_unshipped_bytes")
        self.looks.append((time.monotonic(), entries, unshipped, int(memory.group(1)) if memory else 0))
        return entries

    async def is_shipped(self):
        return await self.look_once() == 0

    async def tell(self):
        """All of it, to a gateway that has stopped."""
        form = self.form
        await self.start_parts()
        self.begin = time.monotonic()
        self.predictions = Predictions(self.port, form, self.scratch / "journal")
        self.feedbacks = Feedbacks(self.port, form, self.scratch / "journal", self.predictions)
        callers = (self.predictions, self.feedbacks)
        running = [asyncio.create_task(one.run()) for one in callers]
        running += [asyncio.create_task(self.fault(*fault)) for fault in form.faults]
        running.append(asyncio.create_task(self.kill()))
        if self.receiver:
            running.append(asyncio.create_task(self.lose_acks()))
        looking = asyncio.create_task(self.look())
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION, timeout=form.seconds)
            for one in callers:
                one.stopping = True
            await asyncio.gather(*running)
            self.end = time.monotonic()
            await until("all of it to be shipped", self.is_shipped, CATCH_UP_SECONDS)
            self.caught_up = time.monotonic()
        finally:
            for task in (looking, *running):
                task.cancel()
            for one in callers:
                one.answered.close()
        await asyncio.to_thread(self.gateway.stop, GRACE_SECONDS + 10)

    def catch_ups(self):
        """(what, how long it took, seconds from its end until all was shipped; None where the next fault was faster)."""
        found = []
        few = (WINDOW + 2) * (self.form.per_second + self.form.feedback_per_second)  # what waits when nothing is wrong
        disturbances = sorted(begin for what, begin, _ in self.spans if what in (AWAY, NEAR_KILL, DISK_FROZEN))
        for what, begin, end in sorted(self.outages, key=lambda one: one[1]):
            until_next = min((one for one in disturbances if one > begin), default=float("inf"))
            shipped = next((when for when, entries, *_ in self.looks if when > end and entries <= few), self.caught_up)
            found.append((what, end - begin, shipped - end if shipped < until_next else None))
            self.spans.append((CATCHING_UP, end, min(shipped, until_next)))
        return found

    def latencies(self):
        """What a moment was: (seconds of it, sorted latencies of the predictions that were due then)."""
        spans = [*self.spans, (WARMING, self.begin, self.begin + self.form.warm), (QUIET, self.begin, self.end)]
        edges = sorted({edge for _, begin, end in spans for edge in (begin, end)} | {self.begin, self.end})
        whats, lengths = [], dict.fromkeys(MOMENTS, 0.0)
        for begin, end in zip(edges, edges[1:]):
            middle = (begin + end) / 2
            there = {what for what, first, last in spans if first <= middle < last}
            whats.append(next((what for what in MOMENTS if what in there), QUIET))
            lengths[whats[-1]] += end - begin if begin < self.end else 0
        found = {what: array("d") for what in MOMENTS}
        for due, seconds in zip(self.predictions.answered.dues, self.predictions.answered.seconds):
            at = min(len(whats) - 1, max(0, bisect.bisect_right(edges, due) - 1))
            found[whats[at]].append(seconds)
        return {what: (lengths[what], sorted(found[what])) for what in MOMENTS}


def keep(scratch, mount):
    """A copy of all that is there, for whoever looks for the reason."""
    kept = pathlib.Path(tempfile.mkdtemp(prefix="loopgate-story-kept-"))
    subprocess.run(["fsfreeze", "--unfreeze", str(mount.mount)], capture_output=True)
    for folder in (mount.mount / "data", scratch / "store", scratch / "journal", scratch / "receiver"):
        if folder.exists():
            shutil.copytree(folder, kept / folder.name)
    for ring in disk.rings(mount.mount / "data"):
        shutil.copytree(ring, kept / ring.name) if ring.is_dir() else shutil.copy(ring, kept)
    for log in scratch.glob("*.log"):
        shutil.copy(log, kept)
    return kept


async def story(scratch, receiver=None):
    """Told in its short form, or with LOOPGATE_NIGHTLY=1 in its long one."""
    form = LONG if os.environ.get("LOOPGATE_NIGHTLY") == "1" else SHORT
    seed = int(os.environ.get("LOOPGATE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    print(
        f"story: {form.seconds} s at {form.per_second}/s; {form.kills} kills at random and {form.aimed} between two files of a"
        f" window; LOOPGATE_SEED={seed} kills at the same moments",
        flush=True,
    )
    python = await asyncio.to_thread(python_with, "duckdb", DUCKDB)
    store = await asyncio.to_thread(Store, scratch)
    command = [sys.executable, MODEL]
    model = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with disk.LoopDisk(scratch) as mount:
        told = Story(scratch, form, seed, mount, store, receiver)
        try:
            told.model_port = int(model.stdout.readline())
            try:
                await told.tell()
                said = await asyncio.to_thread(verify, told.data, {0}, store.options(PREFIX), store.environment)
            finally:
                for part in (told.gateway, store, receiver):
                    if part:
                        part.kill()
                model.kill()
                model.wait()
            print("story: verify: " + said.strip().replace("\n", "\nstory: verify: "), flush=True)
            told.caught, told.moments = told.catch_ups(), told.latencies()
            root = store.objects / PREFIX
            arguments = [str(root), str(scratch / "journal"), str(form.question_bytes)]
            arguments += [str(receiver.file)] if receiver else []
            found = json.loads(await run(python, READER, *arguments, seconds=READ_SECONDS))
            counts = ledger(root)
            report(told, found, counts)
            judge(told, found, counts)
        except Exception as error:
            kept = await asyncio.to_thread(keep, scratch, mount)
            raise Failed(f"{error}; seed {seed}; all that was there is kept in {kept}") from error


async def story_fluentd(scratch):
    """The same with a Fluentd beside the files."""
    await story(scratch, Strict(scratch / "receiver", brief=True))
