"""A spool that nobody has shipped, made by `SpoolFill`, and what one `loopgate ship` of it takes."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
from typing import NamedTuple

from harness import paths
from harness.problems import Problem

ACCESS, SECRET, BUCKET = "bench", "bench-secret", "shipped"
JAR = paths.BENCHMARKS / "target/benchmarks.jar"
LOOK_SECONDS = 0.02


class Shipped(NamedTuple):
    """What one process took."""

    seconds: float
    cpu: float  # seconds
    published: int  # bytes
    files: int
    memory: int  # bytes that are its own, at most; files that it maps are the kernel's


def java() -> str:
    """A JDK 25's, as the launcher finds it."""
    places = [os.environ.get("JAVA_HOME", ""), *map(str, sorted(pathlib.Path("/usr/lib/jvm").glob("*25*")))]
    for home in filter(None, places):
        if (pathlib.Path(home) / "bin/java").exists():
            return f"{home}/bin/java"
    raise Problem("missing: a JDK 25: set JAVA_HOME")


def build() -> None:
    """The jar that has `SpoolFill`."""
    command = ["mvn", "-B", "-q", "package", "-Pjmh", "-pl", "benchmarks", "-am", "-DskipTests"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Problem(f"{' '.join(command)}: {done.stdout[-2000:]}")


def fill(data: pathlib.Path, entries: int, models: int) -> pathlib.Path:
    """A data directory whose spool holds so many predictions of so many models."""
    flags = re.search(r"<loopgate.jvm.flags>(.*)</loopgate.jvm.flags>", (paths.ROOT / "pom.xml").read_text())
    command = [java(), *(flags.group(1).split() if flags else []), "-cp", str(JAR)]
    command += ["dev.loopgate.benchmarks.SpoolFill", str(data), str(entries), str(models)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Problem(f"fill: exit={done.returncode}: {done.stderr[-1000:]}")
    return data


def log_bytes(data: pathlib.Path) -> int:
    """Of the spool's log, as it takes room on the disk."""
    return sum(file.stat().st_blocks * 512 for file in (data / "spool" / "wal").glob("*.seg"))


def copied(data: pathlib.Path) -> pathlib.Path:
    """The same again, all of it on the disk."""
    copy = data.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data, copy)
    os.sync()
    return copy


def ship(data: pathlib.Path, options: list[str], published: pathlib.Path, entries: int) -> Shipped:
    """Ships all of it, which must be so many predictions."""
    environment = os.environ | {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
    command = [str(paths.LAUNCHER), "ship", "--spool", str(data), *options]
    before, began, memory = os.times(), time.monotonic(), 0
    with tempfile.TemporaryFile() as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as process:
        while process.poll() is None:
            memory = max(memory, _own_memory(process.pid))
            time.sleep(LOOK_SECONDS)
        seconds, after = time.monotonic() - began, os.times()
        out.seek(0)
        said = out.read().decode(errors="replace")
    if process.returncode != 0:
        raise Problem(f"ship: exit={process.returncode}: {said}")
    if f"entries={entries}," not in said:
        raise Problem(f"ship: not {entries} entries: {said}")
    files = [file for file in published.rglob("*.json*") if "_manifest" not in file.parts]
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Shipped(seconds, cpu, sum(file.stat().st_size for file in files), len(files), memory)


def _own_memory(pid: int) -> int:
    try:
        found = re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0  # it has just ended
    return int(found.group(1)) << 10 if found else 0


def counted(root: pathlib.Path) -> int:
    """How many predictions the manifests of a root count."""
    return sum(json.loads(file.read_text())["records"]["request_response"] for file in root.rglob("_manifest/**/*.json"))
