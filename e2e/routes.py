"""Routes over several models, mirrors, sleep: the contract's cases R-2 to R-5 with the command line that ships, and what may come in their way. See `run`."""

import asyncio
import json
import subprocess
import time

import load
from cold_callers import (
    BUSY,
    Call,
    ask,
    check_never_two,
    deployment,
    end_all,
    image,
    is_asleep,
    judge,
    lines,
    records,
    servers,
)
from common import ROOT, Gateway, check, for_loopgate, free_port, metric, until, verify

CALLS = 19
SLEEP_SECONDS = 240  # to zero within four minutes
WAKE_SECONDS = 120  # an answer within two
CALLERS = 100
MIRRORS = ("mirror", "fails", "resets", "broken", "sleeps")


class Stage:
    def __init__(self, scratch):
        self.folder, self.home, self.data = scratch / "models", scratch / "home", scratch / "data"
        self.folder.mkdir()
        self.home.mkdir()
        self.port, self.calls = free_port(), []
        self.gateway = Gateway(self.data, 0, scratch / "up.log", port=self.port, role="up")
        self.url = f"http://127.0.0.1:{self.port}"

    def call(self, name, to, body=None):
        call = Call(name, to, json.dumps({"call": name}) if body is None else body)
        self.calls.append(call)
        return call

    async def cli(self, *arguments):
        """What `./loopgate` prints; it must succeed."""
        environment = for_loopgate({"API_URL": self.url, "HOME": str(self.home)})
        run = [str(ROOT / "loopgate"), *arguments]
        done = await asyncio.to_thread(subprocess.run, run, env=environment, capture_output=True, text=True, timeout=2 * BUSY)
        check(done.returncode == 0, f"{' '.join(arguments)}: exit={done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    async def invoke(self, name, *address):
        """What the model says to a call of the command line."""
        place = f"/model/{address[1]}" if address[0] == "--md" else f"/custom/{address[1]}"
        call = self.call(name, place)
        call.answer = (await self.cli("model", "invoke", *address, "--json", call.body, "--request-id", name)).strip()
        said = json.loads(call.answer)
        check(said["id"] == name, f"{name}: {said}")
        # How it prints is its own; what the model said is in the files.
        call.answer = json.dumps(said)
        call.status, call.version = 200, said["version"]
        return said

    def file(self, name, *items):
        path = self.home / name
        path.write_text(json.dumps(list(items)))
        return str(path)

    def model(self, name, way="", **spec):
        return deployment(name, image(self.folder, name, "v1", way), **({"idleTimeout": "1h"} | spec))

    def came(self, name):
        """The Request-Ids that came to this model."""
        return [line[0] for line in lines(self.folder, "delivered") if line[1] == name]


def route(name, *targets, mirror=None):
    to = [{"mdName": target, "weight": weight} for target, weight in targets]
    return {"kind": "ModelRoute", "id": name, "spec": {"urlPrefix": f"/custom/{name}", "modelDeployments": to, "mirror": mirror}}


async def halves(stage):
    """R-2: half and half over two models that count: of 19 calls and one more to each, the last two say 21 together."""
    for number in range(CALLS):
        await stage.invoke(f"halves-{number}", "--mr", "halves")
    one = await stage.invoke("halves-one", "--md", "one")
    two = await stage.invoke("halves-two", "--md", "two")
    check(one["result"] + two["result"] == CALLS + 2, f"one={one['result']}, two={two['result']}")
    check(abs(one["result"] - two["result"]) <= 1, f"not half and half: one={one['result']}, two={two['result']}")


async def mirrored(stage):
    """R-3: the target answers, the mirror gets a copy of each."""
    before = len(stage.came("mirror"))
    names = [f"mirrored-{number}" for number in range(CALLS)]
    calls = await asyncio.gather(*(ask(stage.port, stage.call(name, "/custom/mirrored")) for name in names))
    check(all(call.whole for call in calls), f"mirrored: {[call for call in calls if not call.whole][:1]}")
    results = sorted(json.loads(call.answer)["result"] for call in calls)
    check(results == list(range(results[0], results[0] + CALLS)), f"the target did not answer all: {results}")

    async def has_copies():
        return len(stage.came("mirror")) >= before + CALLS

    await until("the copies", has_copies, BUSY)
    check(sorted(stage.came("mirror")[before:]) == sorted(names), f"copies: {stage.came('mirror')}")
    check(sorted(set(stage.came("target")) & set(names)) == sorted(names), "the target had not all of them")


async def failing_mirrors(stage):
    """R-4: a mirror that fails, closes, can't start or sleeps: callers see nothing of it."""
    for mirror in ("fails", "resets", "broken", "sleeps"):
        begin = time.monotonic()
        for number in range(CALLS):
            call = await ask(stage.port, stage.call(f"{mirror}-{number}", f"/custom/to-{mirror}"))
            check(call.whole, f"mirror {mirror}: status={call.status} {call.why} {call.answer}")
        check(time.monotonic() - begin < BUSY / 4, f"mirror {mirror}: {time.monotonic() - begin:.0f} s")
    for mirror in ("fails", "resets"):
        await until(f"copies at {mirror}", lambda: has_come(stage, mirror, CALLS), BUSY)
        check(len(stage.came(mirror)) == CALLS, f"{mirror}: {len(stage.came(mirror))} copies")

    async def are_counted():
        await reads_metrics(stage)
        outcomes = {"fails": "failed", "resets": "reset", "broken": "unreachable"}
        counts = [f'loopgate_mirrored_requests_total{{model="{mirror}",outcome="{each}"}}' for mirror, each in outcomes.items()]
        return all(metric(stage.metrics, name) == CALLS for name in counts)

    await until("each copy to be counted as what became of it", are_counted, BUSY)


async def reads_metrics(stage):
    _, stage.metrics, _ = await load.get(stage.port, "/metrics")


async def has_come(stage, model, count):
    return len(stage.came(model)) >= count


async def slow_post(stage):
    """A slow answer and a slow question are delivered once."""
    slow = await ask(stage.port, stage.call("slow-answer", "/model/slow"))
    check(slow.whole and stage.came("slow") == ["slow-answer"], f"{slow}: {stage.came('slow')}")


async def slow_question(stage, to):
    """A body that comes piece by piece while its model wakes."""
    call = stage.call("slow-question", f"/model/{to}", json.dumps({"call": "slow-question", "padding": "y" * 200_000}))
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    head = [f"POST {call.to}/api/model/invoke HTTP/1.1", "host: t", f"request-id: {call.name}", f"content-length: {len(call.body)}"]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
    size = len(call.body) // 20 + 1
    for at in range(0, len(call.body), size):
        writer.write(call.body[at : at + size].encode())
        await asyncio.sleep(0.1)
    line, call.headers = await load.read_head(reader)
    call.answer = (await load.read_body(reader, call.headers)).decode()
    writer.close()
    call.status, call.version = int(line.split(" ")[1]), json.loads(call.answer)["version"]
    check(call.whole and json.loads(call.answer)["asked"] == call.body, f"slow question: {call.status} {call.answer[:200]}")
    return call


async def sleeps_and_wakes(stage, declared_at):
    """R-5: to zero within four minutes, an answer within two; and many who come at once have one server started."""
    await stage.cli("wait", "sleepy", "--for", "Asleep", "--timeout", str(SLEEP_SECONDS))
    slept = time.monotonic() - declared_at
    check(slept < SLEEP_SECONDS, f"asleep after {slept:.0f} s")
    begin = time.monotonic()
    await stage.invoke("woken", "--md", "sleepy")
    woke = time.monotonic() - begin
    check(woke < WAKE_SECONDS, f"answered after {woke:.0f} s")
    status = json.loads(await stage.cli("deployment", "get", "--id", "sleepy", "-o", "json"))[0]["status"]
    check((status["replicas"], status["availableReplicas"]) in ((1, 1), (0, 0)), f"woken: {status}")
    await until("sleepy to sleep again", lambda: is_asleep(stage.port, "sleepy"), BUSY)
    starts = len(lines(stage.folder, "starts"))
    names = [f"many-{number}" for number in range(CALLERS)]
    question = asyncio.create_task(slow_question(stage, "sleepy"))
    calls = await asyncio.gather(*(ask(stage.port, stage.call(name, "/model/sleepy")) for name in names), question)
    check(all(call.whole for call in calls), f"many: {[call for call in calls if not call.whole][:1]}")
    check(len(lines(stage.folder, "starts")) == starts + 1, f"servers started: {lines(stage.folder, 'starts')[starts:]}")
    return slept, woke


async def held(stage, count):
    async def are():
        await reads_metrics(stage)
        return metric(stage.metrics, "loopgate_exchanges_open") >= count

    await until(f"{count} to wait", are, BUSY)


async def some_leave(stage):
    """Who leaves while the model starts is never passed on; the others are answered."""
    await until("late to sleep", lambda: is_asleep(stage.port, "late"), BUSY)
    staying = [asyncio.create_task(ask(stage.port, stage.call(f"stays-{number}", "/model/late"))) for number in range(CALLERS)]
    leaving = [asyncio.create_task(ask(stage.port, stage.call(f"leaves-{number}", "/model/late"))) for number in range(CALLERS)]
    await held(stage, 2 * CALLERS)
    for one in leaving:
        one.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    calls = await asyncio.gather(*staying)
    check(all(call.whole for call in calls), f"who stayed: {[call for call in calls if not call.whole][:1]}")
    came = [name for name in stage.came("late") if name.startswith("leaves-")]
    check(not came, f"had left, and was passed on: {len(came)}, first {came[:3]}")


async def stops_while_held(stage):
    """Told to end while callers wait for a model that starts, the gateway answers them first."""
    await until("late to sleep", lambda: is_asleep(stage.port, "late"), BUSY)
    waiting = [asyncio.create_task(ask(stage.port, stage.call(f"stopped-{number}", "/model/late"))) for number in range(CALLERS)]
    await held(stage, CALLERS)
    begin = time.monotonic()
    await asyncio.to_thread(stage.gateway.stop)
    took = time.monotonic() - begin
    calls = await asyncio.gather(*waiting)
    lost = [(call.status, call.why, call.answer) for call in calls if not call.whole]
    check(not lost, f"held at the stop: {len(lost)}, first {lost[:3]}")
    check(not servers(stage.folder), f"servers after the stop: {servers(stage.folder)}")
    return took


def judge_endings(stage):
    """Who left is in the files as such, once."""
    requests = records(stage.data / "files", "request_response")
    for number in range(CALLERS):
        record = requests.get(f"leaves-{number}")
        check(record is not None and record["ending"] == "client_left", f"leaves-{number}: {record}")


async def routes(scratch):
    stage = await asyncio.to_thread(Stage, scratch)
    try:
        await tell(stage)
    finally:
        end_all(stage.gateway, stage.folder)


async def tell(stage):
    manifests = [
        stage.model("sleepy", idleTimeout="1s"),
        *(stage.model(name) for name in ("one", "two", "target", "mirror")),
        *(stage.model(name, name) for name in ("slow", "fails", "resets")),
        stage.model("sleeps", idleTimeout="1s"),
        stage.model("late", "late", idleTimeout="1s"),
        deployment("broken", "exec:/bin/false"),
    ]
    ways = [
        route("halves", ("one", 50), ("two", 50)),
        route("mirrored", ("target", 100), mirror="mirror"),
        *(route(f"to-{name}", ("target", 100), mirror=name) for name in ("fails", "resets", "broken", "sleeps")),
    ]
    begin = time.monotonic()
    await stage.cli("bulk", "apply", stage.file("all.json", *manifests, *ways))
    for name in ("one", "two", "target", "mirror", "slow", "fails", "resets"):
        await stage.cli("wait", name, "--timeout", str(BUSY))
    await halves(stage)
    await mirrored(stage)
    await failing_mirrors(stage)
    await slow_post(stage)
    slept, woke = await sleeps_and_wakes(stage, begin)
    await some_leave(stage)
    stopped = await stops_while_held(stage)
    check_never_two(stage.folder)
    judge_endings(stage)
    judge(stage.calls, stage.folder, stage.data / "files", MIRRORS)
    verify(stage.data, {0})
    print(
        f"routes: {len(stage.calls)} calls; asleep {slept:.0f} s after it was declared, then answered within {woke:.1f} s;"
        f" stopped with {CALLERS} who waited in {stopped:.1f} s"
    )
