"""What was seen of a `story`, as tables, and whether its promises held."""

import json
from collections import Counter

import fluentd
import load
from common import check
from fluentd import STREAMS

WINDOW = 2  # seconds, as `Gateway` sets it

STORE_STANDS, STORE_GONE, DISK_FROZEN = "store stands still", "store gone", "disk frozen"

# What a moment was, the first that fits.
NEAR_KILL, AWAY, CATCHING_UP, WARMING, QUIET = "near a kill", "store away", "catching up", "warming up", "quiet"
MOMENTS = (NEAR_KILL, DISK_FROZEN, AWAY, CATCHING_UP, WARMING, QUIET)


def ledger(root):
    """What all manifests count together, by kind: the highest revision of each hour and spool says all."""
    newest = {}
    for path in root.glob("_manifest/**/*.json"):
        manifest = json.loads(path.read_text())
        which = (manifest["hour"], manifest["spool"])
        if which not in newest or newest[which]["revision"] < manifest["revision"]:
            newest[which] = manifest
    counts = {"prediction": Counter(), "feedback": Counter()}
    for manifest in newest.values():
        for row in manifest["totals"]:
            counts[row["kind"]].update({name: row[name] for name in ("begun", "accepted", "sampled_out")})
            counts[row["kind"]].update({f"dropped {why}": count for why, count in row.get("dropped", {}).items()})
    return counts


def milliseconds(values, share):
    return f"{load.percentile(values, share) * 1e3:.1f}"


def table(rows):
    """Rows of text, each column as wide as it must be."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  " + "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def reasons(caller):
    """Why calls failed, and how many."""
    return Counter(one.split(": ", 1)[1] if "status=" in one else one.split(": ", 1)[1].split("(")[0] for one in caller.failed)


def report(story, found, counts):
    """What was seen, before anything of it is judged."""
    form, predictions, feedbacks = story.form, story.predictions, story.feedbacks
    print(f"story: {form.seconds} s at {form.per_second}/s, seed {story.seed}")
    rows = [("", "sent", "answered", "found", "missing", "invented", "twice", "altered")]
    for stream, caller in (("request_response", predictions), ("response_body", predictions), ("feedback", feedbacks)):
        of = found[stream]
        judged = [of[what]["count"] for what in ("missing", "invented", "twice", "altered")]
        rows.append((stream, caller.answered.sent, len(caller.answered), of["lines"], *judged))
    table(rows)
    for caller in (predictions, feedbacks):
        print(f"  failed {caller.prefix}: {dict(reasons(caller))}")
    if story.receiver:
        did = Counter(chunk["did"] for chunk in story.receiver.chunks())
        for stream in STREAMS:
            print(f"  fluentd: {stream}: {found['fluentd'][stream]}")
        print(f"  fluentd: chunks: {dict(did)}")
    for kind, of in counts.items():
        print(f"  ledger: {kind}: " + ", ".join(f"{name} {count}" for name, count in sorted(of.items())))
    quiet = load.percentile(story.moments[QUIET][1], 0.99)
    rows = [("serving", "seconds", "predictions", "p50 ms", "p99 ms", "longest ms", "p99 to quiet")]
    for what, (seconds, values) in story.moments.items():
        shares = [milliseconds(values, share) for share in (0.5, 0.99, 1)]
        ratio = f"{load.percentile(values, 0.99) / quiet:.2f}"
        rows.append((what, f"{seconds:.0f}", len(values), *shares, ratio))
    table(rows)
    rows = [("store", "away s", "caught up after s")]
    for what, seconds, took in story.caught:
        rows.append((what, f"{seconds:.1f}", "cut by the next fault" if took is None else f"{took:.1f}"))
    table(rows)
    unshipped = max(bytes_ for _, _, bytes_, _ in story.looks)
    memory = [kilobytes for *_, kilobytes in story.looks]
    print(
        f"  kills {len(story.kills_at)}, of the store {len(story.outages)} outages, of the disk"
        f" {sum(what == DISK_FROZEN for what, *_ in story.spans)} stalls; unshipped at most {unshipped / 2**20:.0f} MiB;"
        f" memory that is the gateway's own at most {max(memory) / 1024:.0f} MiB"
    )


def judge(story, found, counts):
    """Every promise of the story; the first that is broken is told."""
    form, predictions = story.form, story.predictions
    check(not predictions.strange, f"answered with another's bytes: {predictions.strange[:3]}")
    refused = [why for why in reasons(predictions) if "status=" in why]
    check(not refused, f"predictions were answered otherwise: {refused}")
    for kind, stream in (("prediction", "request_response"), ("prediction", "response_body"), ("feedback", "feedback")):
        of, seen = counts[kind], found[stream]
        dropped = {name: count for name, count in of.items() if name.startswith("dropped") and "gateway_killed" not in name}
        lost = f"{stream}: lost without a trace: {seen['missing']}, the ledger says {dropped}"
        check(seen["missing"]["count"] <= sum(dropped.values()), lost)
        accepted, lines = of["accepted"], seen["lines"]
        check(accepted == lines, f"{stream}: the ledger accepted {accepted}, in the files are {lines}")
        for what in ("invented", "twice", "wrong_hour", "holes"):
            check(seen[what]["count"] == 0, f"{stream}: {what}: {seen[what]}")
        # Counted, so no promise is broken; but the ring of this form is to hold what a stall brings.
        check(not dropped, f"{kind}: {dropped}")
        check(seen["altered"]["count"] == 0, f"{stream}: altered: {seen['altered']}")
    check(found["orphans"]["count"] == 0, f"feedback for what was answered and is not there: {found['orphans']}")
    if story.receiver:
        check(not story.receiver.errors(), f"fluentd: not as the protocol has it: {story.receiver.errors()[:3]}")
        for stream in STREAMS:
            for what in ("missing", "invented"):
                one = found["fluentd"][stream][what]
                check(one["count"] == 0, f"fluentd: {stream}: {what}: {one['count']}, first {one['first']}")
        fluentd.check_chunks(story.receiver.chunks(), story.killed)
    answered = len(predictions.answered)
    away, _ = story.moments[NEAR_KILL]
    # Half, as in `rolling`: a busy machine may not manage all of it.
    check(answered > (form.seconds - away) * form.per_second * 0.5, f"the load stood still: {answered}")
    quiet = load.percentile(story.moments[QUIET][1], 0.99)
    for what in (AWAY, DISK_FROZEN):
        _, values = story.moments[what]
        few = f"{what}: only {len(values)} predictions to be judged by: the machine does not hold {form.per_second}/s"
        check(len(values) > form.per_second, few)
        p99, bar = load.percentile(values, 0.99), max(form.ratio * quiet, form.floor)
        check(p99 < bar, f"{what}: p99 {p99 * 1e3:.1f} ms, quiet {quiet * 1e3:.1f} ms, allowed {bar * 1e3:.1f} ms")
    for what, seconds, took in story.caught:
        # Waits between two tries double, so the last one may be as long as the outage was.
        allowed = WINDOW + max(30, seconds) + 30
        check(took is None or took < allowed, f"{what} for {seconds:.0f} s: caught up after {took} s, allowed {allowed:.0f} s")
