"""rsyslog, which takes the very lines that we published from one file and writes them to another: what a log shipper costs
that keeps no ledger and no plan.
"""

import os
import pathlib
import subprocess
import time

from harness import proc, processes
from harness.problems import Problem
from harness.spool import Shipped

WAIT_SECONDS = 300
CONFIG = """
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imfile")
template(name="line" type="string" string="%msg%\\n")
input(type="imfile" File="{source}" Tag="lines" reopenOnTruncate="off")
action(type="omfile" File="{target}" template="line")
"""


def pass_on(folder: pathlib.Path, source: pathlib.Path, lines: int) -> Shipped:
    """All lines of `source` into another file, its bytes compared in number."""
    target, config = folder / "passed.json", folder / "rsyslog.conf"
    config.write_text(CONFIG.format(folder=folder, source=source, target=target))
    began = time.monotonic()
    command = ["rsyslogd", "-n", "-f", str(config), "-i", str(folder / "rsyslog.pid")]
    process = processes.Started("rsyslogd", command, [*range(os.cpu_count() or 1)], folder / "rsyslog.log")
    try:
        expected = source.stat().st_size
        process.await_true("all lines", lambda: target.exists() and target.stat().st_size >= expected, WAIT_SECONDS)
        seconds = time.monotonic() - began
        cpu = sum(proc.thread_times(process.pid).values())
    finally:
        process.stop()
    with open(target, "rb") as passed:
        count = sum(1 for _ in passed)
    if count != lines:
        raise Problem(f"rsyslogd: {count} lines of {lines}")
    return Shipped(seconds, cpu, target.stat().st_size, 1, 0)


def version() -> str:
    """Its own words."""
    done = subprocess.run(["rsyslogd", "-v"], capture_output=True, text=True)
    return done.stdout.split("(", 1)[0].split(",")[0].strip()
