"""The case table of the part `envoy`: what is asked, and what must come of it, by the way that it goes.

A way is `proxy` (our own), or an Envoy of some version without Loopgate (`bare`), with it as an observer, or with it in
synchronous mode (`sync`). Where what comes of a case is not the same on all ways, `DIFFERENCES` says so and why; nothing
else does.
"""

import dataclasses

import envoy_cases_beside
from envoy_case import BYE, Case
from envoy_cases_beside import SOCKET, WORDS
from envoy_config import at_least
from envoy_model import SECRETS, TEXT, grpc_message


def get(name, path, **more):
    return Case(name, "framing", path, "GET", framing="none", **more)


def sizes():
    """Each size both ways."""
    for size in (1, (16 << 10) - 1, 16 << 10, (16 << 10) + 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1):
        yield Case(f"echo-{size}", "framing", body=size)
    for size in (1, 16 << 10, (1 << 20) + 1):
        yield Case(f"chunked-{size}", "framing", "/trailers", body=size, framing="chunked")


def framing():
    yield get("get", "/bytes/1000")
    yield get("get-empty", "/bytes/0")
    yield get("chunks", f"/chunks/{(1 << 20) + 77}")
    yield get("chunks-empty", "/chunks/0")
    yield get("until-close", "/until-close/300000")
    yield get("until-close-empty", "/until-close/0")
    yield get("status-204", "/status/204", status=204)
    yield get("status-304", "/status/304", status=304)
    yield get("status-404", "/fails/404", status=404)
    yield get("status-500", "/fails/500", status=500)
    yield dataclasses.replace(get("head", "/head"), method="HEAD")
    yield Case("post-empty", "framing")
    yield Case("chunked-empty", "framing", framing="chunked")
    yield Case("put", "framing", method="PUT", body=b"put")
    yield Case("query", "framing", "/echo?a=1&b=%20two", body=b"query")
    yield from sizes()
    trailers = (("x-end", "of-the-request"),)
    yield Case("trailers", "framing", "/trailers", body=b"with trailers", framing="chunked", trailers=trailers)
    yield Case("duplex", "framing", "/duplex", body=3 << 20, framing="chunked")
    yield get("events", "/events")
    yield Case("expects", "framing", body=100_000, does="expects")
    yield Case("hints", "framing", "/hints", body=b"hinted")
    for i in range(3):
        yield Case(f"kept-{i}", "framing", body=b"kept %d" % i, on="kept")
        yield Case(f"pipelined-{i}", "framing", body=b"pipelined %d" % i, on="pipelined", does="pipelined")
    yield Case("early", "framing", "/early", body=1 << 20, does="early", partial=True)


def over_http2():
    """The same over HTTP/2: to a model of HTTP/1.1, and of HTTP/2; and HTTP/1.1 to one of HTTP/2."""
    names = ("get", "chunks-empty", "status-204", "head", "post-empty", f"echo-{16 << 10}", f"echo-{(1 << 20) + 1}", "trailers")
    names += ("events", "duplex", "early")
    for base in framing():
        if base.name in names:
            for word, speaks, model in (("h2-h1", "h2", "m"), ("h2-h2", "h2", "m2"), ("h1-h2", "h1", "m2")):
                if (base.name, word) != ("chunks-empty", "h1-h2"):
                    yield dataclasses.replace(base, name=f"{word}-{base.name}", speaks=speaks, model=model)
    for i in range(3):
        yield Case(f"h2-kept-{i}", "framing", body=b"kept %d" % i, speaks="h2", model="m2", on="h2-kept")


def huge():
    """Alone, one after the other: memory is looked at meanwhile."""
    yield Case("huge-up", "huge", "/swallow", body=64 << 20)
    yield Case("huge-down", "huge", f"/bytes/{64 << 20}", "GET", framing="none")
    yield Case("huge-h2", "huge", "/swallow", body=64 << 20, speaks="h2", model="m2")


def grpc():
    headers = (("content-type", "application/grpc"), ("te", "trailers"))
    one, many = grpc_message(b"a question"), b"".join(grpc_message(b"question %d" % i) for i in range(20))

    def call(name, method, body, code=0, **more):
        base = {"path": f"/test.Model/{method}", "model": "g", "headers": headers, "framing": "none"}
        return Case(f"grpc-{name}", "grpc", **(base | {"body": body, "grpc": code, "speaks": "h2"} | more))

    yield call("unary", "Unary", one)
    yield call("server", "Server", one)
    yield call("client", "Client", many)
    yield call("bidi", "Bidi", many)
    yield call("trailers-only", "TrailersOnly", one, 12)
    yield call("fails", "Fails", one, 5)
    yield call("bare", "Unary", one, model="")  # under no model's prefix, for the only one that serves gRPC


def upgrades():
    base = Case("", "upgrades", "/upgrade", "GET", headers=SOCKET, framing="none", does="tunnel", status=101)
    yield dataclasses.replace(base, name="upgrade-client", messages=WORDS, end="tunnel")
    yield dataclasses.replace(base, name="upgrade-server", messages=(*WORDS, BYE), end="closed")


def aborts():
    """`ending` here is the proxy's."""
    left = {"ending": "client_left", "end": "left", "partial": True}
    h2 = {"speaks": "h2", "model": "m2"}
    early = left | {"body": 400_000, "does": "leaves_asking", "record_status": "0", "status": 0}
    yield Case("leaves-asking", "aborts", "/swallow", **early)
    yield Case("h2-leaves-asking", "aborts", "/swallow", **early, **h2)
    yield Case("leaves-reading", "aborts", "/stall", "GET", framing="none", does="leaves_reading", **left)
    yield Case("h2-leaves-reading", "aborts", "/stall", "GET", framing="none", does="leaves_reading", **left, **h2)
    cut = {"ending": "model_reset", "end": "cut", "partial": True, "framing": "none"}
    yield Case("model-resets", "aborts", "/reset/5000", "GET", **cut)
    yield Case("model-resets-chunked", "aborts", "/reset-chunked/5000", "GET", **cut)
    yield Case("h2-model-resets", "aborts", "/reset/5000", "GET", **cut, **h2)
    gone = {"local": True, "framing": "none"}
    yield Case("model-vanishes", "aborts", "/vanish", "GET", ending="model_reset", status=502, **gone)
    yield Case("times-out", "aborts", "/hang", "GET", "slow", ending="timed_out", status=504, **gone)
    idle = cut | {"ending": "timed_out"}
    yield Case("falls-silent", "aborts", "/stall", "GET", "idle", **idle)
    envoys = ("bare", "observer", "sync")
    yield Case("retried", "aborts", "/flaky", model="again", body=b"twice", ways=envoys, asked=2, attempts=2)
    yield Case("moved", "aborts", "/redirect", "GET", "moved", framing="none", ways=envoys, asked=2)


def locals_():
    envoys = ("bare", "observer", "sync")
    base = {"local": True, "asked": 0, "body": b"a question"}
    yield Case("refused", "locals", model="gone", ending="model_unreachable", status=502, **base)
    yield Case("no-endpoint", "locals", model="empty", ending="model_unreachable", status=503, ways=envoys, **base)
    yield Case("no-route", "locals", "/nowhere", model="", status=404, records=0, **base)
    yield Case("no-model", "locals", model="unknown", status=404, records=0, **base)
    yield Case("direct", "locals", "/direct", model="", status=403, records=0, ways=envoys, **base)


def headers():
    yield Case("id-mixed-case", "headers", headers=(("Request-ID", "Mixed-Case-1"), ("X-Mixed", "Case")), body=b"id")
    yield Case("id-twice", "headers", headers=(("request-id", "id-twice-1"), ("request-id", "id-twice-2")), body=b"id")
    yield Case("id-none", "headers", anonymous=True, body=b"id")
    yield Case("id-empty", "headers", headers=(("request-id", ""),), body=b"id")
    yield Case("id-long", "headers", headers=(("request-id", "l" * 257),), body=b"id", replaced=True)
    yield Case("id-256", "headers", headers=(("request-id", "l" * 256),), body=b"id")
    yield Case("id-unprintable", "headers", headers=(("request-id", "caf\xe9\xff"),), body=b"id", replaced=True)
    yield Case("twice", "headers", headers=(("x-twice", "one"), ("x-twice", "two"), ("x-empty", "")), body=b"twice")
    yield Case("not-utf8", "headers", headers=(("x-latin", "caf\xe9"),), body=b"latin")
    many = tuple((f"x-many-{i}", f"value {i}") for i in range(96))  # and host, request-id, x-case, content-length
    yield Case("hundred", "headers", headers=many, body=b"hundred")
    secret = (("authorization", f"Bearer {SECRETS[0]}"), ("cookie", f"c={SECRETS[1]}"))
    yield Case(
        "secrets",
        "headers",
        f"/cookie?token={SECRETS[3]}&a=1",
        headers=secret,
        body=b"secrets",
        uri="/model/m/cookie?token=*****&a=1",
    )


def content():
    for coding in ("gzip", "br", "zstd"):
        yield Case(f"packed-{coding}", "content", f"/packed/{coding}", "GET", framing="none", kept=TEXT)
    yield Case("binary", "content", headers=(("content-type", "application/octet-stream"),), body=bytes(range(256)) * 9)
    text = "grüße, 世界".encode()
    yield Case("text", "content", headers=(("content-type", "text/plain; charset=utf-8"),), body=text)
    part = b'--b\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\n\x00\xff\r\n--b--\r\n'
    yield Case("multipart", "content", headers=(("content-type", "multipart/form-data; boundary=b"),), body=part)


def all_cases():
    groups = (framing, over_http2, grpc, upgrades, aborts, locals_, headers, content, *envoy_cases_beside.GROUPS, huge)
    cases = [case for group in groups for case in group()]
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "a name twice"
    return cases


def _old(version):
    return not at_least(version, 1, 37)


# (cases, ways, of which versions, what is different, why). The later one wins.
ANY = ("bare", "observer", "sync")
BESIDE = ("observer", "sync")
DIFFERENCES = (
    (("model-vanishes", "refused"), ANY, None, {"status": 503}, "Envoy says 503 where we say 502"),
    (
        ("model-vanishes", "refused", "no-endpoint", "times-out"),
        BESIDE, _old, {"shown": False},
        "1.36 does not show its filter what it answers itself; how it ended is in its access log",
    ),
    (
        ("upgrade-server",), ("sync",), None, {"end": "closed or cut", "partial": True},
        "in synchronous mode the last bytes before the model closes a tunnel may be lost: switch it off there",
    ),
    (
        ("id-empty", "id-long", "id-unprintable"), ANY, None, {"wire_id": "the caller's"},
        "without ext_authz nobody checks the wire's id",
    ),
)


def of_way(case, way, version=""):
    """The case as it must come out on this way."""
    for names, ways, versions, different, _ in (*DIFFERENCES, *envoy_cases_beside.DIFFERENCES):
        if case.name in names and way in ways and (versions is None or versions(version)):
            case = dataclasses.replace(case, **different)
    return case


def on_way(way, version="", but=()):
    """All cases of this way, without those groups."""
    return [of_way(case, way, version) for case in all_cases() if way in case.ways and case.group not in but]
