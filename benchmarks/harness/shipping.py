"""How fast what is in a spool becomes files: `loopgate ship` of one and the same spool, to a directory and to S3, by compression;
rsyslog beside it; memory by partitions; and how a gateway under load catches up after an outage of its store.

By place the time is that of a whole process; a run with nothing left to ship is taken off, for a gateway has started long before.
CPU is that of the process alone, so its figures are of one core. Medians of three. By partitions and after an outage each is taken
once, by partitions with the start in it.
"""

import argparse
import pathlib
import shutil
import statistics
import sys
import tempfile

from harness import catch_up, lines, machine, paths, processes, rig, spool
from harness.problems import Problem
from harness.spool import BUCKET, Shipped

ROUNDS = 3
VERSITYGW = "versitygw-v1.8.0/versitygw"
PAGE = paths.BENCHMARKS / "SHIPPING.md"
MIB = 1 << 20
MODELS = (1, 500, 5000)  # two partitions each
RATE = 2000

HEAD = """# How fast a spool becomes files

By `./benchmarks/shipping --record`; [docs/benchmarking.md](../docs/benchmarking.md) says how it is measured.
"""


def of_places(folder: pathlib.Path, count: int, s3_port: int) -> list[str]:
    """Both places, each codec, and rsyslog with the lines of the first."""
    data = spool.fill(folder / "one", count, 1)
    size = spool.log_bytes(data)
    ways: dict[str, list[Shipped]] = {}
    starts: list[Shipped] = []
    for number in range(ROUNDS):
        for place in ("directory", "S3"):
            for compression in ("none", "gzip", "zstd"):
                root, options = _root(folder, place, f"{compression}-{number}", s3_port)
                options += ["--files.compression", compression]
                copy = spool.copied(data)
                took = spool.ship(copy, options, root, count)
                if spool.counted(root) != count:
                    raise Problem(f"{place}, {compression}: manifests count {spool.counted(root)} of {count}")
                ways.setdefault(f"{place}, {compression}", []).append(took)
                starts.append(spool.ship(copy, options, root, 0))
                if place == "directory" and compression == "none":
                    ways.setdefault("rsyslog, one file to another", []).append(_rsyslog(folder, root, count))
                shutil.rmtree(root)
    began = statistics.median(one.seconds for one in starts)
    begun = statistics.median(one.cpu for one in starts)
    said = [f"{count:,} predictions of 1 KiB and 1 KiB, {size / MIB:.0f} MiB of log; a start takes {began:.2f} s.", ""]
    said += ["| files to | entries/s | log MiB/s | CPU us an entry | published MiB |", "|---|---|---|---|---|"]
    for name, took in ways.items():
        start, cpu = (0.0, 0.0) if name.startswith("rsyslog") else (began, begun)
        seconds = statistics.median(one.seconds for one in took) - start
        cpu = statistics.median(one.cpu for one in took) - cpu
        said.append(
            f"| {name} | {count / seconds:,.0f} | {size / seconds / MIB:.0f} | {cpu / count * 1e6:.0f}"
            f" | {took[0].published / MIB:.0f} |"
        )
    return said


def _root(folder: pathlib.Path, place: str, name: str, s3_port: int) -> tuple[pathlib.Path, list[str]]:
    if place == "directory":
        root = folder / "files" / name
        return root, ["--files", str(root)]
    options = ["--files", f"s3://{BUCKET}/{name}", "--s3.endpoint", f"http://127.0.0.1:{s3_port}"]
    return folder / "s3" / BUCKET / name, options


def _rsyslog(folder: pathlib.Path, root: pathlib.Path, count: int) -> Shipped:
    """An entry is a line in each of two streams, so twice as many lines pass."""
    scratch = folder / "rsyslog"
    scratch.mkdir()
    source = scratch / "lines.json"
    with open(source, "wb") as all_lines:
        for file in sorted(root.rglob("*.json")):
            if "_manifest" not in file.parts:
                all_lines.write(file.read_bytes())
    took = lines.pass_on(scratch, source, 2 * count)
    shutil.rmtree(scratch)
    return took


def of_partitions(folder: pathlib.Path, count: int, s3_port: int) -> list[str]:
    """The same number of entries in more and more partitions of one hour."""
    said = ["| partitions | files | to a directory s | memory MiB | to S3 s | memory MiB |", "|---|---|---|---|---|---|"]
    for models in MODELS:
        data = spool.fill(folder / f"models-{models}", count, models)
        cells = []
        for place in ("directory", "S3"):
            root, options = _root(folder, place, f"models-{models}", s3_port)
            took = spool.ship(spool.copied(data), options, root, count)
            if spool.counted(root) != count:
                raise Problem(f"partitions={2 * models}: manifests count {spool.counted(root)} of {count}")
            cells += [f"{took.seconds:.1f}", f"{took.memory / MIB:.0f}"]
            shutil.rmtree(root)
        said.append(f"| {2 * models:,} | {took.files:,} | " + " | ".join(cells) + " |")
        shutil.rmtree(data)
    return said


def of_outages(folder: pathlib.Path, versitygw: pathlib.Path, outages: list[float]) -> list[str]:
    """Under load, to S3."""
    head = "| store away s | entries/s that come | wait when it is back | first file after s | then all shipped after s"
    said = [head + " | entries/s shipped | times what comes | memory MiB |", "|---|---|---|---|---|---|---|---|"]
    for number, outage in enumerate(outages):
        one = catch_up.take(folder / f"outage-{number}", versitygw, RATE, outage)
        said.append(
            f"| {one.outage:.0f} | {one.rate:,.0f} | {one.behind:,.0f} | {one.waited:.1f} | {one.seconds:.1f}"
            f" | {one.shipped:,.0f} | {one.shipped / one.rate:.1f} | {one.memory / MIB:.0f} |"
        )
    return said


def main() -> int:
    parser = argparse.ArgumentParser(prog="shipping", description="How fast what is in a spool becomes files.")
    parser.add_argument("count", nargs="?", type=int, default=100_000, help="predictions in the spool (100000)")
    parser.add_argument("--outage", type=float, action="append", help="seconds without a store (60; more than once)")
    parser.add_argument("--record", action="store_true", help=f"write {PAGE.name}")
    chosen = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="loopgate-bench-"))
    try:
        versitygw = paths.testbed() / VERSITYGW
        if not versitygw.exists():
            raise Problem("missing: versitygw (./e2e/run stores builds it)")
        if shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin") is None:
            raise Problem("missing: rsyslogd (./benchmarks/setup)")
        spool.build()
        store = catch_up.Store(versitygw, folder, processes.free_port())
        store.start()
        shape = machine.shape(folder, rig.file_system(folder))
        said = ["; ".join(f"{name} {value}" for name, value in shape.items()) + "; " + lines.version() + ".", ""]
        said += ["## By place and compression", "", *of_places(folder, chosen.count, store.port), ""]
        said += ["## By partitions", "", *of_partitions(folder, chosen.count, store.port), ""]
        store.process.kill()
        said += ["## After an outage, under load", "", *of_outages(folder, versitygw, chosen.outage or [60.0])]
        text = "\n".join(said) + "\n"
        print(text)
        if chosen.record:
            PAGE.write_text(HEAD + "\n" + text)
        return 0
    except Problem as problem:
        print(f"shipping: {problem}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
