"""What the parts share: checks, the gateway's process, what lies in its files."""

import json
import pathlib
import re
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A part is missing or a promise is broken; its text is for people."""


def check(holds, what):
    if not holds:
        raise Failed(what)


def sh(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def need(program, package):
    """The program, installed if need be."""
    if shutil.which(program):
        return
    subprocess.run(["apt-get", "install", "-y", "-qq", package], capture_output=True)
    check(shutil.which(program), f"missing part: {program} (Debian package {package})")


class Gateway:
    """`./loopgate gateway` on a data directory; its port from its own words."""

    def __init__(self, data, model_port, log, options=()):
        config = data.parent / "loopgate.yaml"
        if not config.exists():
            config.write_text(
                f"models:\n  - {{id: m, url: 'http://127.0.0.1:{model_port}', name: m, version: '1'}}\n"
            )
        self.log = log
        out = open(log, "ab")
        at = out.tell()
        command = [str(ROOT / "loopgate"), "gateway", "--config", str(config)]
        command += ["--listen", "127.0.0.1:0", "--data", str(data), "--ship.window", "2s"]
        command += ["--spool.segment-bytes", "8MiB", "--spool.free-bytes-min", "16MiB", *options]
        self.process = subprocess.Popen(command, stdout=out, stderr=out)
        self.port = self.await_port(at)

    def await_port(self, at):
        deadline = time.monotonic() + 300  # the launcher may have to build first
        while time.monotonic() < deadline and self.process.poll() is None:
            text = self.log.read_bytes()[at:].decode(errors="replace")
            found = re.search(r"https?://127\.0\.0\.1:(\d+)", text)
            if found:
                return int(found.group(1))
            time.sleep(0.05)
        raise Failed(f"gateway did not start: {self.log.read_text()[-2000:]}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(60) == 0, f"exit={self.process.returncode}: {self.tail()}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:]


def found_in(files, stream):
    """How often each Request-Id stands in the stream's files."""
    seen = {}
    for path in files.glob(f"{stream}/**/*.json"):
        for line in path.read_text().splitlines():
            name = json.loads(line)["request_id"]
            seen[name] = seen.get(name, 0) + 1
    return seen


def all_found(files, stream, names):
    seen = found_in(files, stream)
    missing = [name for name in names if name not in seen]
    check(not missing, f"{stream}: answered but not found: {len(missing)}, first {missing[:3]}")
    twice = [name for name, count in seen.items() if count > 1]
    check(not twice, f"{stream}: found twice: {twice[:3]}")


def verify(data, allowed):
    done = subprocess.run(
        [str(ROOT / "loopgate"), "verify", str(data)], capture_output=True, text=True
    )
    check(done.returncode in allowed, f"verify: exit={done.returncode}\n{done.stdout}{done.stderr}")


def metric(text, name):
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if re.match(re.escape(name) + r"(\{.*\})? ", line)
    )
