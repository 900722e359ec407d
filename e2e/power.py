"""Power goes, again and again, on two file systems: what was answered must be there. See `run`."""

import asyncio
import json
import os
import random
import re
import time
from collections import Counter
from datetime import datetime

import load
from common import Failed, Gateway, all_in, check, models_at, need, until, verify
from disk import LoopDisk, forget_rings
from story_model import answer

POWER_CUTS = int(os.environ.get("LOOPGATE_POWER_CUTS", "3"))
PADDING = " " * 9_000  # so that segments of 8 MiB are used up and used again
UNFORCED_SECONDS = 1.0  # the age at which a prediction was forced at the latest: 15 ms, and a slow machine's rest
CLOCK_SECONDS = 0.05  # between an entry's time and what its caller saw of it
FIRST_SECONDS = 0.3  # the first calls overlap, so that each caller's connection has one to the model from then on
PROBE_SECONDS = 20  # a disk that failed is asked every 10
PRELOAD = "libeatmydata.so"
# ext4 writes no journal of its own accord here, and with data=journal nothing goes past its cache (O_DIRECT), so that what was
# not forced is lost for sure; they take turns.
MOUNTS = {"ext4": ("commit=300", "commit=300,data=journal"), "xfs": ("",)}


def question(name):
    return name + PADDING


def opinion(name):
    return {"json": {"id": name, "truthful": 1}}


async def serve_model(reader, writer, first=lambda: asyncio.sleep(FIRST_SECONDS)):
    """Answers each name with its own bytes, a caller's first one when `first()` is over."""
    try:
        while True:
            _, headers = await load.read_head(reader)
            await load.read_body(reader, headers)
            body = answer(headers["request-id"])
            if headers["request-id"].endswith("-0"):
                await first()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()  # the gateway went, or all is over


class Predictions(load.Load):
    """Predictions, and when each was sent and answered."""

    def __init__(self, port, per_second, prefix):
        super().__init__(port, per_second, prefix=prefix)
        self.sent, self.kept = {}, {}

    async def ask(self, reader, writer, name):
        self.sent[name] = time.time()
        headers = [f"request-id: {name}"]
        status, _ = await load.exchange(reader, writer, "/model/m/predict", headers, question(name).encode())
        self.note(name, status)
        return status

    def note(self, name, status):
        if status == 200:
            self.kept[name] = time.time()


class Feedbacks(Predictions):
    """Feedback in place of predictions. A 503 is no failure: the disk is gone."""

    async def ask(self, reader, writer, name):
        self.sent[name] = time.time()
        headers = [f"request-id: {name}", "model-name: m", "model-version: 1", "content-type: application/json"]
        status, _ = await load.exchange(reader, writer, "/feedback", headers, json.dumps(opinion(name)["json"]).encode())
        self.note(name, status)
        return 200 if status == 503 else status


class Callers:
    """Those who call one gateway, and what they know of it."""

    def __init__(self, port, number, per_second=100, feedback_per_second=100):
        self.predictions = Predictions(port, per_second, f"p{number}")
        self.feedbacks = Feedbacks(port, feedback_per_second, f"f{number}")
        self.running = []
        self.before = float("inf")  # when what befell it began

    def begin(self):
        self.running = [asyncio.create_task(one.run()) for one in (self.predictions, self.feedbacks)]

    async def end(self):
        for one in (self.predictions, self.feedbacks):
            one.stopping = True
        await asyncio.gather(*self.running)

    def check_served(self):
        for one in (self.predictions, self.feedbacks):
            check(one.answered, f"{one.prefix}: nothing was answered")
            check(not one.failed, f"{one.prefix}: calls failed: {one.failed[:3]}")

    async def is_taken(self, seconds=PROBE_SECONDS):
        """Waits until feedback is taken again."""
        before = len(self.feedbacks.kept)

        async def more():
            return len(self.feedbacks.kept) > before

        await until("feedback to be taken again", more, seconds)

    def durable(self):
        """Predictions that must be there: before a feedback that was answered in the ring, or old enough."""
        forced = max((self.feedbacks.sent[name] for name in self.feedbacks.kept), default=0.0)
        bound = max(forced, self.before - UNFORCED_SECONDS)
        return [name for name, at in self.predictions.kept.items() if at < bound]


class Cut(Callers):
    """Up to the cut."""

    def __init__(self, port, number, chance):
        super().__init__(port, number, 150, 150)
        # In each third life nothing is forced for anybody's sake before the cut: predictions are on their own.
        self.quiet = 1.6 if number % 3 == 2 else 0.0
        self.seconds = chance.uniform(0.8, 2.0)

    async def live(self, disk):
        self.begin()
        await asyncio.sleep(self.seconds)
        if self.quiet:
            self.feedbacks.stopping = True
            await asyncio.sleep(self.quiet)
        self.before = time.time()
        await asyncio.to_thread(disk.cut_power)
        await asyncio.sleep(0.2)  # whoever is answered 200 now was lied to, or is on the disk


def keep_config(file, model_port):
    """The gateway's configuration, on the disk for good: a cut is not to take that."""
    with open(file, "w") as config:
        config.write(models_at(model_port))
        config.flush()
        os.fsync(config.fileno())
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


async def cuts(scratch, disk, count, seed, environment=None, options=()):
    """Cuts power so often; the lives before them, and the gateway's data, shipped by one life more."""
    chance = random.Random(seed)
    model = await asyncio.start_server(serve_model, "127.0.0.1", 0)
    data = disk.mount / "data"
    port = model.sockets[0].getsockname()[1]
    keep_config(disk.mount / "loopgate.yaml", port)
    lives = []

    def start():
        return Gateway(data, port, scratch / "gateway.log", options, environment=environment)

    try:
        for number in range(count):
            gateway = await asyncio.to_thread(start)
            life = Cut(gateway.port, number, chance)
            try:
                await life.live(disk)
            finally:
                gateway.kill()
                await life.end()
            lives.append(life)
            forget_rings(data)
            disk.remount(MOUNTS[disk.kind][(number + 1) % len(MOUNTS[disk.kind])])
        if environment is None:
            said = await asyncio.to_thread(verify, data, {3})  # the ring is gone: what it held is not known
            check("ring" in said, f"verify names no ring that is gone: {said}")
        gateway = await asyncio.to_thread(start)
        try:
            await asyncio.to_thread(gateway.stop)
        finally:
            gateway.kill()
    finally:
        model.close()
    return lives, data


def records(files, stream):
    """Name and record of each line."""
    for path in sorted(files.glob(f"{stream}/**/*.json")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            yield record["request_id"], record


def once(files, stream, of, sent, right):
    """The names found; none twice, none that was not sent, each with its own bytes."""
    found = set()
    for name, record in records(files, stream):
        check(name not in found, f"{stream}: found twice: {name}")
        check(name in sent, f"{stream}: invented: {name}")
        check(record[of] == right(name), f"{stream}: {name}: other bytes: {str(record[of])[:80]}")
        found.add(name)
    return found


def manifests(files):
    """The last word on each hour."""
    latest = {}
    for path in files.glob("_manifest/**/*.json"):
        manifest = json.loads(path.read_text())
        key = manifest["spool"], manifest["hour"]
        if key not in latest or latest[key]["revision"] < manifest["revision"]:
            latest[key] = manifest
    return list(latest.values())


def gaps(files):
    """What the manifests say is not known, as pairs of seconds."""
    found = {(gap["from"], gap["to"]) for manifest in manifests(files) for gap in manifest["gaps"]}
    return [tuple(datetime.fromisoformat(at).timestamp() for at in gap) for gap in found]


def judge_records(lives, files, also=()):
    """Predictions found; each record is right and there once, each feedback that was answered 200 is among them.

    Records of `also` may be there, right and once; one of its windows may be published in part.
    """
    asked = {name for life in (*lives, *also) for name in life.predictions.sent}
    given = {name for life in (*lives, *also) for name in life.feedbacks.sent}
    feedbacks = once(files, "feedback", "payload", given, opinion)
    found = once(files, "request_response", "request_content", asked, question)
    bodies = once(files, "response_body", "response_content", asked, lambda name: answer(name).decode())
    odd = (found ^ bodies) - {name for life in also for name in life.predictions.sent}
    check(not odd, f"request without response, or the other way: {sorted(odd)[:3]}")
    thanked = [name for life in lives for name in life.feedbacks.kept]
    check(thanked, "no feedback was answered at all")
    all_in(dict.fromkeys(feedbacks, 1), "feedback", thanked)
    return found


def counted(lives, files):
    """Each prediction is found or counted as dropped, while no ring is lost; so many were dropped."""
    found = judge_records(lives, files)
    rows = [row for manifest in manifests(files) for row in manifest["totals"] if row["kind"] == "prediction"]
    reasons = Counter()
    for row in rows:
        reasons.update(row["dropped"])
    killed = reasons.pop("gateway_killed", 0)  # those were not answered whole
    dropped = reasons.total()
    answered = sum(name not in found for life in lives for name in life.predictions.kept)
    asked = sum(name not in found for life in lives for name in life.predictions.sent)
    counts = f"dropped={dict(reasons)}, killed={killed}, not found: answered={answered}, asked={asked}"
    check(answered <= dropped and dropped + killed <= asked, counts)
    return dropped


def judge(lives, files):
    """Everything that holds where rings were lost; a line of figures."""
    asked = {name: at for life in lives for name, at in life.predictions.sent.items()}
    thanked = [name for life in lives for name in life.feedbacks.kept]
    found = judge_records(lives, files)
    all_in(dict.fromkeys(found, 1), "request_response", [name for life in lives for name in life.durable()])
    told, lost, oldest = gaps(files), 0, 0.0
    for life in lives:
        for name, at in life.predictions.kept.items():
            if name in found:
                continue
            within = any(
                begin - CLOCK_SECONDS <= at and asked[name] <= end + CLOCK_SECONDS for begin, end in told
            )
            check(within, f"{name}, answered {life.before - at:.3f} s before the cut, is lost and in no gap: {told}")
            if at < life.before:
                lost += 1
                oldest = max(oldest, life.before - at)
    answered = sum(len(life.predictions.kept) for life in lives)
    return (
        f"{len(thanked)} feedbacks answered 200 and found; {answered} predictions answered, {lost} of"
        f" those before it lost, the oldest {oldest * 1e3:.0f} ms old; {len(told)} gaps"
    )


async def power_cut(scratch):
    """Row 4: power goes under load; what was forced is there once, byte for byte, and the rest lies in a gap that is told."""
    seed = int(os.environ.get("LOOPGATE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    for kind in ("ext4", "xfs"):
        begin = time.monotonic()
        (scratch / kind).mkdir()
        with LoopDisk(scratch / kind, kind, options=MOUNTS[kind][0]) as disk:
            try:
                lives, data = await cuts(scratch / kind, disk, POWER_CUTS, seed)
                figures = judge(lives, data / "files")
                said = await asyncio.to_thread(verify, data, {0, 3})
                told = sum(map(int, re.findall(r" gaps=(\d+)", said)))
                noted = sum(len(manifest["gaps"]) for manifest in manifests(data / "files"))
                check(told == noted, f"gaps: told={told}, noted={noted}: {said}")
            except Failed as error:
                raise Failed(f"{kind}: {error}; LOOPGATE_SEED={seed} cuts at the same moments") from error
        verdict = f"{time.monotonic() - begin:.1f} s; verify: {said.splitlines()[-1]}"
        print(f"power-cut: {kind}: {POWER_CUTS} cuts: {figures}; {verdict}", flush=True)


async def power_cut_without_syncs(scratch):
    """The proof that `power-cut` can fail: with every sync turned into nothing it must find that feedback is lost."""
    need("eatmydata", "eatmydata")
    with LoopDisk(scratch, options=MOUNTS["ext4"][0]) as disk:
        lives, data = await cuts(scratch, disk, 1, 1, {"LD_PRELOAD": PRELOAD})
        try:
            figures = judge(lives, data / "files")
        except Failed as error:
            check("feedback: answered but not found" in str(error), f"another loss was found: {error}")
            print(f"power-cut-without-syncs: found, as it must be: {error}")
        else:
            raise Failed(f"no loss was found without any sync: {figures}")
