"""The bodies that go up and down."""

import json
import pathlib
import random
import struct
from dataclasses import dataclass

SEED = 7


@dataclass(frozen=True)
class Exchange:
    """One kind of request: bytes up, bytes down, and its path at the model and at the gateway.

    `events`: the answer comes as so many, one after the other. `call`: the path of a gRPC call, whose path names no model.
    """

    name: str
    up: bytes
    down: bytes
    events: int = 0
    call: str = ""

    @property
    def path(self) -> str:
        return self.call or f"/model/m/{self.name}"


def _table(size: int) -> bytes:
    """JSON of exactly `size` bytes with many quotes, as tables of strings have."""
    source = random.Random(SEED)
    columns = ["fixed acidity", "volatile acidity", "citric acid", "chlorides"]
    head = '{"columns":' + json.dumps(columns, separators=(",", ":")) + ',"data":[["0"'
    tail = "]]}"
    cells: list[str] = []
    length = len(head) + len(tail)
    while length < size - 12:
        cell = f',"{source.uniform(0, 10):.3f}"'
        cells.append(cell)
        length += len(cell)
    cells.append("," + "7" * (size - length - 1))
    return (head + "".join(cells) + tail).encode()


def _answer(size: int) -> bytes:
    text = '{"columns":["quality"],"prediction":[5.'
    return (text + "5" * (size - len(text) - 2) + "]}").encode()


def _message(message: bytes) -> bytes:
    """Framed as gRPC does, not compressed."""
    return struct.pack(">BI", 0, len(message)) + message


def _events(count: int, size: int) -> bytes:
    """Server-sent events of exactly `size` bytes each."""
    frame = "data: {}\n\n"
    return (frame.format("t" * (size - len(frame.format("")))) * count).encode()


SMALL = Exchange("small", _table(257), _answer(45))
MEDIUM = Exchange("medium", _table(1024), _answer(1024))
LARGE = Exchange("large", _table(64 << 10), _table(64 << 10))
EVENTS = Exchange("events", _table(257), _events(200, 100), events=200)
CALL = Exchange(
    "call", _message(_table(257)), _message(_answer(45)), call="/inference.GRPCInferenceService/ModelInfer"
)
ALL = (SMALL, MEDIUM, LARGE, EVENTS, CALL)


def write(folder: pathlib.Path) -> None:
    """The requests' bodies as files `<name>.up`, the answers' as `<name>.down`."""
    for exchange in ALL:
        (folder / f"{exchange.name}.up").write_bytes(exchange.up)
        (folder / f"{exchange.name}.down").write_bytes(exchange.down)
