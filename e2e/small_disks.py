"""Places that are too small, too full, read-only, taken or gone. Every one of them is a real file system. See `run`."""

import asyncio
import os
import re
import resource
import shutil
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager

import load
import power
from common import ROOT, Failed, Gateway, check, for_loopgate, metric, models_at, sh, until, verify
from disk import LoopDisk, forget_rings, rings
from power import Feedbacks, Predictions, judge_records, manifests, serve_model


PROBE_SECONDS = 20  # a disk that failed is asked every 10


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
    """Takes all room that is left; how much that was."""
    block = b"\0" * (1 << 20)
    with open(folder / "filler", "ab") as filler:
        for length in (len(block), 4096, 1):
            try:
                while True:
                    os.write(filler.fileno(), block[:length])
            except OSError:
                continue
        return filler.tell()


class Life:
    """A gateway under load, and what its callers know."""

    count = 0

    def __init__(self, data, model_port, log, options=(), per_second=100):
        Life.count += 1
        self.gateway = Gateway(data, model_port, log, options)
        self.predictions = Predictions(self.gateway.port, per_second, f"p{Life.count}")
        self.feedbacks = Feedbacks(self.gateway.port, 50, f"f{Life.count}")
        self.running = []

    def begin(self):
        self.running = [asyncio.create_task(one.run()) for one in (self.predictions, self.feedbacks)]

    async def end(self):
        """No more calls."""
        for one in (self.predictions, self.feedbacks):
            one.stopping = True
        await asyncio.gather(*self.running)

    async def metrics(self):
        _, text, _ = await load.get(self.gateway.port, "/metrics")
        return text

    async def is_taken(self, what="feedback to be taken again"):
        """Waits until feedback is answered 200."""
        before = len(self.feedbacks.kept)

        async def more():
            return len(self.feedbacks.kept) > before

        await until(what, more, PROBE_SECONDS)
