"""A network namespace of the benchmark's own, with a loopback and nothing else; made and taken away by it. Needs root."""

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator

from harness import tools
from harness.problems import Problem

_NEW_NET = 0x40000000  # CLONE_NEWNET
_LIBC = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """One, by a name that nobody else on this machine has. Takes what was started in it with it only when that has ended."""

    def __init__(self, word: str) -> None:
        self.name = f"lg-{word}-{os.getpid()}"

    def __enter__(self) -> "Namespace":
        if os.geteuid() != 0:
            raise Problem("a network namespace is made by root; leave its row out by --rows, or run as root")
        tools.run([tools.path("ip"), "netns", "add", self.name])
        try:
            tools.run(self.command(tools.path("ip"), "link", "set", "lo", "up"))
        except Problem:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([tools.path("ip"), "netns", "del", self.name], capture_output=True, check=False)

    def command(self, *command: str) -> list[str]:
        """The same command inside; it becomes that command, so its pid is the one that was started."""
        return [tools.path("ip"), "netns", "exec", self.name, *command]

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets that this thread makes meanwhile are in it."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/var/run/netns/{self.name}", os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(home)
            os.close(there)
            os.close(home)


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, _NEW_NET) != 0:
        raise Problem(f"setns: {os.strerror(ctypes.get_errno())}")
