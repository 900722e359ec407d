"""A disk of the tests' own, and what a gateway does when it stands still. See `run`."""

import asyncio
import json
import os
import pathlib
import shutil
import subprocess
import time

import load
from common import Failed, Gateway, all_found, all_in, check, found_in, metric, need, sh, verify

LONG = os.environ.get("LOOPGATE_NIGHTLY") == "1"
FREEZE_SECONDS = 60 if LONG else 5
RING_BYTES = 16 << 20 if LONG else 64 << 20  # the long freeze fills it, the short one does not
FEEDBACK_SECONDS = 10  # so long a feedback waits for a force
SHM = pathlib.Path("/dev/shm")


MAKE = {
    "ext4": ("mkfs.ext4", "e2fsprogs", ["-q", "-F"]),
    "xfs": ("mkfs.xfs", "xfsprogs", ["-q", "-f"]),
}


class LoopDisk:
    """A file system in a file, mounted. Leaving thaws, unmounts and removes it."""

    def __init__(self, scratch, kind="ext4", size=2 << 30, options=""):
        self.kind, self.size, self.options = kind, size, options
        self.image = scratch / f"{kind}.img"
        self.mount = scratch / f"mnt-{kind}"
        self.device = None

    def __enter__(self):
        check(os.geteuid() == 0, "missing part: root (a loop device is mounted and frozen)")
        make, package, options = MAKE[self.kind]
        need("fsfreeze", "util-linux")
        self.mount.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(self.size)
        sh(need(make, package), *options, str(self.image))
        try:
            self.device = sh("losetup", "--find", "--show", str(self.image))
        except Failed as error:
            raise Failed(f"missing part: a loop device ({error})") from error
        try:
            self.attach()
        except Failed:
            self.__exit__()
            raise
        return self

    def attach(self):
        sh("mount", *(["-o", self.options] if self.options else []), self.device, str(self.mount))

    def detach(self):
        sh("umount", str(self.mount))

    def remount(self, options):
        """Without and then with its mount, as after the machine's start."""
        self.detach()
        self.options = options
        self.attach()

    def freeze(self):
        sh("fsfreeze", "--freeze", str(self.mount))

    def thaw(self):
        sh("fsfreeze", "--unfreeze", str(self.mount))

    def cut_power(self):
        # No flush of the journal: what was not forced is gone.
        sh(need("xfs_io", "xfsprogs"), "-x", "-c", "shutdown", str(self.mount))

    def __exit__(self, *_):
        for command in (
            ["fsfreeze", "--unfreeze", str(self.mount)],
            ["umount", str(self.mount)],
            ["losetup", "--detach", self.device or ""],
        ):
            subprocess.run(command, capture_output=True)
        forget_rings(self.mount)


async def frozen_disk(scratch):
    """Row 8: the disk stands still for 5 s (by night for 60 s) under steady load; nobody notices but the counters."""
    model = await asyncio.start_server(load.serve_model, "127.0.0.1", 0)
    with LoopDisk(scratch) as disk:
        data = disk.mount / "data"
        options = ["--spool.ring-bytes", f"{RING_BYTES >> 20}MiB"]
        gateway = Gateway(data, model.sockets[0].getsockname()[1], scratch / "gateway.log", options)
        try:
            callers = load.Load(gateway.port)
            running = asyncio.create_task(callers.run())
            await asyncio.sleep(3)  # the JVM warms up
            calm = time.monotonic()
            await asyncio.sleep(4)
            disk.freeze()
            frozen = time.monotonic()
            waiting = asyncio.create_task(load.feedback(gateway.port, "f-frozen"))
            await asyncio.sleep(FREEZE_SECONDS - 1)
            healthy, _, health_took = await load.get(gateway.port, "/healthz")
            _, metrics, _ = await load.get(gateway.port, "/metrics")
            check(waiting.done() == LONG, "feedback was answered while nothing could be forced, or never")
            await asyncio.sleep(max(0.0, frozen + FREEZE_SECONDS - time.monotonic()))
            thawed = time.monotonic()
            await asyncio.to_thread(disk.thaw)
            status, took = await waiting
            status_after, took_after = await load.feedback(gateway.port, "f-thawed")
            await asyncio.sleep(3)
            callers.stopping = True
            await running
            _, after, _ = await load.get(gateway.port, "/metrics")
            before, during = callers.latencies(calm, frozen), callers.latencies(frozen, thawed)
            p99_before, p99 = load.percentile(before, 0.99), load.percentile(during, 0.99)
            used, dropped = metric(metrics, "loopgate_ring_used_bytes"), metric(after, "loopgate_ledger_dropped_total")
            without = metric(after, "loopgate_entries_without_bodies_total")
            print(
                f"frozen-disk: {FREEZE_SECONDS} s; {len(callers.answered)} predictions; p99 {p99_before * 1e3:.1f} ms calm,"
                f" {p99 * 1e3:.1f} ms frozen, longest {during[-1] * 1e3:.1f} ms; ring {used:.0f} of {RING_BYTES} bytes at"
                f" the end of it; {dropped:.0f} dropped, {without:.0f} kept without bodies; feedback {status} after"
                f" {took:.1f} s, thawed {status_after} after {took_after:.1f} s"
            )
            check(not callers.failed, f"predictions failed: {callers.failed[:3]}")
            check(len(during) > FREEZE_SECONDS * callers.per_second * 0.9, "the load stood still")
            check(p99 < max(5 * p99_before, 0.1), f"p99 not flat: {p99:.3f} s")
            check(during[-1] < 1, f"a prediction waited for the disk: {during[-1]:.3f} s")
            check(healthy == 200 and health_took < 1, f"healthz: {healthy} in {health_took:.1f} s")
            expected, least = (503, FEEDBACK_SECONDS) if LONG else (200, FREEZE_SECONDS)
            check(status == expected and took > least - 1, f"feedback: {status} in {took:.1f} s")
            check(status_after == 200, f"feedback: {status_after} after the thaw")
            check(0 < used <= RING_BYTES, f"the ring did not absorb, or grew: {used}")
            check((dropped > 0) == LONG, f"entries dropped: {dropped}")
            gateway.stop()
            judge_frozen(data, [name for name, *_ in callers.answered], dropped, without)
        finally:
            subprocess.run(["fsfreeze", "--unfreeze", str(disk.mount)], capture_output=True)
            gateway.kill()
            model.close()


def judge_frozen(data, answered, dropped, without):
    """All that was answered is in the files, but for what was dropped, and whole but for what the counters say."""
    seen = found_in(data / "files", "request_response")
    missing = [name for name in answered if name not in seen]
    check(len(missing) == dropped, f"missing={len(missing)}, dropped={dropped}")
    all_in(seen, "request_response", [name for name in answered if name in seen])
    lines = (line for path in (data / "files").glob("request_response/**/*.json") for line in path.open())
    bare = sum(json.loads(line)["request_content"] == "" for line in lines)
    check(bare == without, f"without bodies: found={bare}, counted={without}")
    all_found(data / "files", "feedback", ["f-frozen", "f-thawed"])
    verify(data, {0})


def beginning(file):
    """Its first page; nothing of one that has just gone, as a neighbour's may."""
    try:
        with open(file, "rb") as opened:
            return opened.read(4096)
    except (FileNotFoundError, IsADirectoryError):
        return b""


def rings(data):
    """What lies in the tmpfs for this spool: files, or folders of such."""
    for entry in SHM.glob("loopgate-*"):
        for file in [entry, *entry.rglob("*")] if entry.is_dir() else [entry]:
            if str(data).encode() in beginning(file):
                yield entry
                break


def forget_rings(data):
    """A real power cut takes the tmpfs too: the rings that belong to this spool go."""
    for entry in list(rings(data)):
        shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
