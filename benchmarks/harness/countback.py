"""Counting back: what was sent against what lies in the files."""

import json
import pathlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from harness.problems import Lost

STREAMS = ("request_response", "response_body")


@dataclass
class Found:
    """What the files of one stream hold."""

    records: int = 0
    ids: set[str] = field(default_factory=set)
    cut: int = 0  # kept in part

    def add(self, line: bytes) -> None:
        """One line of a file; what is no whole JSON object is not there."""
        try:
            record = json.loads(line)
        except ValueError:
            return
        self.records += 1
        self.ids.add(record["request_id"])
        self.cut += 1 if record.get("truncated") else 0


def lines_of(files: pathlib.Path, stream: str) -> Iterable[bytes]:
    """All lines of a stream's published files."""
    for path in sorted(files.glob(f"{stream}/**/*.json")):
        with open(path, "rb") as file:
            yield from file


def without_first(lines: Iterable[bytes]) -> Iterable[bytes]:
    """The planted loss: a check that does not miss this line is no check."""
    iterator = iter(lines)
    next(iterator, None)
    return iterator


def read(
    files: pathlib.Path,
    streams: Iterable[str] = STREAMS,
    through: Callable[[Iterable[bytes]], Iterable[bytes]] = iter,
) -> dict[str, Found]:
    """What lies in the files, stream by stream; the lines pass `through` first."""
    all_found = {}
    for stream in streams:
        found = Found()
        for line in through(lines_of(files, stream)):
            found.add(line)
        all_found[stream] = found
    return all_found


def check_predictions(found: dict[str, Found], sent: int, dropped: int = 0) -> None:
    """Each stream has one record for each request that was not counted as dropped, each with an id
    of its own; both streams have the same ids."""
    due = sent - dropped
    for stream, one in found.items():
        if one.records != due or len(one.ids) != due:
            raise Lost(
                f"count-back: {stream}: sent={sent}, dropped by the ledger={dropped},"
                f" records={one.records}, different ids={len(one.ids)}; missing={due - len(one.ids)}"
            )
    first, *others = (one.ids for one in found.values())
    if any(ids != first for ids in others):
        raise Lost("count-back: the two streams do not hold the same ids")


def check_records(found: Found, stream: str, sent: int) -> None:
    """The stream has as many records as were sent; ids may repeat."""
    if found.records != sent:
        raise Lost(f"count-back: {stream}: sent={sent}, records={found.records}")
