"""Any gateway or model server of the user's own, at a constant rate; what was kept is counted back."""

import datetime
import os
import pathlib
import secrets
import tempfile
import time
from dataclasses import dataclass

from harness import countback, paths, plot, record, stats, vegeta
from harness.problems import Lost, Problem

LOOK_EVERY = 1.0


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    url: str
    body: pathlib.Path
    rate: float
    seconds: float
    headers: tuple[str, ...] = ()
    expect_files: pathlib.Path | None = None
    expect_seconds: float = 200.0  # a record is in a file within three minutes
    plant_loss: bool = False


def seconds_of(text: str) -> float:
    """`30s`, `500ms`, `2m` or a plain number of seconds."""
    units = {"ms": 1e-3, "s": 1.0, "m": 60.0}
    for unit, size in units.items():
        number = text.removesuffix(unit)
        if number != text and number.replace(".", "", 1).isdigit():
            return float(number) * size
    if text.replace(".", "", 1).isdigit():
        return float(text)
    raise Problem(f"duration: value {text!r} is not allowed; allowed: a number with ms, s or m")


def missing_ids(answered: set[str], found: dict[str, countback.Found], stream: str) -> set[str]:
    """Those answered that have no record in the stream."""
    return answered - found[stream].ids


def _await_files(wanted: Wanted, answered: set[str]) -> None:
    assert wanted.expect_files is not None
    inner = wanted.expect_files / "files"
    root = inner if inner.is_dir() else wanted.expect_files
    until = time.monotonic() + wanted.expect_seconds
    through = countback.without_first if wanted.plant_loss else iter
    while True:
        found = countback.read(root, through=through)
        missing = {stream: missing_ids(answered, found, stream) for stream in found}
        if not any(missing.values()):
            break
        if time.monotonic() > until:
            counts = ", ".join(f"{stream}: {len(ids)}" for stream, ids in missing.items())
            example = next(iter(next(ids for ids in missing.values() if ids)))
            raise Lost(f"answered and not in the files: {counts}; such as {example}")
        time.sleep(LOOK_EVERY)
    print(f"counted back: {len(answered)} answered, all of them in both streams below {root}")


def run(wanted: Wanted) -> None:
    """Measures, prints, writes JSON and a plot; raises when something answered was not kept."""
    prefix = f"bench-{secrets.token_hex(4)}-"
    headers = wanted.headers or ("Content-Type: application/json",)
    shot = vegeta.Shot(wanted.url, wanted.body, wanted.rate, wanted.seconds, headers, prefix)
    with tempfile.TemporaryDirectory(prefix="loopgate-bench-") as scratch:
        attack = vegeta.fire(shot, pathlib.Path(scratch), sorted(os.sched_getaffinity(0)))
    shares = attack.percentiles()
    print(f"{wanted.url}: {len(attack.hits)} requests at {wanted.rate:g}/s, {attack.failed()} not answered 2xx")
    print("  from when each was due: " + ", ".join(f"{name} {value * 1e3:.3f} ms" for name, value in shares.items()))
    print(f"  p99 from when it was sent: {attack.service_p99() * 1e3:.3f} ms")
    histogram = stats.histogram(attack.latencies())
    most = max(count for _, count in histogram)
    for bound, count in histogram:
        print(f"  <= {bound * 1e3:10.3f} ms {count:8d} {'#' * max(1, round(50 * count / most))}")
    folder = paths.RESULTS / datetime.datetime.now().strftime("%Y%m%d-%H%M%S-target")
    folder.mkdir(parents=True)
    content = {
        "url": wanted.url,
        "rate": wanted.rate,
        "requests": len(attack.hits),
        "failed": attack.failed(),
        "percentiles_s": shares,
        "service_p99_s": attack.service_p99(),
        "histogram_s": histogram,
        "request_id_prefix": prefix,
    }
    record.dump(content, folder / "target.json")
    (folder / "latency.svg").write_text(plot.distribution({"": histogram}, f"{wanted.url} at {wanted.rate:g}/s"))
    print(f"written: {folder}")
    if wanted.expect_files is not None:
        ours = {hit.request_id for hit in attack.hits if hit.status}
        answered = {name for name in ours if name.startswith(prefix)}
        if not answered and ours:
            raise Problem("the answers bring no Request-Id back: nothing can be counted by it")
        _await_files(wanted, answered)
