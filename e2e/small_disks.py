"""Places that are too small, too full, read-only, taken or gone, each a real file system. See `run`."""

import asyncio
import os
import resource
import shutil
import struct
import subprocess
import time

import load
from common import ROOT, Failed, Gateway, check, for_loopgate, metric, need, sh, until, verify
from disk import LoopDisk
from power import Callers, counted, gaps, judge, judge_records, keep_config, serve_model

SMALL = ["--spool.segment-bytes", "2MiB", "--spool.ring-bytes", "4MiB"]
HANDLES = 24  # the JVM starts with so many, a gateway would fail somewhere
FULL_SECONDS = 40  # until a disk, or a budget, is used up
SHIP_SECONDS = 70  # a store that took nothing is tried again after 60 at the latest


class TmpFs:
    """A file system in memory of so many bytes."""

    def __init__(self, mount, size):
        self.mount, self.size = mount, size

    def __enter__(self):
        self.mount.mkdir()
        sh("mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", str(self.mount))
        return self

    def resize(self, size):
        sh("mount", "-o", f"remount,size={size}", str(self.mount))

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.mount)], capture_output=True)


def fill(folder):
    """Takes all room that is left."""
    with open(folder / "filler", "ab", buffering=0) as filler:
        for length in (1 << 20, 4096, 1):
            try:
                while True:
                    filler.write(bytes(length))
            except OSError:
                continue


class Life(Callers):
    """A gateway and its callers; all lives of one place have different names."""

    def __init__(self, place, number, options=()):
        self.log, self.at = place.log, place.log.stat().st_size if place.log.exists() else 0
        self.gateway = Gateway(place.data, place.model, place.log, [*SMALL, *options])
        super().__init__(self.gateway.port, f"{place.name}{number}", feedback_per_second=50)

    def said(self):
        """Its log."""
        return self.log.read_bytes()[self.at :].decode(errors="replace")

    async def metric(self, name):
        _, text, _ = await load.get(self.gateway.port, "/metrics")
        return metric(text, name)

    async def codes(self):
        """What /healthz and /readyz answer."""
        return [(await load.get(self.gateway.port, path))[0] for path in ("/healthz", "/readyz")]

    async def is_said(self, words):
        async def said():
            return words in self.said()

        await until(f"the log to say {words!r}", said, FULL_SECONDS)

    async def is_shipped(self):
        async def shipped():
            return await self.metric("loopgate_ledger_in_ring") + await self.metric("loopgate_ledger_pending") == 0

        await until("all to be shipped", shipped, SHIP_SECONDS)


class Place:
    """A data directory on a disk, and the model that is asked."""

    def __init__(self, name, scratch, disk, model):
        self.name, self.data, self.model, self.log = name, disk.mount / "data", model, scratch / "gateway.log"
        keep_config(disk.mount / "loopgate.yaml", model)

    async def live(self, number=0, options=()):
        return await asyncio.to_thread(Life, self, number, options)

    async def refused(self, options=(), below=()):
        """The one line of a gateway that does not start here."""
        command = [*below, str(ROOT / "loopgate"), "gateway", "--listen", "127.0.0.1:0", "--data", str(self.data), *SMALL]
        ask = {"env": for_loopgate(None), "capture_output": True, "text": True, "timeout": 60}
        try:
            done = await asyncio.to_thread(subprocess.run, [*command, *options], **ask)
        except subprocess.TimeoutExpired as error:
            raise Failed("it started, or hung, where it must refuse") from error
        aside = (" INFO ", " WARN ", "preparing faster starts")
        said = [line for line in done.stderr.splitlines() if not any(words in line for words in aside)]
        check(done.returncode == 1, f"exit={done.returncode}: {done.stdout}{done.stderr}")
        check(len(said) == 1 and said[0].startswith("loopgate: "), f"not one line: {done.stderr}")
        return said[0]


async def full_disk(scratch, model):
    """Row 6: no room for pool, segments, staged files and commit log; row 9: a second process; row 23: a full tmpfs of the ring."""
    with LoopDisk(scratch, size=160 << 20) as disk, TmpFs(scratch / "memory", "16m") as memory:
        place = Place("full", scratch, disk, model)
        ring = ["--spool.ring-directory", str(memory.mount)]
        life = await place.live(options=ring)
        try:
            taken = await place.refused(ring)
            check("held by another process" in taken, f"a second process: {taken}")
            fill(memory.mount)  # a ring that was sparse would now end the JVM by a signal
            life.begin()
            await asyncio.sleep(1)
            life.check_served()
            fill(disk.mount)
            begin = time.monotonic()

            async def full():
                check(life.gateway.process.poll() is None, f"the gateway ended: {life.said()}")
                fill(disk.mount)  # what is given back, too: the reserve, and pieces of what failed
                return "captures are dropped" in life.said()

            await until("the disk to be full", full, FULL_SECONDS)
            used = time.monotonic() - begin
            await asyncio.sleep(1)
            healthy, _ = await life.codes()
            kept = len(life.feedbacks.kept)
            reserve = place.data / "spool" / "reserve"
            check(not reserve.exists(), "the reserve was not given up")
            (disk.mount / "filler").unlink()
            begin = time.monotonic()
            await life.is_taken()
            healed = time.monotonic() - begin
            check(healthy == 200 and kept, f"healthz {healthy}, feedbacks {kept}")
            check("ship failed, again" in life.said(), "staging met no full disk")
            told = any(words in life.said() for words in ("at 80 %", "at 95 %", "the log is full"))
            check(told, "no watermark is told")
            life.check_served()
            await life.end()
            await life.is_shipped()
            check(reserve.exists(), "the reserve was not made again")
            await asyncio.to_thread(life.gateway.stop)
        finally:
            life.gateway.kill()
            await life.end()
        dropped = counted([life], place.data / "files")
        check(dropped, "nothing was dropped: the disk was not full")
        await asyncio.to_thread(verify, place.data, {0}, ring)
        return f"full disk: {used:.1f} s of room left in the log, {dropped} dropped and counted, healed after {healed:.1f} s"


async def spent_budget(scratch, model):
    """Row 6: the store takes nothing, and the log's budget is used up."""
    with LoopDisk(scratch, size=160 << 20) as disk, TmpFs(scratch / "store", "64k") as store:
        place = Place("budget", scratch, disk, model)
        files = ["--files", str(store.mount / "files")]
        life = await place.live(options=[*files, "--spool.bytes-max", "24MiB"])
        try:
            life.begin()
            await life.is_said("captures are dropped and counted")
            await asyncio.sleep(0.5)
            codes = await life.codes()
            feedback = await life.metric('loopgate_ledger_dropped_total{kind="feedback",model="m",reason="spool_full"}')
            store.resize("200m")
            await life.is_taken(SHIP_SECONDS)
            life.check_served()
            await life.end()
            await life.is_shipped()
            await asyncio.to_thread(life.gateway.stop)
        finally:
            life.gateway.kill()
            await life.end()
        said = life.said()
        steps = [said.find(words) for words in ("at 80 %", "at 95 %", "the log is full", "below its watermarks")]
        check(-1 not in steps and steps == sorted(steps), f"watermarks: {steps}: {said}")
        check(codes[0] == 200, f"healthz: {codes}")
        dropped = counted([life], store.mount / "files")
        check(dropped, "nothing was dropped")
        await asyncio.to_thread(verify, place.data, {0}, files)
        return f"budget: 80, 95 and 100 % told, {feedback:.0f} feedbacks answered 503, {dropped} predictions dropped and counted"


async def no_handles(scratch, _):
    """Row 9: no file can be opened and no connection taken; those that are there are served."""
    # Nobody is answered before all have asked: so there is a connection to the model for each of them.
    together = asyncio.Barrier(load.CONNECTIONS)
    slow = await asyncio.start_server(lambda *streams: serve_model(*streams, first=together.wait), "127.0.0.1", 0)
    model = slow.sockets[0].getsockname()[1]
    with LoopDisk(scratch, size=160 << 20) as disk:
        place = Place("handles", scratch, disk, model)
        line = await place.refused(below=[need("prlimit", "util-linux"), f"--nofile={HANDLES}"])
        check(f"file handles: {HANDLES} are allowed" in line, line)
        life = await place.live(options=["--proxy.model-idle", "10m"])  # they are kept for a moment when all ask at once
        pid = life.gateway.process.pid
        try:
            life.begin()

            async def connected():
                callers = {name.split("-")[1] for name, _, _ in life.predictions.answered}
                return len(callers) == life.predictions.connections

            await until("each caller's connection to have one to the model", connected)
            before = resource.prlimit(pid, resource.RLIMIT_NOFILE, (10, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
            await life.is_said("the disk failed twice")
            await asyncio.sleep(1)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
            begin = time.monotonic()
            await life.is_taken()
            healed = time.monotonic() - begin
            check("Too many open files" in life.said(), f"the reason is not told: {life.said()}")
            life.check_served()
            await life.end()
            await life.is_shipped()
            await asyncio.to_thread(life.gateway.stop)
        finally:
            life.gateway.kill()
            await life.end()
        dropped = counted([life], place.data / "files")
        await asyncio.to_thread(verify, place.data, {0})
        return f"no handles: {dropped} dropped and counted, healed after {healed:.1f} s"


async def read_only(scratch, model):
    """Row 9: the kernel makes the disk read-only under load, as it does after an error; then it is mounted so at a start.

    A plain `remount,ro` is refused while files are open to be written, so ext4 is asked to act as after an error.
    """
    # A place of its own for the ring: a gateway that starts while this disk is not mounted takes the ring for an orphan's.
    with LoopDisk(scratch, size=160 << 20) as disk, TmpFs(scratch / "memory", "16m") as memory:
        place = Place("readonly", scratch, disk, model)
        ring = ["--spool.ring-directory", str(memory.mount)]
        life = await place.live(options=[*ring, "--drain", "1s", "--grace", "2s"])
        try:
            life.begin()
            await asyncio.sleep(1)
            sh("mount", "-o", "remount,abort", str(disk.mount))
            await life.is_said("the disk failed twice")
            await asyncio.sleep(0.5)
            codes = await life.codes()
            status, _ = await load.feedback(life.gateway.port, "not-taken")
            check((codes, status) == ([200, 503], 503), f"healthz, readyz {codes}, feedback {status}")
            check("Read-only file system" in life.said(), f"the reason is not told: {life.said()}")
            life.check_served()
            await life.end()
            await asyncio.to_thread(life.gateway.stop)
        finally:
            life.gateway.kill()
            await life.end()
        disk.remount("ro")
        line = await place.refused()
        check("can't be written" in line and str(place.data) in line, line)
        await asyncio.to_thread(verify, place.data, {0}, ring)
        disk.remount("")
        again = await place.live(1, ring)
        try:
            await asyncio.to_thread(again.gateway.stop)
        finally:
            again.gateway.kill()
        dropped = counted([life], place.data / "files")
        await asyncio.to_thread(verify, place.data, {0}, ring)
        return f"read-only: {dropped} dropped and counted, all others shipped once it could be written"


async def spool_gone(scratch, model):
    """Row 9: somebody deletes the spool of a running gateway."""
    # A place of its own for the ring, as above: nobody else is to find it an orphan.
    with LoopDisk(scratch, size=160 << 20) as disk, TmpFs(scratch / "memory", "32m") as memory:
        place = Place("gone", scratch, disk, model)
        ring = ["--spool.ring-directory", str(memory.mount)]
        life = await place.live(options=ring)
        again = None
        try:
            life.begin()
            await asyncio.sleep(1)
            shutil.rmtree(place.data / "spool")
            deleted = time.time()
            await life.is_said("the disk failed twice")
            alarm = time.time()
            await asyncio.sleep(0.5)
            codes = await life.codes()
            taken = [name for name in life.feedbacks.kept if life.feedbacks.sent[name] > alarm]
            check(codes == [200, 503] and not taken, f"healthz, readyz {codes}; feedback is taken: {taken[:3]}")
            failed = await life.metric("loopgate_spool_failed")
            dropped = await life.metric("loopgate_ledger_dropped_total")
            check(failed == 1 and dropped > 0, f"no alarm: failed={failed}, dropped={dropped}")
            life.check_served()
            life.gateway.kill()
            await life.end()
            again = await place.live(1, ring)
            check("ring of another spool that lay here" in again.said(), f"not told: {again.said()}")
            again.begin()
            await asyncio.sleep(0.5)
            await again.end()
            again.check_served()
            await asyncio.to_thread(again.gateway.stop)
        finally:
            for one in (life, again):
                if one:
                    one.gateway.kill()
                    await one.end()
        told = gaps(place.data / "files")
        check(any(begin <= deleted <= end for begin, end in told), f"no gap holds it: {told}")
        found = judge_records([again], place.data / "files", also=[life])
        check(all(name in found for name in again.predictions.kept), "predictions of the new spool are missing")
        return f"spool deleted: {dropped:.0f} dropped and counted, a gap of {told[0][1] - told[0][0]:.1f} s told by the next start"


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def page(change):
    """The ring's first page with something changed and its checksum right."""

    def damage(ring):
        with open(ring, "r+b") as file:
            head = bytearray(file.read(4096))
            change(head)
            head[4092:] = struct.pack("<I", crc32c(head[:4092]))
            file.seek(0)
            file.write(head)

    return damage


def later_version(head):
    (version,) = struct.unpack_from("<I", head, 8)
    struct.pack_into("<I", head, 8, version + 1)


def other_boot(head):
    head[32:68] = b"00000000-0000-4000-8000-000000000000"


RINGS = (
    ("ring file cut", lambda ring: os.truncate(ring, ring.stat().st_size // 2)),
    ("ring file of another version", page(later_version)),
    ("reason=another boot", page(other_boot)),
)


async def rings(scratch, model):
    """Row 23: no room for the ring; a ring that is cut, of another version, of another start of the machine."""
    with LoopDisk(scratch, size=160 << 20) as disk, TmpFs(scratch / "memory", "3m") as memory:
        place = Place("rings", scratch, disk, model)
        there = ["--spool.ring-directory", str(memory.mount)]
        lives = [await place.live(0, there)]  # twice its size is not free: it lies beside the log
        try:
            check("no memory file system with room" in lives[0].said(), f"not told: {lives[0].said()}")
            check((place.data / "spool" / "ring").exists(), "the ring lies elsewhere")
            await asyncio.to_thread(lives[0].gateway.stop)
        finally:
            lives[0].gateway.kill()
        fill(disk.mount)
        line = await place.refused(there)
        check("No space left on device" in line, line)
        (disk.mount / "filler").unlink()
        memory.resize("16m")
        for number, damage in enumerate([*(damage for _, damage in RINGS), None], 1):
            life = await place.live(number, there)
            lives.append(life)
            try:
                expected = RINGS[number - 2][0] if number > 1 else ""
                check(expected in life.said(), f"not told: {expected}: {life.said()}")
                life.begin()
                await asyncio.sleep(0.7)
                life.before = time.time()
                if damage:
                    life.gateway.kill()
                await life.end()
                if not damage:
                    await asyncio.to_thread(life.gateway.stop)
            finally:
                life.gateway.kill()
                await life.end()
            if damage:
                damage(next(memory.mount.glob("loopgate-*")))
        figures = judge(lives[1:], place.data / "files")
        await asyncio.to_thread(verify, place.data, {0, 3}, there)
        return f"rings cut, of another version, of another boot: {figures}"


PARTS = (full_disk, spent_budget, no_handles, read_only, spool_gone, rings)


async def small_disks(scratch):
    """Rows 6, 9 and 23, beside one another."""
    model = await asyncio.start_server(serve_model, "127.0.0.1", 0)

    async def run(part):
        folder = scratch / part.__name__
        folder.mkdir()
        try:
            return await part(folder, model.sockets[0].getsockname()[1])
        except Failed as error:
            raise Failed(f"{part.__name__}: {error}") from error

    try:
        done = await asyncio.gather(*(run(part) for part in PARTS), return_exceptions=True)
    finally:
        model.close()
    for one in done:
        if isinstance(one, str):
            print(f"small-disks: {one}")
    failed = [one for one in done if not isinstance(one, str)]
    for one in failed:
        if not isinstance(one, Failed):
            raise one
    check(not failed, "; ".join(map(str, failed)))
