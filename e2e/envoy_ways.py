"""The table of `envoy_cases` on one way: all of it asked, seen at both ends, then counted in the gateway's files."""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import time
from dataclasses import dataclass, field

import envoy_client
import envoy_config
import envoy_filters
import envoy_judge
import envoy_server
import load
from clients import records
from common import Failed, Gateway, check, free_port, is_listened_at, metric, until, verify
from envoy_cases import on_way
from envoy_model import SECRETS
from store_faults import RSS_MAX

AT_ONCE = 8  # connections
WARM_UPS = 40
MODEL_SECONDS = 10
OVER_SECONDS = 9  # Envoy's deferred_close_timeout is 5 s
ENDS = "loopgate_capture"
STRANGE = 'loopgate_envoy_access_log_total{use="unknown_model"}'

GATEWAY = """models:
  - {{id: m, url: "http://127.0.0.1:{h1}", name: m, version: '1'}}
  - {{id: m2, url: "http://127.0.0.1:{h2}", protocol: h2c, name: m2, version: '1'}}
  - {{id: g, url: "http://127.0.0.1:{h2}", grpc: true, name: g, version: '1'}}
  - {{id: slow, url: "http://127.0.0.1:{h1}", name: slow, version: '1', first-byte-timeout: {timeout}ms}}
  - {{id: idle, url: "http://127.0.0.1:{h1}", name: idle, version: '1', idle-timeout: {idle}ms}}
  - {{id: gone, url: "http://127.0.0.1:{refused}", name: gone, version: '1'}}
  - {{id: empty, url: "http://127.0.0.1:{refused}", name: empty, version: '1'}}
  - {{id: again, url: "http://127.0.0.1:{h1}", name: again, version: '1'}}
  - {{id: moved, url: "http://127.0.0.1:{h1}", name: moved, version: '1'}}
"""
# What `envoy_filters` asks for beside these.
OTHERS = [name for name in envoy_filters.MODELS if name not in ("many", "brief")]
BESIDE = "".join(f"  - {{{{id: {name}, url: 'http://127.0.0.1:{{h1}}', name: {name}, version: '1'}}}}\n" for name in OTHERS)
BESIDE += """  - {{id: many, url: "http://127.0.0.1:{h2}", protocol: h2c, name: many, version: '1'}}
  - {{id: brief, url: "http://127.0.0.1:{h1}", name: brief, version: '1', total-timeout: {brief}ms}}
routes:
  - {{id: copied, prefix: /custom/copied, targets: [{{model: m}}], mirror: m2}}
"""


def ports_of(model):
    return {"h1": model.h1, "h2": model.h2, "silent": model.silent, "refused": free_port()}


class Keeper:
    """A gateway that keeps: as a proxy, or beside an Envoy, at ports that stay through its lives."""

    def __init__(self, folder, ports, beside, options=(), models=GATEWAY):
        self.folder, self.data, self.log = folder, folder / "data", folder / "gateway.log"
        self.options = options
        self.port = free_port()
        self.envoy_port = free_port() if beside else None
        timeouts = {"timeout": int(envoy_config.ROUTE_TIMEOUT * 1000), "idle": int(envoy_config.IDLE_TIMEOUT * 1000)}
        timeouts["brief"] = int(envoy_filters.SECONDS * 1000)
        (folder / "loopgate.yaml").write_text(models.format(**ports, **timeouts))
        self.gateway = None

    async def start(self):
        options = ["--envoy.listen", f"127.0.0.1:{self.envoy_port}"] if self.envoy_port else []
        options += self.options
        self.gateway = await asyncio.to_thread(Gateway, self.data, 0, self.log, options, self.port)
        for port in filter(None, (self.port, self.envoy_port)):
            await until(f"the gateway at {port}", lambda port=port: is_listened_at(port))
        return self

    async def metric(self, name):
        _, text, _ = await load.get(self.port, "/metrics")
        check(f"\n{name}" in text, f"no such metric: {name}")  # one that is not there would count nothing for ever
        return metric(text, name)

    async def has_none_open(self):
        return await self.metric("loopgate_ledger_open") == 0

    def peak(self):
        """The most memory it ever had, bytes."""
        status = pathlib.Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) << 10

    def anonymous(self):
        status = pathlib.Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) << 10

    async def stop(self):
        """Cleanly; then it balances, and no secret stands anywhere."""
        await asyncio.to_thread(self.gateway.stop)
        said = await asyncio.to_thread(verify, self.data, {0})
        check("balanced: hours=" in said, f"verify: {said}")
        for path in self.data.rglob("*"):
            if path.is_file():
                bytes_ = path.read_bytes()
                for secret in SECRETS:
                    check(secret.encode() not in bytes_, f"{secret} stands in {path.relative_to(self.data)}")

    def kill(self):
        if self.gateway:
            self.gateway.kill()


@dataclass
class Outcome:
    """What came of a way: by case what was seen and what the model was asked, and the records of both streams."""

    wire: dict = field(default_factory=dict)
    requests: dict = field(default_factory=dict)
    answers: dict = field(default_factory=dict)


async def ask_all(port, cases, model, huge):
    """All cases, several connections at once, those of the group `huge` alone; what was seen, by name."""
    seen, connections = {}, {}
    for case in cases:
        connections.setdefault(case.on or case.name, []).append(case)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(together):
        async with gate:
            told = await envoy_client.ask(port, together, model)
            seen.update((case.name, one) for case, one in zip(together, told))

    few = [together for together in connections.values() if together[0].group not in ("huge", "many")]
    await asyncio.gather(*(one(together) for together in few))
    many = [together for together in connections.values() if together[0].group == "many"]
    await asyncio.gather(*(all_at_once(port, together, seen) for together in many))
    for together in connections.values():
        if together[0].group == "huge":
            await one(together)
            huge(together[0])
    return seen


async def all_at_once(port, together, seen):
    """Those of one connection, over HTTP/2."""
    told = await envoy_client.ask_together(port, together)
    seen.update((case.name, one) for case, one in zip(together, told))


async def model_is_asked(model, cases):
    return all(len(model.asked.get(case.name, [])) >= case.asked for case in cases)


async def model_is_done(model):
    return all(one.over for asked in model.asked.values() for one in asked)


def in_order(asked):
    """Copies of a request go over HTTP/2; they come first here, whenever they came."""
    return sorted(asked, key=lambda one: one.version, reverse=True)


async def go(scratch, model, way, version, only, but=(), baseline=None, proxys=None, bootstrap=envoy_filters.bootstrap, word="", options=()):
    """One way over all its cases without the groups of `but`, or over those named in `only`.

    `baseline`: what the same Envoy did without Loopgate. `proxys`: what our proxy kept. `bootstrap`: what makes Envoy's configuration;
    `word`: what the way is called then; `options`: the gateway's.
    """
    word = word or (f"{way}-{version}" if version else way)
    folder = scratch / word
    folder.mkdir()
    begin = time.monotonic()
    ports = ports_of(model)
    cases = [case for case in on_way(way, version, but) if not only or case.name in only]
    check(cases, f"{word}: no such case: {only}")
    last, pressure = [case for case in cases if case.group == "overload"], folder / "pressure"
    model.asked = {}
    keeper = envoy = None
    outcome, memory = Outcome(), {}
    try:
        if way != "bare":
            keeper = await Keeper(folder, ports, way != "proxy", options, GATEWAY + BESIDE).start()
        if way != "proxy":
            config = bootstrap(version, way, ports, keeper and keeper.envoy_port)
            if last:
                envoy_filters.may_be_overloaded(config, pressure)
            envoy = await envoy_server.started(version, config, folder / "envoy")
            if keeper:
                await until("envoy to know where we are", lambda: is_listened_at(keeper.envoy_port))
        port = envoy.ports[envoy_config.STAT_PREFIX] if envoy else keeper.port
        before = await warm_up(envoy, port) if envoy and keeper else {}

        def huge(case):
            if keeper:
                memory[case.name] = keeper.anonymous()

        seen = await ask_all(port, [case for case in cases if case not in last], model, huge)
        if last:
            await envoy_filters.press(envoy, pressure, True)
            seen |= await ask_all(port, last, model, huge)
            await envoy_filters.press(envoy, pressure, False)
        with contextlib.suppress(Failed):  # a copy of a request may come after its answer; whose it is says more
            await until("the model to be asked", lambda: model_is_asked(model, cases), MODEL_SECONDS)
        await until(f"{word}: the model to be done", lambda: model_is_done(model))
        asked = {name: in_order(requests) for name, requests in model.asked.items()}
        for case in cases:
            envoy_judge.check_wire(case, seen[case.name], asked.get(case.name, []))
            framing = not (way == "sync" and not envoy_config.at_least(version, 1, 38))
            outcome.wire[case.name] = (seen[case.name], asked.get(case.name, []))
            with_it = envoy_judge.view(case, *outcome.wire[case.name], framing)
            if baseline and case.name in baseline.wire and case.alike:
                envoy_judge.check_same(case, with_it, envoy_judge.view(case, *baseline.wire[case.name], framing))
        counted = {}
        if keeper:
            counted = await after(keeper, envoy, cases, before)
            peak = keeper.peak()
            check(peak < RSS_MAX, f"{word}: the gateway had {peak >> 20} MiB of memory: {memory}")
            await keeper.stop()
            check_files(word, keeper, cases, seen, asked, outcome, proxys)
            shown = ", ".join(f"{name} {bytes_ >> 20} MiB" for name, bytes_ in memory.items())
            print(f"envoy: {word}: memory at most {peak >> 20} MiB, anonymous after {shown or 'none huge'}; {counted}")
    except Failed as error:
        text = f"\n{await envoy.explain()}" if envoy else ""
        text += f"\ngateway: {keeper.gateway.tail()}" if keeper and keeper.gateway else ""
        keep_for_inspection(folder)
        raise Failed(f"{word}: {error}{text}") from error
    finally:
        if envoy:
            envoy.stop()
        if keeper:
            keeper.kill()
    kept = sum(len(found) for found in outcome.requests.values())
    print(f"envoy: {word}: {len(cases)} cases, {kept} records, {time.monotonic() - begin:.0f} s", flush=True)
    return outcome


def keep_for_inspection(folder):
    """A copy of all that is there, for whoever looks for the reason, if they said where."""
    if place := os.environ.get("LOOPGATE_ENVOY_KEEP"):
        import shutil

        shutil.copytree(folder, pathlib.Path(place) / folder.name, dirs_exist_ok=True)


def counters_of(counted):
    """What Envoy's filter counted."""
    prefix = f"http.{envoy_config.STAT_PREFIX}.ext_proc."
    return {name.removeprefix(prefix): value for name, value in counted.items() if name.startswith(prefix)}


async def warm_up(envoy, port):
    """What a JVM does for the first time may take longer than Envoy waits. Nobody keeps a model's health; what was counted."""
    for _ in range(WARM_UPS):
        await load.get(port, "/model/m/healthz")
    return counters_of(await envoy.counters())


async def after(keeper, envoy, cases, before):
    """When all was asked: streams end, nothing is open; what Envoy's filter counted since `before`."""
    counted = {}
    if envoy:
        active = f"cluster.{ENDS}.upstream_rq_active"
        everything = {}

        async def is_idle():
            nonlocal everything
            everything = await envoy.counters()
            return everything[active] == 0

        await until(f"{active} to be 0", is_idle, OVER_SECONDS)
        counted = {name: value - before[name] for name, value in counters_of(everything).items()}
        for name in ("streams_failed", "spurious_msgs_received", "message_timeouts", "failure_mode_allowed",
                     "rejected_header_mutations"):  # fmt: skip
            # A message that is too large for us ends its stream.
            most = sum(case.unseen for case in cases) if name in ("streams_failed", "failure_mode_allowed") else 0
            check(0 <= counted.get(name, -1) <= most, f"{name}={counted.get(name)}: {counted}")
        least = sum(case.records for case in cases if not case.logged)
        check(counted["streams_started"] >= least, f"streams_started={counted['streams_started']}, records={least}")
        counted = {name: value for name, value in counted.items() if value}
        if strange := sum(not case.records for case in cases):

            async def are_counted():
                return await keeper.metric(STRANGE) >= strange

            await until(f"{strange} exchanges of no model's to be counted by the log", are_counted)
    await until("the gateway to have no exchange open", keeper.has_none_open)
    return counted


def check_files(word, keeper, cases, seen, asked, outcome, proxys):
    """Each case stands there as often as it must, in both streams; nothing else stands there."""
    requests, answers = (records(keeper.data / "files", stream) for stream in ("request_response", "response_body"))
    by_case = {}
    for found in requests.values():
        for record in found:
            by_case.setdefault(record["request_http_headers"].get("x-case", "of no case"), []).append(record)
    for name, found in by_case.items():
        check(name in seen, f"{word}: a record of no case: {json.dumps(found[0])}")
    for case in cases:
        found = by_case.get(case.name, [])
        problem = f"{word}: {case.name}: {len(found)} records, not {case.records}: {json.dumps(found)[:3000]}"
        check(len(found) == case.records, problem)
        outcome.requests[case.name] = found
        bodies = [answer for record in found for answer in answers.get(record["request_id"], [])]
        outcome.answers[case.name] = bodies
        if not found:
            continue
        check(len(bodies) == 1, f"{word}: {case.name}: {len(bodies)} in response_body")
        envoy_judge.check_record(case, seen[case.name], asked.get(case.name, []), found[0], bodies[0])
        if proxys and len(proxys.requests.get(case.name, [])) == 1:
            check_with_proxy(case, found[0], bodies[0], proxys)
    logged = records(keeper.data / "files", "access_log")
    check(not logged, f"{word}: logged and not shown: {json.dumps(logged)[:3000]}")
    total = sum(len(found) for found in answers.values())
    expected = sum(case.records for case in cases)
    check(total == expected, f"{word}: {total} in response_body, not {expected}")


def check_with_proxy(case, request, answer, proxys):
    """Field by field, where the exchange itself was the same."""
    its = proxys.requests[case.name][0]
    changed = {"request_id"} if case.replaced or not envoy_judge.caller_id(case) else set()
    if case.partial or case.local:
        changed |= {"request_content", "response_content", "encoding", "size", "response_size", "truncated"}
        changed |= {"ending", "response_status"}  # as the table of cases says, which was checked
    envoy_judge.check_like(case, request, its, changed)
    envoy_judge.check_like(case, answer, proxys.answers[case.name][0], changed)
