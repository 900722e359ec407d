"""Cases of the part `envoy` for what an Envoy does beside passing on: see `envoy_filters`."""

import gzip

from envoy_case import BYE, SILENCE, Case
from envoy_config import at_least
from envoy_filters import LARGE, SMALL
from envoy_model import TEXT

ANY = ("bare", "observer", "sync")
SOCKET = (("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"))
SOCKET += (("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),)
WORDS = (b"\x81\x05hello", b"\x82" + bytes(range(200)), b"w" * 70_000)
BEYOND = 17 << 20  # bytes: more than a record's body is decoded to
MANY, MANY_TOGETHER = 1120, 140  # streams at once, of a connection


def tunnels():
    base = {"path": "/upgrade", "method": "GET", "framing": "none", "does": "tunnel", "status": 101, "end": "tunnel"}
    base |= {"headers": SOCKET, "messages": WORDS}

    def tunnel(name, **more):
        return Case(name, "tunnels", **(base | more))

    yield tunnel("tunnel-idle", messages=(WORDS[0], 3, WORDS[1]))  # of seconds
    yield tunnel("tunnel-silent", model="idle", messages=(WORDS[0], SILENCE), end="cut", ending="timed_out", partial=True)
    yield tunnel("tunnel-post", method="POST", framing="length", body=b"what comes first", ways=ANY)
    h2 = {"method": "CONNECT", "speaks": "h2", "headers": SOCKET[2:]}
    yield tunnel("h2-tunnel", **h2, seen_as="GET", status=200, record_status="101", ways=ANY)
    yield tunnel("h2-tunnel-closed", **h2, seen_as="GET", status=200, record_status="101", ways=ANY, messages=(*WORDS, BYE), end="closed")


def retries():
    """One entry each, whatever was tried."""
    gone = {"framing": "none", "local": True, "ending": "timed_out", "status": 504}
    cut = {"framing": "none", "partial": True, "ending": "timed_out", "end": "cut"}
    yield Case("tries-again", "retries", "/hangs-once", model="tries", body=b"again", ways=ANY, asked=2, attempts=2)
    yield Case("tries-in-vain", "retries", "/hang", "GET", "tries", ways=ANY, asked=3, attempts=3, **gone)
    yield Case("hedged", "retries", "/hangs-once", model="hedges", body=b"hedged", ways=ANY, asked=2, attempts=2)
    yield Case("mirrored", "retries", prefix="/custom/copied", body=b"for both", asked=2)
    yield Case("too-long", "retries", "/stall", "GET", "brief", **cut)
    yield Case("too-long-unanswered", "retries", "/hang", "GET", "brief", **gone)
    yield Case("model-too-long", "retries", "/stall", "GET", "short", ways=ANY, **cut)
    yield Case("model-too-long-unanswered", "retries", "/hang", "GET", "short", ways=ANY, **gone)
    yield Case("pauses", "retries", "/stall", "GET", "pauses", ways=ANY, **cut)
    yield Case("pauses-unanswered", "retries", "/hang", "GET", "pauses", ways=ANY, **gone)


def refusals():
    """By Envoy, above our filter and below it; and what is no exchange of any model's."""
    base = {"local": True, "asked": 0, "ending": "rejected", "ways": ANY}
    above = base | {"shown": False, "logged": True}

    def refused(name, model, how=base, **more):
        return Case(name, "refusals", model=model, **({"body": b"a question"} | how | more))

    yield refused("authz-error", "sealed", above, status=503)
    yield refused("authz-silent", "mute", above, status=503)
    for place, model, how in (("above", "limited", above), ("below", "limited-below", base)):
        yield Case(f"allowed-{place}", "refusals", model=model, body=b"the first", ways=ANY, on=model)
        yield refused(f"limited-{place}", model, how, status=429, on=model)
    yield refused("too-large-above", "small", above, status=413, body=2 * SMALL)
    yield refused("too-large-below", "small-below", status=413, body=2 * SMALL)
    yield refused("said-by-route", "spoken-for", status=403)
    yield refused("full", "full", status=503)
    yield refused("no-cluster", "nowhere", status=503, ending="model_unreachable")
    no = {"local": True, "asked": 0, "records": 0}
    raw = no | {"does": "raw", "anonymous": True, "status": 400}
    yield Case("head-over-16k", "refusals", headers=(("x-big", "b" * 20_000),), body=b"big")
    yield Case("head-too-large", "refusals", headers=(("x-big", "b" * 70_000),), body=b"big", status=431, **no)
    yield Case("no-http", "refusals", messages=(b"POST /model/m/echo HTTP/1.1\r\nx y: z\r\n\r\n",), **raw)
    yield Case("connect", "refusals", messages=(b"CONNECT models.test:80 HTTP/1.1\r\nhost: models.test:80\r\n\r\n",), **raw)
    yield Case("h2-connect", "refusals", speaks="h2", method="CONNECT", framing="none", path="", model="", status=404, **no)
    yield Case("h2-tunnel-refused", "refusals", "/upgrade", "CONNECT", speaks="h2", headers=SOCKET[2:], framing="none", does="tunnel",
               status=400, ways=("proxy",), **no)  # fmt: skip


def own_headers():
    """What Envoy takes for its own."""
    tells = (("x-envoy-max-retries", "3"), ("x-envoy-upstream-rq-timeout-ms", "60000"), ("x-envoy-expected-rq-timeout-ms", "60001"))
    yield Case("x-envoy", "own_headers", headers=(*tells, ("x-envoy-attempt-count", "7"), ("x-envoy-decorator-operation", "op")), body=b"x")
    yield Case("x-envoy-path", "own_headers", headers=(("x-envoy-original-path", "/model/other/x"),), body=b"x", uri="/model/other/x")


def recoded():
    """Packed and unpacked by Envoy; in the record is what passed our filter, decoded."""
    text, takes = ("content-type", "text/plain"), ("accept-encoding", "gzip")
    packed = gzip.compress(TEXT, mtime=0)
    echo = {"body": TEXT, "headers": (text, takes), "kept": TEXT}
    yield Case("packs-above", "recoded", model="packs", recoded="answer above", **echo)
    yield Case("packs-below", "recoded", model="packs-below", recoded="answer below", ways=ANY, **echo)
    yield Case("packs-cut", "recoded", "/reset-chunked/5000", "GET", "packs", headers=(takes,), framing="none", recoded="answer above",
               ending="model_reset", end="cut", partial=True)  # fmt: skip
    for place, model in (("above", "unpacks"), ("below", "unpacks-below")):
        # Never below where Envoy waits: there it loses the end of such an answer, and says that of such a request twice.
        ways = ANY if place == "above" else ("bare", "observer")
        yield Case(f"unpacks-answer-{place}", "recoded", "/packed/gzip", "GET", model, framing="none", kept=TEXT,
                   recoded=f"answer {place}", ways=("proxy", *ways) if place == "above" else ways)  # fmt: skip
        packs = (text, ("content-encoding", "gzip"))
        yield Case(f"unpacks-request-{place}", "recoded", model=model, body=packed, headers=packs, recoded=f"request {place}",
                   removed=("content-encoding",), ways=ways)  # fmt: skip
    yield Case("packed-beyond", "recoded", f"/bomb/{BEYOND}", "GET", framing="none")
    yield Case("one-message", "recoded", "/swallow", model="large", body=LARGE - 1)
    # Of what comes in a larger message nothing is kept, nor of what comes behind it.
    yield Case("beyond-a-message", "recoded", "/swallow", model="larger", body=18 << 20, ways=ANY, unseen=True)


def many():
    """More at once than Envoy's breakers allow unless they are told otherwise."""
    for i in range(MANY):
        yield Case(f"many-{i}", "many", f"/gathers/{MANY}", model="many", body=b"%d" % i, speaks="h2", does="together",
                   on=f"many-{i // MANY_TOGETHER}", ways=("observer",))  # fmt: skip


def overload():
    """Refused before Envoy has made a filter for it."""
    yield Case("overloaded", "overload", body=b"a question", status=503, local=True, asked=0, ending="rejected", shown=False,
               logged=True, wire_id="nobody's", ways=ANY)  # fmt: skip


GROUPS = (tunnels, retries, refusals, own_headers, recoded, many, overload)

# As in `envoy_cases`.
DIFFERENCES = (
    (
        ("tries-in-vain", "too-long-unanswered", "model-too-long-unanswered", "pauses-unanswered", "limited-below", "too-large-below",
         "said-by-route", "full", "no-cluster"),
        ("observer", "sync"), lambda version: not at_least(version, 1, 37), {"shown": False},
        "1.36 does not show its filter what it answers itself",
    ),
    (
        ("head-over-16k",), ("proxy",), None, {"status": 431, "local": True, "asked": 0, "records": 0},
        "Envoy takes heads of 60 KiB where our proxy takes proxy.head-bytes-max",
    ),
    (
        ("head-too-large", "no-http"), ("sync",), None, {"status": 0, "end": "cut", "alike": False},
        "Envoy closes such a connection before its own answer has passed our filter",
    ),
    (
        ("h2-tunnel-closed",), ("sync",), None, {"end": "closed or cut", "partial": True},
        "as over HTTP/1.1: the last bytes before the model closes a tunnel may be lost",
    ),
    (
        ("x-envoy",), ANY, None,
        {"removed": ("x-envoy-max-retries", "x-envoy-upstream-rq-timeout-ms", "x-envoy-expected-rq-timeout-ms")},
        "Envoy believes them of nobody outside",
    ),
    (
        ("x-envoy-path",), ANY, None, {"rewritten": ("x-envoy-original-path",)},
        "by this header an Envoy says what it has rewritten: at the edge callers' are to be removed",
    ),
    (("connect",), ANY, None, {"status": 404}, "Envoy has no route for it where our proxy knows no such request"),
    (("h2-connect",), ("proxy",), None, {"status": 0, "end": "cut"}, "our proxy ends such a stream without an answer"),
)  # fmt: skip
