"""What is spoken at the door that is measured, and to the model behind it."""

from dataclasses import dataclass

JSON = "content-type: application/json"


@dataclass(frozen=True)
class Way:
    """One protocol at the door: 64 exchanges at a time, over so many connections.

    `grpc`: the model is called over HTTP/2 too, else over HTTP/1.1. `buffers`: a proxy may wait for more of an
    answer before it passes on what is there.
    """

    name: str
    http2: bool = False
    tls: bool = False
    grpc: bool = False
    buffers: bool = True
    connections: int = 64
    streams: int = 1
    headers: tuple[str, ...] = (JSON,)

    @property
    def scheme(self) -> str:
        """Of the door's URL."""
        return "https" if self.tls else "http"

    def of_h2load(self) -> list[str]:
        """How h2load is told; it takes HTTP/2 for granted."""
        return ["-m", str(self.streams)] if self.http2 else ["--h1"]


PLAIN = Way("plain")
H2 = Way("h2", http2=True, connections=8, streams=8)
TLS = Way("tls", tls=True)
GRPC = Way(
    "grpc", http2=True, grpc=True, connections=8, streams=8, headers=("content-type: application/grpc", "te: trailers")
)
SSE = Way("sse", buffers=False)
