"""How fast `loopgate ship` publishes one and the same spool, to a directory and to S3, by compression.

A gateway with `ship: off` keeps predictions of 1 KiB and 1 KiB, of lines that look like a table of numbers. Each way ships a
copy of that spool and has its lines counted back. The time is that of the whole process; a run of an empty spool is taken
off, for a gateway has started long before. CPU is that of the shipping process alone, so figures are of one core.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import NamedTuple

from harness import paths, processes
from harness.problems import Problem

BODY = 1024
ROUNDS = 3
ACCESS, SECRET, BUCKET = "bench", "bench-secret", "shipped"
VERSITYGW = "versitygw-v1.8.0/versitygw"


class Shipped(NamedTuple):
    seconds: float
    cpu: float
    published: int  # bytes


def row(seed: int) -> bytes:
    """A body of about 1 KiB: a table of measurements, as models of tables get and give."""
    numbers = random.Random(seed)
    rows = [[round(numbers.gauss(5, 2), 3) for _ in range(11)] for _ in range(13)]
    return json.dumps({"columns": list("abcdefghijk"), "data": rows}).encode()[:BODY].ljust(BODY)


def fill(folder: pathlib.Path, count: int) -> pathlib.Path:
    """A data directory whose spool holds so many predictions."""
    data = folder / "data"
    answer = folder / "answer"
    answer.mkdir()
    (answer / "predict").write_bytes(row(1))
    model, door = processes.free_port(), processes.free_port()
    conf = folder / "nginx.conf"
    conf.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err; worker_processes 1;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; keepalive_requests 1000000; server {{ listen 127.0.0.1:{model}; root {answer};\n"
        "  location / { error_page 405 =200 $uri; default_type application/json; } } }\n"
    )
    folder.chmod(0o755)
    (folder / "gateway.yaml").write_text(f"models: [{{id: m, url: 'http://127.0.0.1:{model}', version: '1'}}]\n")
    script = folder / "post.lua"
    bodies = ",".join("[[" + row(seed).decode() + "]]" for seed in range(64))
    script.write_text(
        f"local bodies = {{{bodies}}}\nlocal at = 0\n"
        "request = function() at = at % 64 + 1; return wrk.format('POST', '/model/m/predict', "
        "{['content-type'] = 'application/json'}, bodies[at]) end\n"
    )
    nginx = subprocess.Popen(["nginx", "-c", str(conf)], stderr=subprocess.DEVNULL)
    log = open(folder / "gateway.log", "wb")
    command = [paths.LAUNCHER, "gateway", "--config", folder / "gateway.yaml", "--data", data, "--ship", "off"]
    command += ["--listen", f"127.0.0.1:{door}", "--drain-delay", "0s"]
    gateway = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
    try:
        kept = 0
        wait(lambda: answers(door), "the gateway", folder / "gateway.log")
        while kept < count:
            subprocess.run(
                ["wrk", "-t1", "-c16", "-d2s", "-s", str(script), f"http://127.0.0.1:{door}/"],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            text = urllib.request.urlopen(f"http://127.0.0.1:{door}/metrics").read().decode()
            kept = sum(
                int(float(line.rsplit(" ", 1)[1]))
                for line in text.splitlines()
                if line.startswith('loopgate_ledger_accepted_total{kind="prediction"')
            )
    finally:
        gateway.send_signal(signal.SIGTERM)
        gateway.wait()
        nginx.terminate()
        nginx.wait()
    return data


def answers(port: int) -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").status == 200
    except OSError:
        return False


def wait(holds, what: str, log: pathlib.Path) -> None:
    until = time.monotonic() + 120
    while not holds():
        if time.monotonic() > until:
            raise Problem(f"waited 120 s for {what}: {log.read_text()[-500:]}")
        time.sleep(0.05)


def copied(data: pathlib.Path) -> pathlib.Path:
    copy = data.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data, copy)
    os.sync()
    return copy


def ship(spool: pathlib.Path, options: list[str], published: pathlib.Path) -> tuple[Shipped, str]:
    """Ships all of it, and what it said."""
    before, began = os.times(), time.monotonic()
    environment = os.environ | {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
    command = [str(paths.LAUNCHER), "ship", "--spool", str(spool), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds, after = time.monotonic() - began, os.times()
    if done.returncode != 0:
        raise Problem(f"ship: exit={done.returncode}: {done.stdout}{done.stderr}")
    size = sum(file.stat().st_size for file in published.rglob("*.json*") if "_manifest" not in file.parts)
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Shipped(seconds, cpu, size), done.stdout


def manifest_entries(root: pathlib.Path) -> int:
    return sum(json.loads(file.read_text())["records"]["request_response"] for file in root.rglob("_manifest/**/*.json"))


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    versitygw = paths.testbed() / VERSITYGW
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            raise Problem(f"missing: {tool} (./benchmarks/setup)")
    if not versitygw.exists():
        raise Problem("missing: versitygw (./e2e/run stores builds it)")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="loopgate-bench-"))
    store = None
    try:
        empty = folder / "empty"
        empty.mkdir()
        data = fill(folder, count)
        log_bytes = sum(file.stat().st_blocks * 512 for file in (data / "spool" / "wal").glob("*.seg"))
        (folder / "s3" / BUCKET).mkdir(parents=True)
        port = processes.free_port()
        command = [str(versitygw), "--access", ACCESS, "--secret", SECRET, "--port", f"127.0.0.1:{port}", "--quiet"]
        store = subprocess.Popen([*command, "posix", str(folder / "s3")])
        wait(lambda: processes.is_open(port), "versitygw", folder / "gateway.log")
        ways: dict[str, list[Shipped]] = {}
        entries = None
        start: list[Shipped] = []
        for number in range(ROUNDS):
            for place in ("directory", "S3"):
                for compression in ("none", "gzip", "zstd"):
                    name = f"{place}, {compression}"
                    root = folder / "files" / f"{place}-{compression}-{number}"
                    options = ["--files", str(root)]
                    if place == "S3":
                        root = folder / "s3" / BUCKET / f"{compression}-{number}"
                        options = ["--files", f"s3://{BUCKET}/{compression}-{number}"]
                        options += ["--s3.endpoint", f"http://127.0.0.1:{port}"]
                    options += ["--files.compression", compression]
                    copy = copied(data)
                    took, said = ship(copy, options, root)
                    entries = manifest_entries(root) if entries is None else entries
                    if f"entries={entries}," not in said or manifest_entries(root) != entries:
                        raise Problem(f"{name}: not all of {entries}: {said}")
                    ways.setdefault(name, []).append(took)
                    start.append(ship(copy, options, root)[0])  # nothing is left: what a start takes
                    shutil.rmtree(root)
        began = statistics.median(one.seconds for one in start)
        begun = statistics.median(one.cpu for one in start)
        print(f"{entries} predictions of {BODY} and {BODY} B, log {log_bytes >> 20} MiB; a start takes {began:.2f} s")
        print("| files to | entries/s | log MiB/s | CPU us an entry | published MiB |")
        print("|---|---|---|---|---|")
        for name, took in ways.items():
            seconds = statistics.median(one.seconds for one in took) - began
            cpu = statistics.median(one.cpu for one in took) - begun
            print(
                f"| {name} | {entries / seconds:,.0f} | {log_bytes / seconds / (1 << 20):.0f} "
                f"| {cpu / entries * 1e6:.0f} | {took[0].published / (1 << 20):.0f} |"
            )
        return 0
    except Problem as problem:
        print(f"shipping: {problem}", file=sys.stderr)
        return 1
    finally:
        if store is not None:
            store.terminate()
            store.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
