"""What the harness starts: each on its cores, its words in a file, ended by its own pid."""

import atexit
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence

from harness.problems import Problem

START_SECONDS = 120
STOP_SECONDS = 660
POLL_SECONDS = 0.005

_running: list["Started"] = []


class Started:
    """A process; `command` runs on `cores`. Ends with the harness, whatever happens."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        cores: Sequence[int],
        log: pathlib.Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.poll_seconds = POLL_SECONDS
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=os.environ | (environment or {}),
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )
        _running.append(self)

    @property
    def pid(self) -> int:
        return self.process.pid

    def run_on(self, cores: Sequence[int]) -> None:
        """Moves all of its threads; those to come go with them."""
        for entry in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(int(entry.name), cores)

    def words(self) -> str:
        """The end of what it said."""
        return self.log.read_text(errors="replace")[-2000:]

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            raise Problem(f"{self.name}: ended, exit={self.process.returncode}: {self.words()}")

    def await_true(self, what: str, holds: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Waits until something holds, as long as the process lives."""
        until = time.monotonic() + seconds
        while not holds():
            self.check_alive()
            if time.monotonic() > until:
                raise Problem(f"{self.name}: waited {seconds} s for {what}: {self.words()}")
            time.sleep(self.poll_seconds)

    def await_port(self, port: int) -> None:
        self.await_true(f"port {port}", lambda: is_open(port))

    def stop(self) -> int:
        """Asks it to end and waits; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise Problem(f"{self.name}: still there {STOP_SECONDS} s after SIGTERM") from error
        self._forget()
        return code

    def kill(self) -> None:
        """Ends it at once."""
        self.process.kill()
        self.process.wait()
        self._forget()

    def _forget(self) -> None:
        if self in _running:
            _running.remove(self)


@atexit.register
def _end_all() -> None:
    # The last started first: proxies before their backend. A server told to stop ends its workers.
    for started in reversed(list(_running)):
        try:
            started.stop()
        except Problem:
            continue  # it was killed; nothing more can be done for it


def is_open(port: int) -> bool:
    """Whether somebody listens at 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
