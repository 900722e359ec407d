"""The machine: its shape, and what its disk can do at this moment."""

import os
import pathlib
import platform
import re
import subprocess
import time

CHUNK = 4 << 20
SECTOR = 512


def shape(folder: pathlib.Path, file_system: str) -> dict[str, str]:
    """What a reader needs to know of the machine."""
    cpu = re.search(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return {
        "cores": str(os.cpu_count()),
        "cpu": cpu.group(1) if cpu else "unknown",
        "memory": f"{int(memory.group(1)) / (1 << 20):.0f} GiB" if memory else "unknown",
        "kernel": f"{platform.system()} {platform.release()}",
        "file system": file_system,
    }


def _read(path: str) -> str:
    return pathlib.Path(path).read_text(errors="replace")


def version(command: list[str]) -> str:
    """The first line that a program says of its version, on stdout or stderr."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else "unknown"


def disk_rate(folder: pathlib.Path, size: int = 256 << 20) -> float:
    """Bytes a second written in large pieces and forced at the end."""
    block = os.urandom(CHUNK)
    path = folder / "probe.bin"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        begin = time.monotonic()
        for _ in range(size // CHUNK):
            os.write(handle, block)
        os.fdatasync(handle)
        return size / (time.monotonic() - begin)
    finally:
        os.close(handle)
        path.unlink()


def force_rate(folder: pathlib.Path, seconds: float = 1.0) -> float:
    """How often a second 4 KiB are written and forced, one after the other, in a file that has its
    blocks already."""
    block = os.urandom(4096)
    pages = 1024
    path = folder / "probe.bin"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(handle, bytes(pages * len(block)))
        os.fsync(handle)
        begin = time.monotonic()
        count = 0
        while time.monotonic() < begin + seconds:
            os.pwrite(handle, block, (count % pages) * len(block))
            os.fdatasync(handle)
            count += 1
        return count / (time.monotonic() - begin)
    finally:
        os.close(handle)
        path.unlink()


def bytes_written(folder: pathlib.Path) -> int:
    """Bytes written so far to the device that holds `folder`; 0 where nobody counts them."""
    device = folder.stat().st_dev
    return parse_diskstats(_read("/proc/diskstats"), os.major(device), os.minor(device))


def parse_diskstats(text: str, major: int, minor: int) -> int:
    """Bytes written of one device in /proc/diskstats."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 9 and (int(fields[0]), int(fields[1])) == (major, minor):
            return int(fields[9]) * SECTOR
    return 0
