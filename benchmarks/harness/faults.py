"""Latency while things go wrong: the same gateway before and during, and every entry accounted for."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

from harness import bars, bodies, countback, gateway, latency, rig, stats, vegeta
from harness.figures import Figure, judged
from harness.problems import Lost, Problem

FAULTS = ("unwritable", "frozen-2s", "frozen-5s", "full")
RATE = 2000.0
CALM_SECONDS = 6.0
DISK_BYTES = 4 << 30
SMALL_SPOOL = ("--spool.bytes-max", "8MiB", "--spool.segment-bytes", "2MiB", "--spool.free-bytes-min", "0")


def _sh(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{' '.join(command)}: {done.stdout}{done.stderr}".strip())
    return done.stdout.strip()


@contextlib.contextmanager
def _loop_disk(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """An ext4 of its own in a file; thawed, unmounted and taken away at the end."""
    if os.geteuid() != 0:
        raise Problem("missing: root (a loop device is mounted and frozen)")
    for program, package in (("mkfs.ext4", "e2fsprogs"), ("fsfreeze", "util-linux"), ("losetup", "mount")):
        if shutil.which(program) is None:
            raise Problem(f"missing: {program} (Debian package {package})")
    image, mount = folder / "disk.img", folder / "disk"
    mount.mkdir()
    with open(image, "wb") as file:
        file.truncate(DISK_BYTES)
    _sh("mkfs.ext4", "-q", "-F", str(image))
    device = _sh("losetup", "--find", "--show", str(image))
    try:
        _sh("mount", device, str(mount))
        try:
            yield mount
        finally:
            subprocess.run(["fsfreeze", "--unfreeze", str(mount)], capture_output=True, check=False)
            _sh("umount", str(mount))
    finally:
        _sh("losetup", "--detach", device)
        image.unlink()
        mount.rmdir()


class _Frozen:
    """The disk stands still for so long, from a second after the load's begin."""

    def __init__(self, mount: pathlib.Path, seconds: float) -> None:
        self.mount = mount
        self.seconds = seconds
        self.thread = threading.Thread(target=self._freeze, name="freeze")

    def _freeze(self) -> None:
        time.sleep(1)
        _sh("fsfreeze", "--freeze", str(self.mount))
        try:
            time.sleep(self.seconds)
        finally:
            _sh("fsfreeze", "--unfreeze", str(self.mount))


def _attack(where: rig.Rig, one: gateway.Loopgate, seconds: float) -> vegeta.Attack:
    shot = vegeta.Shot(one.url(bodies.SMALL), where.folder / "small.up", RATE, seconds)
    attack = vegeta.fire(shot, where.folder, where.others)
    if attack.failed():
        raise Problem(f"{attack.failed()} of {len(attack.hits)} predictions failed")
    return attack


def take(where: rig.Rig, fault: str, number: int, warm_seconds: float) -> dict[str, Any]:
    """One gateway, first undisturbed, then with the fault; counted back at the end."""
    if fault.startswith("frozen"):
        with _loop_disk(where.folder) as mount:
            return _take(where, fault, number, warm_seconds, mount)
    return _take(where, fault, number, warm_seconds, None)


def _take(
    where: rig.Rig, fault: str, number: int, warm_seconds: float, mount: pathlib.Path | None
) -> dict[str, Any]:
    # A spool that is full needs a shipper that gives nothing back.
    one = gateway.Loopgate(
        where,
        ships=fault != "full",
        options=SMALL_SPOOL if fault == "full" else (),
        data=mount / "data" if mount else None,
    )
    one.start()
    try:
        if fault == "full":
            attack_before, attack, sent = _full(where, one, warm_seconds)
        else:
            sent, _ = latency.warm_up(where, one.url(bodies.SMALL), "small.up", warm_seconds)
            one.settle()
            attack_before = _attack(where, one, CALM_SECONDS)
            attack = _disturbed(where, one, fault, mount)
        sent += len(attack_before.hits) + len(attack.hits)
        if fault != "full":
            one.settle()
        dropped = int(one.metrics().get("loopgate_ledger_dropped", 0))
    finally:
        one.stop()
    found = one.found()
    one.remove()
    countback.check_predictions(found, sent, dropped)
    missing = sent - len(found["request_response"].ids)
    before, during = (one_of.percentiles()["p99"] for one_of in (attack_before, attack))
    return {
        "row": fault,
        "number": number,
        "calm_p99_ms": before * 1e3,
        "p99_ms": during * 1e3,
        "max_ms": attack.percentiles()["max"] * 1e3,
        "ratio": during / before,
        "sent": sent,
        "missing": missing,
        "dropped": dropped,
        "histogram_s": stats.histogram(attack.latencies()),
    }


def _disturbed(
    where: rig.Rig, one: gateway.Loopgate, fault: str, mount: pathlib.Path | None
) -> vegeta.Attack:
    if fault == "unwritable":
        # A file in the place of the directory stops root too.
        files, aside = one.data / "files", one.data / "aside"
        files.rename(aside)
        files.touch()
        try:
            return _attack(where, one, CALM_SECONDS)
        finally:
            files.unlink()
            aside.rename(files)
    if mount is None:
        raise Problem(f"{fault}: nobody knows this fault")
    frozen = _Frozen(mount, float(fault.removeprefix("frozen-").removesuffix("s")))
    frozen.thread.start()
    attack = _attack(where, one, frozen.seconds + 3)
    frozen.thread.join()
    # Only what was due while it stood still is compared; a little is left out at both edges.
    return vegeta.Attack(attack.hits, (1.2, 1 + frozen.seconds))


def _full(
    where: rig.Rig, one: gateway.Loopgate, warm_seconds: float
) -> tuple[vegeta.Attack, vegeta.Attack, int]:
    """Undisturbed is here a gateway with room, of the same flags, that has ended before."""
    calm = gateway.Loopgate(where, ships=False)
    calm.start()
    try:
        sent, _ = latency.warm_up(where, calm.url(bodies.SMALL), "small.up", warm_seconds)
        calm.settle()
        before = _attack(where, calm, CALM_SECONDS)
    finally:
        calm.stop()
    calm.count_back(sent + len(before.hits))
    sent, _ = latency.warm_up(where, one.url(bodies.SMALL), "small.up", warm_seconds)
    if one.metrics().get("loopgate_ledger_dropped", 0) == 0:
        raise Lost("full: the spool took more than it may")
    attack = _attack(where, one, CALM_SECONDS)
    return before, attack, sent - len(before.hits)  # those were not sent to this one


def figures_of(taken: list[dict[str, Any]]) -> list[Figure]:
    """The ratio of each fault that was tried."""
    figures = []
    for fault in FAULTS:
        ratios = [one["ratio"] for one in taken if one["row"] == fault]
        if ratios:
            key = f"fault/{fault}/p99"
            figures.append(judged(key, stats.median_interval(ratios)))
    assert all(bars.goal(one.key) for one in figures)
    return figures
