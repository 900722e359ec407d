"""200 callers wake models that sleep, 50 times; then `up` is killed while they wait, while the model starts, while they are answered. Each request is
delivered once, each answer is the right one and is in the files with the version that gave it. See `run`.
"""

import asyncio
import json
import os
import random
import statistics
import time

import load
from cold_callers import (
    BUSY,
    DEPLOYMENTS,
    ROUTES,
    Call,
    Tail,
    api,
    ask,
    check_never_two,
    check_one_server_each,
    declare,
    deployment,
    end_all,
    image,
    is_asleep,
    judge,
    lines,
    settled,
    status_of,
)
from common import Gateway, check, free_port, metric, until, verify

CALLERS = 200
CYCLES = 50
MODELS = 10  # in turn, so that one falls asleep while others are called
ROLL_OUTS = 7  # each so many cycles a model has a new version
ROLLING_CALLERS = 40
KILLS = 9
CHANGED = f"cold{MODELS - 1}"  # not called before the last kill
RETRY_SECONDS = 0.2
HELD_MAX = 1_000  # of one deployment
HELD, STARTING, ANSWERING = "held", "starting", "answering"


class Storm:
    """The gateway, its models and everybody who called."""

    def __init__(self, scratch, seed):
        self.folder, self.data, self.log = scratch / "models", scratch / "data", scratch / "up.log"
        self.folder.mkdir()
        self.port, self.chance = free_port(), random.Random(seed)
        self.versions = {f"cold{i}": 1 for i in range(MODELS)}
        self.calls, self.numbers, self.gateway = [], 0, None
        self.began, self.came = Tail(self.folder / "starts"), Tail(self.folder / "delivered")

    async def start(self):
        self.gateway = await asyncio.to_thread(Gateway, self.data, 0, self.log, port=self.port, role="up")

    def call(self, model):
        """A request that nobody made before."""
        self.numbers += 1
        name = f"call-{self.numbers}"
        size = 20_000 if self.numbers % 20 == 0 else self.chance.randrange(10, 300)
        call = Call(name, f"/model/{model}", json.dumps({"call": name, "padding": "x" * size}))
        self.calls.append(call)
        return call

    def manifest(self, model, run=None, **spec):
        run = run or image(self.folder, model, f"v{self.versions[model]}")
        return deployment(model, run, **({"idleTimeout": "1s"} | spec))

    async def next_version(self, model):
        self.versions[model] += 1
        await declare(self.port, self.manifest(model), "PUT")

    async def all_call(self, model, count=CALLERS):
        """So many at once; all must be answered."""
        calls = await asyncio.gather(*(ask(self.port, self.call(model)) for _ in range(count)))
        for call in calls:
            check(call.whole, f"{call.name} to {model}: status={call.status} {call.why}{call.answer[:300]}")
        return calls

    async def metrics(self):
        _, text, _ = await load.get(self.port, "/metrics")
        return text

    async def awaits_sleep(self, model):
        await until(f"{model} to sleep", lambda: is_asleep(self.port, model), BUSY)


async def cycle(storm, model, before, rolls):
    """One model that sleeps is called by all at once; or is exchanged at that very moment. How long the first one waited. `before` it, so many
    servers had been started.
    """
    begin = time.monotonic()
    calling = asyncio.create_task(storm.all_call(model))
    if rolls:
        await storm.next_version(model)
    calls = await calling
    waited = min(call.at for call in calls) - begin
    if rolls:
        # A second time while it serves: some are answered by the old version, all by one of both.
        await settle_version(storm, model)
        await storm.next_version(model)
        await asyncio.gather(*(call_until(storm, model, f"v{storm.versions[model]}") for _ in range(ROLLING_CALLERS)))
    else:
        check(storm.began() == before + 1, f"{model}: {storm.began() - before} servers were started for one cold cycle")
        check({call.version for call in calls} == {f"v{storm.versions[model]}"}, f"{model}: {calls[0].version}")
        # Just declared, it may have been up before they came.
        told = sum("model-cold-start" in call.headers for call in calls)
        check(told or storm.versions[model] == 1 and before < MODELS, f"{model}: nobody was told of a cold start")
    return waited


async def settle_version(storm, model):
    """Waits until only the last version answers."""

    async def is_ready():
        status = await status_of(storm.port, model)
        return status["state"] == "Ready" and status["modelVersion"] == f"v{storm.versions[model]}"

    await until(f"{model} to be exchanged", is_ready, BUSY)


async def call_until(storm, model, version):
    deadline = time.monotonic() + BUSY
    while True:
        (call,) = await storm.all_call(model, 1)
        if call.version == version:
            return
        check(time.monotonic() < deadline, f"{model}: {call.version} still answers, not {version}")


async def nobody_is_held(storm, model):
    """As many as ever may can wait again, and not one more: nothing of the storm is still counted."""
    await storm.awaits_sleep(model)  # else its last version would go on
    # A program that never listens.
    await declare(storm.port, storm.manifest(model, "exec:/bin/sleep 600", deadline="4s"), "PUT")
    await until("nothing to be in flight", lambda: is_quiet(storm), BUSY)
    waiting = [asyncio.create_task(ask(storm.port, storm.call(model))) for _ in range(HELD_MAX)]

    async def all_wait():
        return metric(await storm.metrics(), "loopgate_exchanges_open") >= HELD_MAX or any(one.done() for one in waiting)

    await until("all to wait", all_wait, BUSY)
    beyond = await ask(storm.port, storm.call(model))
    check(beyond.status == 503 and "retry-after" in beyond.headers, f"the one beyond: {beyond.status} {beyond.answer}")
    statuses = [call.status for call in await asyncio.gather(*waiting)]
    check(set(statuses) == {504}, f"{HELD_MAX} who wait: { {each: statuses.count(each) for each in statuses} }")
    await declare(storm.port, storm.manifest(model), "PUT")
    await storm.all_call(model, 1)


async def is_quiet(storm):
    text = await storm.metrics()
    return metric(text, "loopgate_exchanges_open") == 0 and metric(text, "loopgate_ledger_open") == 0


async def cold_cycles(storm):
    """Fifty times one of the models is called while it sleeps."""
    waited, begin = [], time.monotonic()
    for model in storm.versions:
        # Nobody sleeps within the first minute; so these are called before their first server has ever run.
        before = storm.began()
        await declare(storm.port, storm.manifest(model))
        waited.append(await cycle(storm, model, before, rolls=False))
    for number in range(MODELS, CYCLES):
        model = f"cold{number % MODELS}"
        await storm.awaits_sleep(model)
        waited.append(await cycle(storm, model, storm.began(), rolls=number % ROLL_OUTS == 0))
    took = time.monotonic() - begin
    await until("nothing to be in flight", lambda: is_quiet(storm), BUSY)
    await nobody_is_held(storm, "cold1")
    await until("nothing to be in flight", lambda: is_quiet(storm), BUSY)
    text = await storm.metrics()
    begun, kept = metric(text, "loopgate_ledger_seen_total"), metric(text, "loopgate_ledger_accepted_total")
    check(begun == kept == len(storm.calls), f"called={len(storm.calls)}, begun={begun}, kept={kept}")
    waited.sort()
    print(
        f"cold-storm: {CYCLES} cold cycles of {CALLERS} callers in {took:.0f} s, {len(storm.calls)} calls; the first of a cycle was answered after"
        f" {statistics.median(waited):.2f} s (median), {waited[-1]:.2f} s (most)",
        flush=True,
    )


async def declared(storm):
    """What is declared, without what is observed of it: by path and id."""
    found = {}
    for path in (DEPLOYMENTS, ROUTES):
        status, items = await api(storm.port, "GET", path)
        check(status == 200, f"{path}: {status} {items}")
        for item in items:
            found[path, item["id"]] = {name: value for name, value in item.items() if name != "status"}
    return found


async def change(storm):
    """Declares a new version of the one that is not called; says whether that was answered before the gateway was killed."""
    await asyncio.sleep(storm.chance.uniform(0, 0.25))
    manifest = storm.manifest(CHANGED, image(storm.folder, CHANGED, f"v{storm.versions[CHANGED] + 1}"))
    try:
        await declare(storm.port, manifest, "PUT")
        return True
    except (OSError, EOFError):
        return False


def check_kept(storm, before, after, is_answered):
    """All is as it was; what was being changed is as it was or as it was to be, and as it was to be if that was answered."""
    key = (DEPLOYMENTS, CHANGED)
    was, now = before.pop(key), after.pop(key)
    check(before == after, f"declared before the kill: {before}\nafter: {after}")
    next_one = image(storm.folder, CHANGED, f"v{storm.versions[CHANGED] + 1}")
    if now["spec"]["image"] == next_one:
        storm.versions[CHANGED] += 1
        check(now["createdAt"] == was["createdAt"] and now["spec"] | {"image": ""} == was["spec"] | {"image": ""}, f"{was}, then {now}")
    else:
        check(not is_answered and now == was, f"a change was answered, and is not there: {was}, then {now}")


async def until_answered(storm, model, breaks):
    """One caller, who asks again with a new id whenever the connection breaks; nothing else may be in the way."""
    deadline = time.monotonic() + BUSY
    while True:
        call = await ask(storm.port, storm.call(model))
        if call.whole:
            return call
        check(call.status == 0, f"{call.name} to {model}: status={call.status} {call.answer[:300]}")
        check(time.monotonic() < deadline, f"{call.name}: not answered in {BUSY} s: {call.why}")
        breaks.append(call.at)
        await asyncio.sleep(RETRY_SECONDS)


async def moment(storm, when):
    """Waits for the moment of a kill."""
    begun, came = storm.began(), storm.came()
    some = storm.chance.randrange(1, CALLERS)
    pause = storm.chance.uniform(0, 0.3)
    deadline = time.monotonic() + BUSY
    if when == HELD:
        await asyncio.sleep(pause / 3)
        return
    while storm.began() == begun if when == STARTING else storm.came() < came + some:
        check(time.monotonic() < deadline, f"no moment to kill while {when}")
        await asyncio.sleep(0.001)
    if when == STARTING:
        await asyncio.sleep(pause / 3)


async def kill(storm, model, when):
    """How long calls failed, and after how long the first one was answered again."""
    await storm.awaits_sleep(model)
    before, breaks, came = await declared(storm), [], storm.came()
    callers = [asyncio.create_task(until_answered(storm, model, breaks)) for _ in range(CALLERS)]
    changing = asyncio.create_task(change(storm))
    await moment(storm, when)
    killed = time.monotonic()
    await asyncio.to_thread(storm.gateway.kill)
    dead = time.monotonic()
    is_answered = await changing
    delivered = storm.came() - came
    await storm.start()
    serves = time.monotonic()
    answered = await asyncio.gather(*callers)
    check_kept(storm, before, await declared(storm), is_answered)
    running = await settled(
        "one server each", lambda: check_one_server_each(storm.folder, storm.gateway.process.pid)
    )
    check(model in running, f"{model} was asked, and does not run: {running}")
    await storm.all_call(model, 1)
    failed = max(breaks, default=killed) - killed
    first = min((call.at for call in answered if call.since > dead), default=killed) - killed
    print(
        f"cold-storm: killed while {when}{', a change answered' if is_answered else ''}: {len(breaks)} calls broke or were refused,"
        f" {delivered} had been delivered; it serves after {serves - killed:.1f} s, calls failed for {failed:.1f} s, the next was answered after {first:.1f} s",
        flush=True,
    )
    return failed, first


async def kills(storm):
    whens = [HELD, STARTING, ANSWERING] * (KILLS // 3)
    storm.chance.shuffle(whens)
    for model in storm.versions:
        await storm.awaits_sleep(model)  # what is awake at a kill is awake for another minute
    seen = [await kill(storm, f"cold{i}", when) for i, when in enumerate(whens)]
    (last,) = await storm.all_call(CHANGED, 1)
    check(last.version == f"v{storm.versions[CHANGED]}", f"{CHANGED}: {last.version} answers, v{storm.versions[CHANGED]} is declared")
    await until("nothing to be in flight", lambda: is_quiet(storm), BUSY)
    failed, first = zip(*seen)
    print(f"cold-storm: {KILLS} kills; calls failed for {max(failed):.1f} s at most, the next was answered after {max(first):.1f} s at most")


async def cold_storm(scratch):
    seed = int(os.environ.get("LOOPGATE_SEED") or random.randrange(1 << 32))
    print(f"cold-storm: LOOPGATE_SEED={seed}", flush=True)
    storm = Storm(scratch, seed)
    try:
        await tell(storm)
    finally:
        end_all(storm.gateway, storm.folder)


async def tell(storm):
    await storm.start()
    status, said = await api(storm.port, "DELETE", f"{DEPLOYMENTS}/wine")
    check(status == 200, f"wine: {status} {said}")
    await cold_cycles(storm)
    await kills(storm)
    await asyncio.to_thread(storm.gateway.stop)
    check_never_two(storm.folder)
    cut = judge(storm.calls, storm.folder, storm.data / "files")
    verify(storm.data, {0})
    whole = [call for call in storm.calls if call.whole]
    print(
        f"cold-storm: {len(storm.calls)} calls, {len(whole)} answered whole; {cut} of the others had been delivered;"
        f" {len(lines(storm.folder, 'starts'))} servers started"
    )
