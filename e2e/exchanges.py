"""What each client asks the model for, and what must come of it. Shared by `clients` and its clients' own programs."""

import json
import random
import time
from dataclasses import dataclass, field

EVENTS = 8
EVENT_GAP = 0.25  # seconds: much longer than anything may take on its way
SEED = 11


@dataclass(frozen=True)
class Exchange:
    """One kind of exchange. `answer` None: what the model says is known when it has said it."""

    kind: str
    method: str
    path: str
    body: bytes = b""
    chunked: bool = False
    status: int = 200
    answer: bytes | None = None
    ending: str = "complete"


SMALL = b'{"columns": ["alcohol"], "data": [[12.8]]}'
# Neither is text in UTF-8, and no two pieces are alike.
PIECES = [random.Random(SEED + i).randbytes(3000 + i) for i in range(7)]
MEBIBYTE = random.Random(SEED).randbytes(1 << 20)
MISSING = b'{"error":"no such thing"}'

ALL = (
    Exchange("unary", "POST", "/echo", SMALL, answer=SMALL),
    Exchange("chunked", "POST", "/chunked", b"".join(PIECES), chunked=True, answer=b"".join(PIECES)),
    Exchange("mebibyte", "POST", "/echo", MEBIBYTE, answer=MEBIBYTE),
    Exchange("events", "GET", "/events"),
    Exchange("head", "HEAD", "/echo", answer=b""),
    Exchange("missing", "GET", "/missing", status=404, answer=MISSING),
    Exchange("leaves", "GET", "/endless", ending="client_left"),
)


@dataclass
class Seen:
    """What a client saw of one exchange. `arrivals`: when each piece of the answer came, monotonic, and its length."""

    name: str
    status: int = 0
    version: str = ""
    body: bytes = b""
    arrivals: list = field(default_factory=list)

    def piece(self, data):
        if data:
            self.body += data
            self.arrivals.append((time.monotonic(), len(data)))

    def line(self):
        """As a line of JSON, for the process that asked for it."""
        return json.dumps(self.__dict__ | {"body": self.body.hex()})

    @staticmethod
    def of(line):
        fields = json.loads(line)
        return Seen(**(fields | {"body": bytes.fromhex(fields["body"])}))
