"""The command line of `./benchmarks/run`."""

import argparse
import datetime
import pathlib
import re
import signal
import subprocess
import sys
import time

from harness import (
    faults,
    gateway,
    machine,
    paths,
    plot,
    quick,
    record,
    report,
    rig,
    rows,
    slowdown,
    target,
    tools,
)
from harness.problems import Problem

# As warm as in a full run, or the JIT's state would be compared too: only rounds and peers are fewer.
QUICK_ROUNDS, QUICK_SECONDS = 3, 3.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./benchmarks/run", description="docs/benchmarking.md explains it.")
    add = parser.add_argument
    add("--rows", help=f"comma-separated, of {', '.join((*rows.ROWS, *faults.FAULTS))}")
    add("--peers", help=f"comma-separated, of {', '.join(rows.PEERS)}")
    add("--rounds", type=int, help="measurements of each peer that must count, default 9")
    add("--seconds", type=float, help="of one measurement, default 4")
    add("--warm-up", type=float, help="seconds before the first of a process, default 45")
    add("--quick", action="store_true", help="three minutes, compared with the recorded result")
    add("--faults", action="store_true", help="latency while things go wrong")
    add("--cores", default="1,0", help="the core that is measured, then those of load and model; default 1,0")
    add("--place", help="a folder on the disk that is measured; default: where temporary files go")
    add("--large-rate", type=float, help="requests a second of the row large; default: what the disk holds")
    add("--latency-rate", type=float, help="of the row latency; default: half of the slowest proxy's most")
    add("--no-record", action="store_true", help="leave RESULTS.md and results.json as they are")
    add("--keep-noisy", action="store_true", help="count noisy rounds too (for work on the harness; never recorded)")
    add("--option", action="append", default=[], metavar="KEY=VALUE", help="a setting of our gateway, like"
        " proxy.transport=io_uring; may be repeated; never recorded")
    add("--plant-loss", action="store_true", help="forget one entry when counting back: the run must fail")
    add("--plant-slowdown", type=float, metavar="MICROS", help="busy work for each entry: --quick must notice")
    add("--target", metavar="URL", help="measure this instead; needs --body, --rate, --duration")
    add("--body", type=pathlib.Path, help="with --target: the file that is posted")
    add("--rate", type=float, help="with --target: requests a second")
    add("--duration", help="with --target: like 30s")
    add("--header", action="append", default=[], metavar="'K: V'", help="with --target; may be repeated")
    add("--expect-files", type=pathlib.Path, metavar="DIR", help="with --target: count back what was kept there")
    return parser.parse_args()


def _choice(given: argparse.Namespace) -> rows.Choice:
    """Rows, peers and times, of what was given and what the mode says."""
    wanted = rows.Choice()
    names, row_names = wanted.peers, wanted.rows
    rounds, seconds, warm = wanted.rounds, wanted.seconds, wanted.warm_seconds
    if given.quick:
        names, row_names = quick.PEERS, ("small",)
        rounds, seconds = QUICK_ROUNDS, QUICK_SECONDS
    if given.faults:
        row_names = faults.FAULTS
    java_options = "" if given.plant_slowdown is None else slowdown.java_option(given.plant_slowdown)
    choice = rows.Choice(
        rows=given.rows.split(",") if given.rows else row_names,
        peers=given.peers.split(",") if given.peers else names,
        rounds=given.rounds or rounds,
        seconds=given.seconds or seconds,
        warm_seconds=given.warm_up if given.warm_up is not None else warm,
        keeps_noisy=given.keep_noisy,
        plant_loss=given.plant_loss,
        java_options=java_options,
        options=[f"--{option}" for option in given.option],
        large_rate=given.large_rate,
        latency_rate=given.latency_rate,
    )
    rows.check_choice(choice)
    return choice


def _need_tools(choice: rows.Choice) -> None:
    """All that will be used is there before anything begins."""
    needed = {"nginx", "h2load"}
    needed |= {"haproxy"} & set(choice.peers)
    needed |= {"envoy"} if {"envoy", "envoy-extproc"} & set(choice.peers) else set()
    needed |= {"sink"} if "envoy-extproc" in choice.peers else set()
    needed |= {"openssl"} if "tls" in choice.rows else set()
    needed |= {"vegeta"} if {"latency", *faults.FAULTS} & set(choice.rows) else set()
    for program in sorted(needed):
        tools.path(program)
    rig.nginx_modules()
    build_jar()


def build_jar() -> None:
    """What is measured is built of the code that is here."""
    # Builds the jar if it is older than the code; the starts that are measured then don't.
    done = subprocess.run([str(paths.LAUNCHER), "version"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Problem("the gateway can't be built or started: see above")


def describe(where: rig.Rig) -> dict[str, str]:
    """Machine, versions and flags."""
    described = machine.shape(where.folder, rig.file_system(where.folder))
    described["cores used"] = f"measured {where.measured[0]}, load and model {where.others}"
    for program, flag in (("nginx", "-v"), ("haproxy", "-v")):
        try:
            described[program] = machine.version([tools.path(program), flag])
        except Problem:
            continue  # it takes no part
    one = gateway.Loopgate(where, ships=True)
    one.start()
    try:
        command = one.command_line()
    finally:
        one.stop()
    one.remove()
    described["JDK"] = machine.version([command[0], "-version"])
    flags = " ".join(command[1 : command.index("-jar")])
    described["JVM flags"] = flags.replace(f"{paths.ROOT}/", "")  # where the clone lies is nobody's business
    described["gateway options"] = f"--ship.window {gateway.WINDOW}, else defaults, one event loop"
    described["envoy"] = tools.ENVOY
    commit = subprocess.run(
        ["git", "-C", str(paths.ROOT), "describe", "--always", "--dirty"],
        capture_output=True, text=True, check=False,
    )
    described["commit"] = commit.stdout.strip() or "unknown"
    return described


def cores_of(text: str) -> tuple[int, list[int]]:
    """The core that is measured, and those of load and model."""
    match = re.fullmatch(r"(\d+),(\d+(?:,\d+)*)", text)
    if match is None:
        raise Problem(f"cores: value {text!r} is not allowed; allowed: like 1,0")
    return int(match.group(1)), [int(core) for core in match.group(2).split(",")]


def _measure(given: argparse.Namespace) -> int:
    choice = _choice(given)
    _need_tools(choice)
    where = rig.Rig.make(*cores_of(given.cores), given.place)
    taken = record.Taken()
    begun = time.monotonic()
    try:
        backend = where.start_backend()
        taken.machine |= describe(where)
        rows.Run(where, choice, taken).all()
        backend.stop()
    finally:
        where.remove()
    print(f"measured in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    content = record.as_json(taken)
    _write(content, taken, given)
    if given.quick:
        lines, slower = quick.compare(content["figures"], record.recorded())
        print("\n".join(lines))
        return 1 if slower else 0
    return 0


def _write(content: dict, taken: record.Taken, given: argparse.Namespace) -> None:
    folder = paths.RESULTS / datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    record.write_rows(taken, folder / "rows.csv")
    record.dump(content, folder / "results.json")
    (folder / "cpu.svg").write_text(plot.cpu(content, report.TITLES))
    histograms = {name: one["histogram_s"] for name, one in content["latency"].items()}
    if histograms:
        title = f"latency from when it was due, {taken.attacks[0].rate:.0f} requests/s"
        (folder / "latency.svg").write_text(plot.distribution(histograms, title))
    text = report.text(content)
    (folder / "report.md").write_text(text)
    print(text)
    print(f"written: {folder}")
    is_planted = given.plant_loss or given.plant_slowdown is not None
    if given.quick or given.no_record or given.keep_noisy or given.option or is_planted:
        return
    merged = record.merge(record.recorded(), content)
    record.dump(merged, paths.RECORDED)
    page = paths.RESULTS_PAGE.read_text() if paths.RESULTS_PAGE.exists() else ""
    paths.RESULTS_PAGE.write_text(report.into_page(page, report.text(merged)))


def _target(given: argparse.Namespace) -> int:
    if given.body is None or given.rate is None or given.duration is None:
        raise Problem("--target needs --body FILE, --rate N and --duration like 30s")
    if not given.body.is_file():
        raise Problem(f"--body: there is no such file: {given.body}")
    if given.expect_files is not None and not given.expect_files.is_dir():
        raise Problem(f"--expect-files: there is no such directory: {given.expect_files}")
    seconds = target.seconds_of(given.duration)
    target.run(target.Wanted(
        given.target, given.body, given.rate, seconds, tuple(given.header), given.expect_files,
        plant_loss=given.plant_loss,
    ))
    return 0


def main() -> int:
    """0 when all went well; 1 when it did not: a part is missing, an entry lost, `--quick` slower."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given = _arguments()
    try:
        return _target(given) if given.target else _measure(given)
    except Problem as problem:
        print(f"run: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
