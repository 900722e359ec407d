"""What /proc says of processes, threads and cores."""

import os
import pathlib
from dataclasses import dataclass, field

PROC = pathlib.Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
KERNEL_THREAD = 0x00200000  # PF_KTHREAD

# Which part of the gateway a thread belongs to, by how its name begins. With the serial collector
# the VM's own thread collects.
PARTS = (
    ("proxy-loop", "event loop"),
    ("envoy-loop", "event loop"),
    ("spool-writer", "spool writer"),
    ("shipper", "shipper"),
    ("VM Thread", "GC"),
    ("GC Thread", "GC"),
    ("G1 ", "GC"),
    ("C1 Compiler", "JIT"),
    ("C2 Compiler", "JIT"),
    ("telemetry", "telemetry"),
)
OTHERS = "others"


@dataclass(frozen=True)
class Stat:
    """One line of /proc/<pid>/stat; times in seconds."""

    pid: int
    name: str
    parent: int
    is_kernel: bool
    own: float
    children: float


def parse_stat(line: str) -> Stat:
    """The line's fields; a name may hold blanks and brackets."""
    pid, rest = line.split(" (", 1)
    name, rest = rest.rsplit(") ", 1)
    fields = rest.split()
    own = (int(fields[11]) + int(fields[12])) / TICKS
    children = (int(fields[13]) + int(fields[14])) / TICKS
    is_kernel = bool(int(fields[6]) & KERNEL_THREAD)
    return Stat(int(pid), name, int(fields[1]), is_kernel, own, children)


@dataclass(frozen=True)
class Core:
    """Seconds of one core since boot."""

    busy: float
    stolen: float


def parse_cores(text: str) -> dict[int, Core]:
    """The lines of /proc/stat that tell of single cores."""
    cores = {}
    for line in text.splitlines():
        if not line.startswith("cpu") or line.startswith("cpu "):
            continue
        name, *columns = line.split()
        user, nice, system, _, _, irq, softirq, steal = (int(column) for column in columns[:8])
        busy = user + nice + system + irq + softirq
        cores[int(name[3:])] = Core(busy / TICKS, steal / TICKS)
    return cores


def part_of(thread: str) -> str:
    """The part of the gateway that a thread of this name belongs to."""
    for beginning, part in PARTS:
        if thread.startswith(beginning):
            return part
    return OTHERS


@dataclass(frozen=True)
class Snapshot:
    """All processes and cores at one moment."""

    seconds: float
    cores: dict[int, Core]
    stats: dict[int, Stat]
    threads: dict[int, dict[str, float]] = field(default_factory=dict)

    def tree(self, root: int) -> float:
        """CPU seconds of a process, its descendants, and those it has waited for."""
        return sum(
            stat.own + stat.children for pid, stat in self.stats.items() if self._is_under(pid, root)
        )

    def kernel(self) -> float:
        """CPU seconds of the kernel's own threads, writeback among them."""
        return sum(stat.own for stat in self.stats.values() if stat.is_kernel)

    def _is_under(self, pid: int, root: int) -> bool:
        while pid > 1:
            if pid == root:
                return True
            stat = self.stats.get(pid)
            if stat is None:
                return False
            pid = stat.parent
        return False


def snapshot(seconds: float, threads_of: int | None = None) -> Snapshot:
    """A look at this moment, with the threads of one process by part if it is named."""
    stats = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                stat = parse_stat((entry / "stat").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            stats[stat.pid] = stat
    threads = {threads_of: thread_times(threads_of)} if threads_of else {}
    return Snapshot(seconds, parse_cores((PROC / "stat").read_text()), stats, threads)


def thread_times(pid: int) -> dict[str, float]:
    """CPU seconds by part; what ended threads took is in `others`."""
    times: dict[str, float] = {}
    for entry in (PROC / str(pid) / "task").iterdir():
        try:
            stat = parse_stat((entry / "stat").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        part = part_of(stat.name)
        times[part] = times.get(part, 0.0) + stat.own
    whole = parse_stat((PROC / str(pid) / "stat").read_text()).own
    rest = whole - sum(times.values())
    times[OTHERS] = times.get(OTHERS, 0.0) + max(0.0, rest)
    return times


@dataclass(frozen=True)
class Resident:
    """Resident memory in bytes: all of it, and what of it is the mapped ring."""

    total: int
    ring: int


def parse_smaps(text: str, ring: str) -> Resident:
    """Sums /proc/<pid>/smaps; mappings whose path contains `ring` are listed apart."""
    total = mapped = 0
    is_ring = False
    for line in text.splitlines():
        first = line.split(" ", 1)[0]
        if "-" in first and not first.endswith(":"):
            is_ring = bool(ring) and ring in line
        elif first == "Rss:":
            size = int(line.split()[1]) * 1024
            total += size
            mapped += size if is_ring else 0
    return Resident(total, mapped)


def resident(root: int, ring: str = "") -> Resident:
    """Of a process and its descendants."""
    look = snapshot(0)
    total = mapped = 0
    for pid in look.stats:
        if look._is_under(pid, root):
            try:
                one = parse_smaps((PROC / str(pid) / "smaps").read_text(), ring)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            total += one.total
            mapped += one.ring
    return Resident(total, mapped)
