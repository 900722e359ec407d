"""What the parts share: checks, the gateway's process, what lies in its files."""

import asyncio
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("LOOPGATE_TESTBED", pathlib.Path.home() / ".cache" / "loopgate-testbed"))


# Variables of these tests. To the gateway each would be one that it does not know.
OURS = ("LOOPGATE_TESTBED", "LOOPGATE_POWER_CUTS", "LOOPGATE_NIGHTLY", "LOOPGATE_SEED", "LOOPGATE_ENVOY")
OURS += ("LOOPGATE_ENVOY_KEEP",)


class Failed(Exception):
    """A part is missing or a promise is broken; its text is for people."""


def check(holds, what):
    if not holds:
        raise Failed(what)


def sh(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def found(program):
    # Debian puts servers where a user's PATH does not always look.
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


def need(program, package):
    """Where the program is; installed if need be."""
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    for command in ([], install, ["apt-get", "update", "-qq"], install):
        if command and not found(program):
            environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, env=environment, capture_output=True)
    check(found(program), f"missing part: {program} (Debian package {package})")
    return found(program)


def python_with(name, *packages):
    """A Python that has these packages of PyPI and no others; its venv is made once, in the cache.

    `packages` are pinned; what they need besides is what pip finds, the first time.
    """
    folder = CACHE / f"{name}-{'-'.join(re.sub(r'[^a-z0-9.]+', '-', package) for package in packages)}"
    python, whole = folder / "bin" / "python", folder / "whole"
    if whole.exists() and python.exists():
        return str(python)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    venv = [sys.executable, "-m", "venv", str(folder)]
    if subprocess.run(venv, capture_output=True).returncode != 0:
        subprocess.run(["apt-get", "install", "-y", "-qq", "python3-venv"], capture_output=True)
        sh(*venv)
    print(f"{name}: installing {' '.join(packages)} into the cache", flush=True)
    sh(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
    whole.touch()
    return str(python)


def node_with(package):
    """Where Node.js finds the package of npm, fetched once into the cache."""
    need("node", "nodejs")
    folder = CACHE / f"node-{package.replace('/', '-')}"
    whole = folder / "whole"
    if not whole.exists():
        npm = need("npm", "npm")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sh(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), package)
        whole.touch()
    return folder / "node_modules"


def go_program(name, package, version):
    """A program of Go's module proxy, built once into the cache."""
    folder = CACHE / f"{name}-{version}"
    program = folder / name
    if not program.exists():
        print(f"{name}: building {version} into the cache", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        go(folder, "install", "-trimpath", "-ldflags=-s -w", f"{package}@{version}")
        check(program.exists(), f"missing part: {name}")
    return str(program)


def go(folder, *arguments, cwd=None):
    """Go's own command; programs that it installs lie in the folder."""
    program = need("go", "golang-go")
    environment = os.environ | {"GOBIN": str(folder), "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    done = subprocess.run([program, *arguments], env=environment, cwd=cwd, capture_output=True, text=True)
    check(done.returncode == 0, f"missing part: go {' '.join(arguments)}: {done.stdout}{done.stderr}")


def certificate(folder):
    """A certificate of its own issue and its key, PEM."""
    need("openssl", "openssl")
    key, cert = folder / "door.key", folder / "door.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
    sh(*command, "-out", str(cert), "-subj", "/CN=door", "-addext", "subjectAltName=IP:127.0.0.1")
    return cert, key


def free_port():
    """A port that nobody listens at, and that no connection is given as its own end: it can be listened at again."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(100):
        port = random.randrange(10_000, low)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise Failed("no free port")


async def until(what, holds, seconds=30):
    """Waits for what an asynchronous question says yes to."""
    deadline = time.monotonic() + seconds
    while not await holds():
        check(time.monotonic() < deadline, f"waited {seconds} s for {what}")
        await asyncio.sleep(0.05)


def for_loopgate(environment):
    """Our environment with this beside it, as a process of Loopgate takes it."""
    return {name: value for name, value in os.environ.items() if name not in OURS} | (environment or {})


def models_at(port):
    """A configuration with the one model `m`."""
    return f"models:\n  - {{id: m, url: 'http://127.0.0.1:{port}', name: m, version: '1'}}\n"


STARTED = []  # all gateways of a part: one whose starter was cancelled is known to nobody else


def end_started():
    """No gateway outlives its part."""
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            process.kill()
            process.wait()


class Gateway:
    """`./loopgate gateway` on a data directory; its port from its own words, unless it is given. `role` is another verb than
    `gateway`: without a configuration, and with a port of its own for the API, too.

    `delay` is how long it serves on after SIGTERM, for a load balancer to see. `environment` is beside our own. `below` is a
    command that becomes the gateway, such as a tracer's.
    """

    def __init__(self, data, model_port, log, options=(), port=0, delay="0s", environment=None, below=(), role="gateway"):
        self.log = log
        out = open(log, "ab")
        at = out.tell()
        command = [*below, str(ROOT / "loopgate"), role]
        if role == "gateway":
            config = data.parent / "loopgate.yaml"
            if not config.exists():
                config.write_text(models_at(model_port))
            command += ["--config", str(config)]
        else:
            command += ["--api.listen", "127.0.0.1:0"]
        command += ["--listen", f"127.0.0.1:{port}", "--data", str(data), "--drain-delay", delay]
        small = {"--ship.window": "2s", "--spool.segment-bytes": "8MiB", "--spool.free-bytes-min": "16MiB"}
        for name, value in small.items():
            command += [] if name in options else [name, value]
        command += options
        self.process = subprocess.Popen(command, stdout=out, stderr=out, env=for_loopgate(environment))
        STARTED.append(self.process)
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

    def stop(self, seconds=60):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"still there {seconds} s after SIGTERM: {self.tail()}") from error
        check(self.process.returncode == 0, f"exit={self.process.returncode}: {self.tail()}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:]


def wine_image(gateway):
    """The sample as an image that this gateway can run, with the gateway's own JVM: the first on the PATH may be an old one."""
    java = os.readlink(f"/proc/{gateway.process.pid}/exe")
    jar = ROOT / "app" / "target" / "loopgate.jar"
    return f"exec:'{java}' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx48m -cp '{jar}' dev.loopgate.examples.WineModel"


async def is_listened_at(port):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def found_in(files, stream):
    """How often each Request-Id stands in the stream's files."""
    seen = {}
    for path in files.glob(f"{stream}/**/*.json"):
        for line in path.read_text().splitlines():
            name = json.loads(line)["request_id"]
            seen[name] = seen.get(name, 0) + 1
    return seen


def all_found(files, stream, names):
    all_in(found_in(files, stream), stream, names)


def all_in(seen, stream, names):
    """Each name stands there once, and nothing twice."""
    missing = [name for name in names if name not in seen]
    check(not missing, f"{stream}: answered but not found: {len(missing)}, first {missing[:3]}")
    twice = [name for name, count in seen.items() if count > 1]
    check(not twice, f"{stream}: found twice: {twice[:3]}")


def verify(data, allowed, options=(), environment=None):
    """What `loopgate verify` says; its exit code must be one of these."""
    done = subprocess.run(
        [str(ROOT / "loopgate"), "verify", str(data), *options],
        env=for_loopgate(environment),
        capture_output=True,
        text=True,
    )
    check(done.returncode in allowed, f"verify: exit={done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def metric(text, name):
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if re.match(re.escape(name) + r"(\{.*\})? ", line)
    )
