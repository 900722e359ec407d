"""What must hold of one exchange of the part `envoy`: on the wire, against the same Envoy without Loopgate, and in the record."""

import json
import zlib

from clients import body_of
from common import check
from envoy_case import KEPT
from envoy_model import EVENTS, Digest

# Of one connection, or added by whoever stands in between.
OF_A_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"}
# Of one moment or of one run.
OF_A_MOMENT = {"date", "x-request-id", "x-envoy-upstream-service-time", "x-envoy-expected-rq-timeout-ms"}
NEVER_KEPT = {"authorization", "cookie", "set-cookie"}

# What a record says differently beside Envoy than in the proxy; everything else in it must be the same.
OF_A_WAY = {
    "time", "start_time", "duration_ms", "first_byte_ms", "gap_max_ms",  # of a moment
    "request_http_headers", "response_http_headers",  # as this side saw them: compared by the caller's own
    "replica", "request_host", "attempts",  # where the model answered; who was asked; what only Envoy tells
    "x_request_id", "forwarded",  # Envoy adds its own
}  # fmt: skip


def told(case, what, holds, *details):
    check(holds, f"{case.name}: {what}: {' '.join(str(detail) for detail in details)[:2500]}")


def own_headers(case):
    """What the caller sent for the model, by name, joined as a record does; without its Request-Id."""
    joined = {}
    for name, value in case.headers:
        name = name.lower()
        if name not in OF_A_HOP and name != "request-id":
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def caller_id(case):
    """The Request-Id that counts of what the caller sent."""
    sent = [value for name, value in case.headers if name.lower() == "request-id"]
    return sent[0] if sent else "" if case.anonymous else case.name


def check_wire(case, seen, asked):
    """What caller and model saw of each other is the same bytes."""
    told(case, f"status, not {case.status}", seen.status == case.status, seen)
    told(case, f"how it ended, not {case.end}", seen.end in case.end.split(" or "), seen)
    told(case, f"how often the model was asked, not {case.asked}", len(asked) == case.asked, asked)
    if not asked:
        return
    last = asked[-1]
    told(case, "the method", last.method == (case.seen_as or case.method), last)
    if case.asked == 1:
        told(case, "the path", last.target == (case.path if case.model else case.target), last)
    for name, value in own_headers(case).items():
        if name in case.removed:
            told(case, f"the header {name} reached the model", not last.header(name), last.headers)
            continue
        if name in case.rewritten:
            continue
        told(case, f"the header {name}", ", ".join(last.header(name)) == value, last.headers)
    if not case.partial and not case.local:
        same = as_they_are if not case.recoded else as_they_mean
        told(case, "the request's bytes", same(last.body) == same(seen.asked), last.body, seen.asked)
        told(case, "the answer's bytes", same(seen.body) == same(last.said), seen.body, last.said)
        trailers = {name: value for name, value in last.trailers if not name.startswith("x-envoy-decompressor-")}
        told(case, "the request's trailers", trailers == dict(case.trailers), last.trailers)
        if "/trailers" in case.path:
            told(case, "the answer's trailers", ("x-sum", str(case.size)) in seen.trailers, seen.trailers)
        if case.grpc is not None:
            said = dict(seen.trailers) | dict(seen.headers)
            told(case, "the status of gRPC", said.get("grpc-status") == str(case.grpc), said)
    elif case.partial:
        came = bytes(seen.body.kept) if not case.recoded else as_they_mean(seen.body)
        told(case, "bytes that nobody sent", came == last.said.kept[: len(came)], seen.body, last.said)
    if "/events" in case.path:
        check_events(case, seen, last)


def as_they_are(digest):
    return digest


def as_they_mean(digest):
    """Of a small body, or of its beginning: unpacked."""
    data = bytes(digest.kept)
    return zlib.decompressobj(31).decompress(data) if data.startswith(b"\x1f\x8b") else data


def check_events(case, seen, asked):
    """Event by event: it was there before the next one was sent. A busy machine may hold up some; one that waits is late with
    each.
    """
    late, end = 0, 0
    for i, (_, size) in enumerate(asked.sent[:-1]):
        end += size
        came, have = None, 0
        for when, length in seen.arrivals:
            have += length
            if have >= end:
                came = when
                break
        late += came is None or came > asked.sent[i + 1][0]
    told(case, f"events that came later than the next was sent: {late} of {EVENTS}", late < EVENTS / 2)


def view(case, seen, asked, framing):
    """All that was on both wires, but for what is of a moment; `framing` False: but for how bodies were framed, too."""
    passing = OF_A_MOMENT | {"connection"} | (set() if framing else {"content-length", "transfer-encoding"})
    passing |= {"request-id"} if case.anonymous else set()  # each run has its own

    def of(headers):
        return sorted((name, value) for name, value in headers if name not in passing)

    def body(digest):
        if case.recoded and not case.partial:
            return repr(as_they_mean(digest))  # how it is packed follows the pieces in which it came
        return None if case.partial or case.does == "tunnel" else repr(digest)

    end = None if " or " in case.end else seen.end
    answer = [seen.status, of(seen.headers), body(seen.body), sorted(seen.trailers), end, seen.interim]
    requests = [[one.method, one.target, one.version, of(one.headers), body(one.body), sorted(one.trailers)] for one in asked]
    return {"answer": answer, "requests": requests}


def check_same(case, with_it, without):
    """The same as this Envoy without Loopgate."""
    for what, value in with_it.items():
        details = (json.dumps(value), "\nwithout:", json.dumps(without[what]))
        told(case, f"{what} not as without Loopgate", value == without[what], *details)


def check_id(case, seen, asked, request):
    """One Request-Id: of the record, at the model, at the caller."""
    name = request["request_id"]
    told(case, "request_id_replaced", request["request_id_replaced"] == case.replaced, request)
    callers = caller_id(case)
    if case.replaced or not callers:
        told(case, "an id that nobody can use", len(name) == 36 and name != callers, name)
    else:
        told(case, "the caller's id", name == callers, name)
    if case.wire_id == "nobody's":
        return told(case, "an id at the caller", not seen.header("request-id"), seen.headers)
    wire = name if case.wire_id == "the record's" else callers
    if asked:
        told(case, f"the id at the model, not {wire}", asked[-1].header("request-id") == [wire], asked[-1].headers)
    if seen.headers and (wire or case.wire_id == "the record's"):
        told(case, f"the id at the caller, not {wire}", seen.header("request-id") == [wire], seen.headers)


def check_record(case, seen, asked, request, answer):
    """The one record of an exchange, in both streams."""
    check_id(case, seen, asked, request)
    status = case.record_status or str(case.status)
    for what, value in {
        "ending": case.ending,
        "response_status": status,
        "request_http_method": case.seen_as or case.method,
        "request_uri": case.uri or case.target,
        "model_name": case.model or "g",
        "grpc_status": case.grpc,
    }.items():
        told(case, f"{what}, not {value!r}", request.get(what) == value, json.dumps(request))
    if "attempts" in request:
        told(case, "attempts", request["attempts"] == case.attempts, request["attempts"])
    told(case, "the sizes of the answer", request["response_size"] == answer["size"], request["response_size"], answer["size"])
    was_asked, kept_request = seen.asked, None
    if case.recoded == "request above":
        was_asked = asked[-1].body
    elif case.recoded == "request below":
        kept_request = as_they_mean(was_asked)
    cut = case.partial or case.local or case.unseen
    check_body(case, "request", request, "request_content", was_asked, cut, kept_request)
    whole = case.ending == "complete" or case.local
    said = asked[-1].said if asked and not case.local else seen.body
    if case.recoded == "answer below":
        said = seen.body
    if status == "0":  # no answer began for whom the record is by
        whole, said = True, Digest()
    cut = case.partial or not whole or not case.shown or case.unseen
    check_body(case, "answer", answer, "response_content", said, cut, case.kept)
    for what, one, size in (("request", request, was_asked.size), ("answer", answer, said.size)):
        if case.unseen or (what == "answer" and not case.shown):
            told(case, f"{what}: size, not {size}, though Envoy's log tells it", one["size"] == size, one["size"])
    kept = request["request_http_headers"]
    for name, value in own_headers(case).items():
        if name in NEVER_KEPT or (name in case.removed and case.recoded != "request below"):
            told(case, f"the header {name} is kept", name not in kept, kept)
        else:
            told(case, f"the header {name}, not {value!r}", kept.get(name) == value, kept)
    told(case, "a cookie is kept", "set-cookie" not in request["response_http_headers"], request)


def check_body(case, what, record, content, wire, partial, kept=None):
    bytes_ = body_of(record, content)
    if partial:
        told(case, f"{what}: more than there was", record["size"] <= wire.size, record["size"], wire)
        told(case, f"{what}: other bytes", bytes_ == wire.kept[: len(bytes_)], bytes_[:200], wire)
        told(case, f"{what}: not marked", record["truncated"] or record["size"] == wire.size, record["size"], wire)
        return
    told(case, f"{what}: size, not {wire.size}", record["size"] == wire.size, record["size"])
    told(case, f"{what}: truncated", record["truncated"] == (wire.size > KEPT), record["truncated"])
    told(case, f"{what}: bytes", bytes_ == (wire.kept[:KEPT] if kept is None else kept), len(bytes_), bytes_[:200], wire)


def check_like(case, record, proxys, changed):
    """A record is what the proxy's is, but for what is of a way, and what the table of differences says."""
    mine = {name: value for name, value in record.items() if name not in OF_A_WAY | changed}
    its = {name: value for name, value in proxys.items() if name not in OF_A_WAY | changed}
    differing = {name: (mine.get(name), its.get(name)) for name in mine.keys() | its.keys() if mine.get(name) != its.get(name)}
    told(case, "not as in the proxy's record", not differing, json.dumps(differing))
