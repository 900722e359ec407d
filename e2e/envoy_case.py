"""One case of the part `envoy`: what is asked, and what must come of it."""

from dataclasses import dataclass

KEPT = 4 << 20  # capture.body-bytes-max: what a record holds of a body
BYE = b"bye"  # what closes a tunnel
SILENCE = "until it ends"  # in a tunnel, instead of a message


@dataclass(frozen=True)
class Case:
    """One exchange. `body`: bytes, or so many of a pattern. `on`: the connection that it shares with others.

    `ending`, `record_status` and `grpc` are of the record; `records`: how many there are. `partial`: bodies are not whole, so
    only their beginning is known. `kept`: what the record holds of the answer where that is not what went over the wire.
    `recoded`: the body of that name (request or answer) that a filter of Envoy's packs or unpacks, above ours or below it.
    """

    name: str
    group: str
    path: str = "/echo"
    method: str = "POST"
    model: str = "m"
    headers: tuple = ()
    body: bytes | int = b""
    framing: str = "length"  # length, chunked
    trailers: tuple = ()
    speaks: str = "h1"
    does: str = "whole"
    on: str = ""
    messages: tuple = ()
    ways: tuple = ("proxy", "bare", "observer", "sync")
    status: int = 200
    end: str = "whole"  # what the client must see of the end; "this or that" where neither can be known
    local: bool = False  # the model did not say it
    ending: str = "complete"
    record_status: str | None = None  # None: as the client's
    records: int = 1
    partial: bool = False
    uri: str | None = None
    grpc: int | None = None
    kept: bytes | None = None
    prefix: str = ""  # of the route, where it is not the model's own
    asked: int = 1  # how often the model is
    attempts: int = 1  # what the record says of that, where Envoy tells
    seen_as: str = ""  # the method at the model and in the record, where Envoy makes another of it
    removed: tuple = ()  # names of headers that neither the model is shown nor we
    rewritten: tuple = ()  # that the model is shown otherwise than we
    unseen: bool = False  # of both bodies only how large they were
    logged: bool = False  # the record is by Envoy's log alone
    alike: bool = True  # as through this Envoy without Loopgate
    recoded: str = ""  # "answer above" and so on
    anonymous: bool = False  # the caller sends no Request-Id
    replaced: bool = False  # the record's id is the gateway's, and it says so
    shown: bool = True  # the answer's body, to whom the record is by
    wire_id: str = "the record's"  # "the caller's", "nobody's": what model and caller are told

    @property
    def size(self):
        return self.body if isinstance(self.body, int) else len(self.body)

    @property
    def target(self):
        prefix = self.prefix or (f"/model/{self.model}" if self.model else "")
        return prefix + self.path
