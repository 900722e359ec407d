"""Envoys that Loopgate configures: started with what `./loopgate envoy-bootstrap` prints, they serve the models of a configuration
that changes under load; a gateway that is killed, and a listener that no Envoy can open, cost no caller anything. See `run`.
"""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import time

import envoy
import envoy_authz
import envoy_server
import load
from common import ROOT, Failed, Gateway, certificate, check, for_loopgate, found_in, free_port, is_listened_at, metric, until, verify

PER_SECOND = 60
SETTLED_SECONDS = 0.4  # of load behind each change


class Model:
    """Answers everything with its name and what it was asked; over TLS where it has a certificate."""

    def __init__(self, name, tls=None, ready_seconds=0.0):
        self.name, self.tls, self.ready_seconds = name, tls, ready_seconds
        self.asked, self.port = [], 0

    async def __aenter__(self):
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=context)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def serve(self, reader, writer):
        try:
            while True:
                line, headers = await load.read_head(reader)
                await load.read_body(reader, headers)
                path = line.split(" ")[1]
                self.asked.append((path, headers))
                if path == "/v2/health/ready":
                    await asyncio.sleep(self.ready_seconds)
                body = json.dumps({"name": self.name, "path": path, "host": headers.get("host")}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    def url(self, scheme="http", host="127.0.0.1", path=""):
        return f"{scheme}://{host}:{self.port}{path}"


class RouteLoad(load.Load):
    """Predictions by a route of its own."""

    async def ask(self, reader, writer, name):
        status, _ = await load.exchange(reader, writer, "/custom/half/x", [f"request-id: {name}"], b"{}")
        return status


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers = status, headers
        self.says = json.loads(body) if body.startswith(b"{") else {}


async def ask(port, target, headers=(), body=b"{}"):
    """One POST on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = [f"POST {target} HTTP/1.1", "host: caller.test", "connection: close", f"content-length: {len(body)}", *headers]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + body)
    line, answered = await load.read_head(reader)
    body = await load.read_body(reader, answered)
    writer.close()
    return Answer(int(line.split(" ")[1]), answered, body)


def yaml(models, routes=()):
    """A configuration; JSON is YAML."""
    return json.dumps({"models": [{"id": name, "name": name, "version": "1"} | how for name, how in models.items()], "routes": list(routes)})


def bootstrap(door, options):
    command = [str(ROOT / "loopgate"), "envoy-bootstrap", "--control", f"127.0.0.1:{door}", "--admin", "127.0.0.1:0", *options]
    done = subprocess.run(command, env=for_loopgate(None), capture_output=True, text=True)
    check(done.returncode == 0, f"envoy-bootstrap: exit={done.returncode}: {done.stderr}")
    return done.stdout


class Side:
    """A gateway and the Envoy that it configures; the gateway's ports stay through its lives."""

    def __init__(self, folder, version, configuration, listen=None, options=()):
        folder.mkdir()
        self.folder, self.version, self.options = folder, version, list(options)
        self.config, self.data, self.log = folder / "loopgate.yaml", folder / "data", folder / "gateway.log"
        self.config.write_text(configuration)
        self.door, self.proxy = free_port(), free_port()
        self.listen = listen or 0
        self.gateway = self.envoy = None

    async def start(self):
        options = ["--envoy.listen", f"127.0.0.1:{self.door}", "--xds.listen", f"127.0.0.1:{self.listen}", *self.options]
        self.gateway = await asyncio.to_thread(Gateway, self.data, 0, self.log, options, self.proxy)
        return self

    async def start_envoy(self, of_bootstrap=()):
        text = await asyncio.to_thread(bootstrap, self.door, of_bootstrap)
        options = ["--reject-unknown-dynamic-fields", "--drain-time-s", "1"]
        self.envoy = await envoy_server.started(self.version, text, self.folder / "envoy", 2, options)
        return self

    @property
    def port(self):
        return self.envoy.ports["loopgate"]

    def change(self, configuration):
        """Written as a whole, then told by SIGHUP."""
        new = self.config.with_suffix(".new")
        new.write_text(configuration)
        os.replace(new, self.config)
        if self.gateway.process.poll() is None:
            self.gateway.process.send_signal(signal.SIGHUP)

    async def metric(self, name):
        _, text, _ = await load.get(self.proxy, "/metrics")
        check(f"\n{name}" in text, f"no such metric: {name}")
        return metric(text, name) if "{" not in name else sum(
            float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name)
        )

    async def answers(self, target, name, seconds=20):
        """Waits until this model answers there; None: until nobody does."""

        async def does():
            answer = await ask(self.port, target)
            return answer.says.get("name") == name if name else answer.status == 404

        await until(f"{self.version}: {target} to be answered by {name}", does, seconds)

    async def all_told(self):
        """An observer's news may still be on their way."""

        async def is_told():
            counted = await self.envoy.counters("cluster.loopgate_capture.upstream_rq_")
            waiting = ("active", "pending_active")
            at_envoy = sum(counted.get(f"cluster.loopgate_capture.upstream_rq_{each}", 0) for each in waiting)
            return at_envoy == 0 and await self.metric("loopgate_envoy_streams_open") == 0

        await until(f"{self.version}: all exchanges to be told", is_told)

    async def stop(self):
        await self.all_told()

        async def has_counted():
            return await self.metric('loopgate_envoy_metrics_total{use="read"}') > 0

        await until(f"{self.version}: what Envoy counts to be told", has_counted)
        self.envoy.stop()
        await asyncio.to_thread(self.gateway.stop)
        said = await asyncio.to_thread(verify, self.data, {0})
        check("balanced: hours=" in said, f"verify: {said}")
        return found_in(self.data / "files", "request_response")


async def serves_and_changes(scratch, version):
    """Cases 1, 2 and 4: each exchange once in the files; changes and a killed gateway under load."""
    pem, key = await asyncio.to_thread(certificate, scratch)
    fresh = Model("fresh", ready_seconds=1.0)
    async with Model("m") as m, Model("m") as moved, Model("n") as n, Model("s", (pem, key)) as s, fresh:
        whole = {
            "m": {"url": m.url()},
            "n": {"url": n.url(host="localhost")},
            "s": {"url": s.url("https"), "tls-ca": str(pem)},
            "based": {"url": n.url(path="/base")},
            "two": {"urls": [m.url(), f"http://127.0.0.1:{free_port()}"]},
            "eager": {"url": m.url(), "waiting-max": 0},
            "ready": {"urls": [n.url()], "predictor": "triton"},
            "g": {"url": n.url(), "grpc": True},
            "h": {"url": n.url(host="localhost"), "protocol": "h2c"},
        }
        half = {"model": "m", "weight": 50}, {"model": "n", "weight": 50}
        routes = [
            {"id": "half", "prefix": "/custom/half", "targets": list(half)},
            {"id": "mixed", "prefix": "/custom/mixed", "targets": [{"model": "m", "weight": 50}, {"model": "based", "weight": 50}]},
            {"id": "copied", "prefix": "/custom/copied", "targets": [{"model": "m"}], "mirror": "n"},
        ]
        side = Side(scratch / "serves", version, yaml(whole, routes))
        try:
            await (await side.start()).start_envoy()
            names, halves = await serves(side, m, n)
            await side.all_told()  # what is told behind a change is matched by it
            await changes(side, whole, routes, moved, fresh)
            names += await restarts(side, whole, routes)
            check(await side.metric("loopgate_xds_nacks_total") == 0, f"{version}: refused: {side.gateway.tail()}")
        except (Failed, OSError, EOFError) as error:
            raise Failed(f"{version}: {error}\n{await side.envoy.explain() if side.envoy else ''}\n{side.gateway.tail()}") from error
        seen = await side.stop()
        missing = [name for name in names if seen.get(name) != 1]
        check(not missing, f"{version}: not once in the files: {[(name, seen.get(name)) for name in missing]}")
        models = models_of(side.data / "files")
        wrong = {name: (model, models[name]) for name, model in halves.items() if models[name] != model}
        check(not wrong, f"{version}: answered by one model, recorded as another's: {wrong}")
        return len(names)


def models_of(files):
    """By Request-Id: the model of the record."""
    lines = [line for path in files.glob("request_response/**/*.json") for line in path.read_text().splitlines()]
    return {record["request_id"]: record["model_name"] for record in map(json.loads, lines)}


async def serves(side, m, n):
    """Case 1, all kinds of models; the Request-Ids that must be in the files, and by which model some were answered."""
    names = []

    async def asked(target, name, path, host=None):
        label = f"case-{len(names)}"
        answer = await ask(side.port, target, [f"request-id: {label}"])
        check(answer.status == 200, f"{target}: status {answer.status}: {answer.says}")
        check(answer.says["name"] in name, f"{target}: answered by {answer.says}")
        check(answer.says["path"] in path, f"{target}: the model saw {answer.says}")
        check(host is None or answer.says["host"] == host, f"{target}: the model saw {answer.says}")
        check(answer.headers.get("request-id") == label, f"{target}: Request-Id {answer.headers}")
        names.append(label)
        return answer

    await side.answers("/model/m/warm", "m")
    await asked("/model/m/predict?a=1", "m", ["/predict?a=1"], f"127.0.0.1:{m.port}")
    await asked("/model/m", "m", ["/"])
    await asked("/model/m//a/../%2e;b=c", "m", ["//a/../%2e;b=c"])
    for target in ("/model/m/../n/x", "/model/m/%2e%2E/n/x", "/model/m/.%2e%5cn/x", "/model/m/\xff/../../n/x"):
        answer = await ask(side.port, target)
        check(answer.status == 400, f"{target}: status {answer.status}: {answer.says}")
    reached = [path for path, _ in m.asked + n.asked if path.endswith("n/x")]
    check(not reached, f"a model saw a path that leads out of its prefix: {reached}")
    await asked("/model/n/x", "n", ["/x"], f"localhost:{n.port}")
    await asked("/model/s/x", "s", ["/x"])
    await asked("/model/eager/x", "m", ["/x"])
    await asked("/model/based/x", "n", ["/base/x"])
    await asked("/model/ready/v2/models/a/infer", "n", ["/v2/models/a/infer"])
    for _ in range(20):
        await asked("/model/two/x", "m", ["/x"])  # the other server is not there
    for _ in range(4):
        await asked("/custom/mixed/x", ["m", "n"], ["/x", "/base/x"])  # by our proxy
    halves = {}
    for _ in range(20):
        by = (await asked("/custom/half/x", ["m", "n"], ["/x"])).says["name"]
        halves[names[-1]] = by
    check({"m", "n"} == set(halves.values()), f"half: answered by {halves}")
    await asked("/custom/copied/x", "m", ["/x"])
    copied = names[-1]

    async def is_copied():
        return any(headers.get("request-id") == copied for _, headers in n.asked)

    await until("the mirror to have its copy", is_copied)
    seen = [(path, headers["host"]) for path, headers in n.asked if headers.get("request-id") == copied]
    check(seen == [("/x", f"localhost:{n.port}")], f"the mirror saw {seen}")
    answer = await ask(side.port, "/model/m/without")
    check(len(answer.headers.get("request-id", "")) == 36, f"a Request-Id of its own: {answer.headers}")
    names.append(answer.headers["request-id"])
    status, _ = await feedback(side.port)
    check(status == 200, f"feedback through Envoy: status {status}")
    answer = await ask(side.port, "/model/none/x")
    check(answer.status == 404, f"unknown model: status {answer.status}")
    return names, halves


async def feedback(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    status = await load.give_feedback(reader, writer, "case-0")
    writer.close()
    return status, 0


async def changes(side, whole, routes, moved, fresh):
    """Case 2: none of it costs a caller of a model or of a route that stays anything."""
    calls = load.Load(side.port, PER_SECOND, 4, f"load-{side.version}")
    by_route = RouteLoad(side.port, PER_SECOND, 4, f"route-{side.version}")
    running = asyncio.gather(calls.run(), by_route.run())

    async def changed(models, more, target, name):
        side.change(yaml(models, more))
        await side.answers(target, name)
        await asyncio.sleep(SETTLED_SECONDS)
        for each in (calls, by_route):
            check(not each.failed, f"{target} by {name}: {len(each.failed)} failed: {each.failed[:3]}")

    # It takes an Envoy a while to find the new one healthy.
    slowly = whole | {"fresh": {"url": fresh.url(host="localhost"), "predictor": "triton"}}
    await changed(slowly, [routes[0] | {"targets": [{"model": "fresh"}]}, *routes[1:]], "/custom/half/x", "fresh")
    new = whole | {"new": {"url": moved.url()}}
    await changed(new, routes, "/model/new/x", "m")
    moving = new | {"m": {"url": moved.url()}}
    count = len(moved.asked)
    await changed(moving, routes, "/model/m/x", "m")

    async def has_moved():
        return len(moved.asked) > count + 10

    await until("requests at the new place", has_moved)
    only = [routes[0] | {"targets": [{"model": "n"}]}, *routes[1:]]
    side.change(yaml(moving, only))

    async def is_one():
        by = {(await ask(side.port, "/custom/half/x")).says.get("name") for _ in range(8)}
        return by == {"n"}

    await until("the route to lead to one", is_one)
    await changed({name: how for name, how in moving.items() if name != "new"}, only, "/model/new/x", None)
    await changed(whole, routes, "/model/m/x", "m")
    calls.stopping = by_route.stopping = True
    await running
    for each in (calls, by_route):
        check(not each.failed, f"changes under load: {len(each.failed)} failed: {each.failed[:3]}")
        check(len(each.answered) > PER_SECOND, f"only {len(each.answered)} calls")


async def restarts(side, whole, routes):
    """Case 4: the control plane is killed, and comes back with another configuration."""
    calls = load.Load(side.port, PER_SECOND, 4, f"restart-{side.version}")
    running = asyncio.create_task(calls.run())
    await asyncio.sleep(SETTLED_SECONDS)
    await asyncio.to_thread(side.gateway.kill)
    await asyncio.sleep(SETTLED_SECONDS)
    side.change(yaml(whole | {"later": {"url": whole["n"]["url"]}}, routes))
    await side.start()
    await side.answers("/model/later/x", "n", 30)
    calls.stopping = True
    await running
    check(not calls.failed, f"control plane killed: {len(calls.failed)} failed: {calls.failed[:3]}")
    answer = await ask(side.port, "/model/later/x", ["request-id: after-restart"])
    check(answer.status == 200, f"after the restart: {answer.status}")
    return ["after-restart"]


async def refused(scratch, version):
    """Case 3: a listener where somebody listens already is refused, offered again more and more seldom, and taken when it can be."""
    async with Model("m") as m, Model("n") as n:
        taken = socket.socket()
        port = free_port()
        taken.bind(("127.0.0.1", port))
        taken.listen()
        side = Side(scratch / "refused", version, yaml({"m": {"url": m.url()}}), port)
        try:
            await (await side.start()).start_envoy()

            async def is_refused():
                return await side.metric('loopgate_xds_nacks_total{type="listeners"}') >= 1

            await until("the refusal", is_refused)
            begin = time.monotonic()
            clusters = await side.metric('loopgate_xds_acks_total{type="clusters"}')
            side.change(yaml({"m": {"url": m.url()}, "n": {"url": n.url()}}))

            async def is_taken():
                return await side.metric('loopgate_xds_acks_total{type="clusters"}') > clusters

            await until("the clusters of the next configuration", is_taken)

            async def is_offered_again():
                return await side.metric('loopgate_xds_nacks_total{type="listeners"}') >= 2

            await until("the second offer", is_offered_again)
            check(time.monotonic() - begin > 1, "offered again without a pause")
            sent = await side.metric('loopgate_xds_responses_total{type="listeners"}')
            check(sent <= 3, f"the listener was sent {sent} times")
            lines = [line for line in side.log.read_text().splitlines() if "does not take its configuration" in line]
            check(len(lines) == 1 and "type=listeners" in lines[0], f"lines: {lines}")
            taken.close()

            async def listens():
                await side.envoy.find_ports()
                return "loopgate" in side.envoy.ports and await is_listened_at(port)

            await until("the listener", listens, 30)
            await side.answers("/model/n/x", "n")
            await side.stop()
        except (Failed, OSError, EOFError) as error:
            raise Failed(f"{version}: {error}\n{side.gateway.tail()}") from error


async def tokens(scratch, version, issuer):
    """Case 5: with tokens, by Envoy where it can and by the proxy where it must; over a door that asks for a certificate."""
    pem, key = await asyncio.to_thread(certificate, scratch)
    ours = ["--envoy.certificate", str(pem), "--envoy.key", str(key), "--envoy.client-ca", str(pem)]
    theirs = ["--certificate", str(pem), "--key", str(key), "--ca", str(pem)]
    async with Model("m") as m:
        models = {"m": {"url": m.url()}, "based": {"url": m.url(path="/base")}}
        half = [{"model": "m", "weight": 50}, {"model": "based", "weight": 50}]
        configuration = yaml(models, [{"id": "mixed", "prefix": "/custom/mixed", "targets": half}])
        side = Side(scratch / "tokens", version, configuration, options=["--auth.jwks", str(issuer.jwks), *ours])
        try:
            await (await side.start()).start_envoy(theirs)
            await misnamed(side, theirs)
            token = "authorization: Bearer " + issuer.token(["odahu_admin"])

            async def passes():
                return (await ask(side.port, "/model/m/warm", [token])).status == 200

            await until("a token to pass", passes)
            for target in ("/model/m/x", "/custom/mixed/x"):
                m.asked.clear()
                without = await ask(side.port, target)
                check(without.status == 401, f"{target} without a token: {without.status}")
                check(len(without.headers.get("request-id", "")) == 36, f"{target}: 401 with {without.headers}")
                check("www-authenticate" in without.headers, f"{target}: 401 with {without.headers}")
                check(not m.asked, f"{target}: the model was asked without a token")
                answer = await ask(side.port, target, [token, f"request-id: {target}"])
                check(answer.status == 200, f"{target} with a token: {answer.status}")
                check(answer.headers.get("request-id") == target, f"{target}: Request-Id {answer.headers}")
                check("authorization" not in m.asked[0][1], f"{target}: the model got the token")
            seen = await side.stop()
            for target in ("/model/m/x", "/custom/mixed/x"):
                check(seen.get(target) == 1, f"{target}: {seen.get(target)} times in the files")
        except (Failed, OSError, EOFError) as error:
            raise Failed(f"{version}: {error}\n{await side.envoy.explain() if side.envoy else ''}\n{side.gateway.tail()}") from error


async def misnamed(side, theirs):
    """An Envoy goes to no door whose certificate names another host, whoever has issued it."""
    text = await asyncio.to_thread(bootstrap, side.door, theirs)
    check(text.count("127.0.0.1") == 3, f"bootstrap: {text}")  # the admin's, the door's, and whom it must name
    text = text.replace('exact: "127.0.0.1"', 'exact: "127.0.0.2"')
    other = await asyncio.to_thread(envoy_server.Envoy, side.version, text, side.folder / "misnamed")
    try:
        await other.administered()

        async def refuses():
            counted = await other.counters("cluster.loopgate_control.")
            check(counted["cluster.loopgate_control.ssl.handshake"] == 0, "a door that names another host was taken")
            return counted["cluster.loopgate_control.ssl.fail_verify_san"] > 0

        await until("the refusal of a door that names another host", refuses)
    finally:
        other.stop()


async def envoy_xds(scratch):
    """All versions."""
    for version in envoy.VERSIONS:
        await asyncio.to_thread(envoy_server.program, version)
    issuer = await asyncio.to_thread(envoy_authz.Issuer, scratch)
    for version in envoy.VERSIONS:
        folder = scratch / version
        folder.mkdir()
        begin = time.monotonic()
        count = await serves_and_changes(folder, version)
        await asyncio.gather(refused(folder, version), tokens(folder, version, issuer))
        seconds = time.monotonic() - begin
        print(f"envoy-xds: {version}: {count} exchanges once each, changes and a kill under load without a failure, {seconds:.0f} s", flush=True)
