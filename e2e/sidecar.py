"""The sidecar in a pod's network namespace: its client and its servers know nothing of it. See `run`."""

import asyncio
import contextlib
import dataclasses
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time

import envoy_cases
import envoy_client
import envoy_judge
import envoy_model
import http2
import load
from clients import body_of, records
from common import ROOT, STARTED, Failed, certificate, check, for_loopgate, metric, need, sh, until, verify
from namespaces import Namespace, connect_both, rules

UID = 16006
SIDECAR, DOOR = 16006, 16020
H1, H2, GONE, TLS, LINES, GREETS, NO_MODEL, SPARED = 8080, 8081, 8082, 8443, 7000, 7001, 7070, 7071
REDIRECTED = (H1, H2, GONE, TLS, LINES, GREETS, NO_MODEL)
POD, CLIENT = ("10.77.0.2", "fd77::2"), ("10.77.0.1", "fd77::1")
AT_ONCE = 8
LOAD_PER_SECOND = 300
GREETING = b"220 this server speaks first\r\n"
CONFIG = "".join(
    f"  - {{id: {name}, url: 'http://127.0.0.1:{port}', name: {name}, version: '1'}}\n"
    for name, port in (("m", H1), ("m2", H2), ("gone", GONE), ("t", TLS), ("lines", LINES), ("greets", GREETS))
)


@dataclasses.dataclass(frozen=True)
class Direct(envoy_cases.Case):
    """A case without a prefix: paths are the model's own."""

    @property
    def target(self):
        return self.path


def own(name, value, family):
    """A header as it came, but for a Request-Id, which is the case's own."""
    return (name, f"{value[:-1]}{family}" if value and name.lower() == "request-id" else value)


def cases():
    """What the proxy is asked in `envoy`, as far as it goes to one of both ports; each over IPv4 and IPv6."""
    groups = ("framing", "over_http2", "grpc", "upgrades", "aborts", "locals_", "headers", "content")
    for case in (case for group in groups for case in getattr(envoy_cases, group)()):
        other = case.model in ("slow", "idle", "empty", "unknown", "") or "proxy" not in case.ways
        if other or (case.speaks, case.model) in (("h2", "m"), ("h1", "m2")):
            continue  # who speaks HTTP/2 means a server that does
        model = {"g": "m2"}.get(case.model, case.model)
        uri = case.uri and case.uri.removeprefix("/model/m")
        for family in (0, 1):
            name = f"{case.name}-v{4 + 2 * family}"
            told = dataclasses.asdict(case) | {"name": f"{case.name}-v{4 + 2 * family}", "model": model, "uri": uri}
            told |= {"on": f"{case.on}-{family}" if case.on else "", "messages": case.messages, "trailers": case.trailers}
            told["headers"] = case.headers if case.replaced else tuple(own(*header, family) for header in case.headers)
            yield family, Direct(**told)


class Pod:
    """The pod's servers, each unaware; and what they were told."""

    def __init__(self, namespace, folder):
        self.namespace, self.model = namespace, envoy_model.Model()
        self.certificate, key = certificate(folder)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(self.certificate, key)
        self.reading = asyncio.Event()
        self.reading.set()
        self.peers = []
        self.servers = []

    async def __aenter__(self):
        for port, serve, more in (
            (H1, self.model.serve1, {}),
            (H2, self.model.serve2, {}),
            (TLS, self.echo, {"ssl": self.tls}),
            (LINES, self.echo, {}),
            (GREETS, self.greet, {}),
            (NO_MODEL, self.echo, {}),
            (SPARED, self.echo, {}),
        ):
            door = self.namespace.listening(port)
            self.servers.append(await asyncio.start_server(serve, sock=door, limit=1 << 18, **more))
        return self

    async def __aexit__(self, *_):
        for server in self.servers:
            server.close()
        for task in list(self.model.tasks):
            task.cancel()

    async def echo(self, reader, writer):
        """All that came, once the other side is shut, or, where that can't be, line by line."""
        self.peers.append(writer.get_extra_info("peername")[0])
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, ssl.SSLError):
            await self.reading.wait()
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
                await self.reading.wait()
        writer.close()

    async def greet(self, reader, writer):
        writer.write(GREETING)
        await self.echo(reader, writer)


class Sidecar:
    """`./loopgate sidecar` in the pod, as a user of its own."""

    def __init__(self, pod, folder):
        self.pod, self.folder, self.data, self.log = pod, folder, folder / "data", folder / "sidecar.log"
        (folder / "loopgate.yaml").write_text("models:\n" + CONFIG)
        self.data.mkdir()
        os.chmod(folder, 0o755)
        os.chown(self.data, UID, UID)
        self.process = None

    async def start(self):
        command = ["setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", str(ROOT / "loopgate"), "sidecar"]
        command += ["--config", str(self.folder / "loopgate.yaml"), "--data", str(self.data), "--ship.window", "1s"]
        command += ["--listen", f"127.0.0.1:{DOOR}", "--spool.segment-bytes", "8MiB", "--drain-delay", "500ms"]
        with open(self.log, "ab") as out:
            environment = for_loopgate({"HOME": "/nonexistent"})
            self.process = subprocess.Popen(self.pod.command(*command), stdout=out, stderr=out, env=environment)
        STARTED.append(self.process)

        async def is_ready():
            check(self.process.poll() is None, f"the sidecar ended: {self.log.read_text()[-2000:]}")
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                return (await self.get("/readyz"))[0] == 200
            return False

        await until("the sidecar", is_ready)

    async def get(self, target):
        reader, writer = await self.pod.connect("127.0.0.1", DOOR)
        writer.write(f"GET {target} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n".encode())
        line, headers = await load.read_head(reader)
        body = await load.read_body(reader, headers)
        writer.close()
        return int(line.split(" ")[1]), body.decode()

    async def metric(self, name):
        """With labels as they stand there, or the sum."""
        _, text = await self.get("/metrics")
        if "{" not in name:
            return metric(text, name)
        found = re.search("^" + re.escape(name) + r" ([0-9.E]+)$", text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    async def counts(self, name, value, what):
        async def holds():
            return await self.metric(name) == value

        try:
            await until(what, holds, 5)
        except Failed as error:
            raise Failed(f"{what}: {name} is {await self.metric(name)}, not {value}") from error

    async def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self.process.wait, 40)
        check(code == 0, f"the sidecar: exit={code}: {self.log.read_text()[-2000:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()


def iptables(namespace, *options, uid=None):
    """What `loopgate iptables` says; it must go well."""
    who = ["setpriv", "--reuid", str(uid), "--clear-groups"] if uid else []
    command = namespace.command(*who, str(ROOT / "loopgate"), "iptables", *options)
    done = subprocess.run(command, capture_output=True, text=True, env=for_loopgate(None))
    return done.returncode, done.stdout, done.stderr


def applied(pod, *more):
    code, out, err = iptables(pod, "--apply", "--ports", ",".join(map(str, REDIRECTED)), *more)
    check(code == 0, f"iptables --apply: exit={code}: {out}{err}")


def check_rules(pod, other):
    """Applied twice is once, printed is applied, removed is nothing; returns what was there before."""
    for program in ("iptables", "ip6tables"):  # somebody else's, which stay
        pod.run(program, "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "9", "-j", "ACCEPT")
    before = rules(pod)
    applied(pod)
    once = rules(pod)
    check("LOOPGATE_IN" in once and once.count("-j REDIRECT") == 4 * len(REDIRECTED), f"rules: {once}")
    applied(pod)
    check(rules(pod) == once, f"applied twice: {rules(pod)}\nonce: {once}")
    applied(pod, "--callers", "outside")
    check("LOOPGATE_OUT" not in rules(pod), f"for outside alone: {rules(pod)}")
    code, out, err = iptables(pod, "--remove")
    check(code == 0 and rules(pod) == before, f"removed: {out}{err}{rules(pod)}\nbefore: {before}")
    code, out, err = iptables(pod, "--remove")
    check(code == 0 and out.count("there were none") == 2, f"removed twice: {out}{err}")
    code, text, err = iptables(other, "--print", "--ports", ",".join(map(str, REDIRECTED)), uid=UID)
    check(code == 0, f"printed: {err}")
    four, six = text.split("# ip6tables-restore --noflush\n")
    for program, part in (("iptables-restore", four), ("ip6tables-restore", six)):
        done = subprocess.run(other.command(program, "--noflush"), input=part, capture_output=True, text=True)
        check(done.returncode == 0, f"{program}: {done.stderr}")
    ours = [line for line in once.splitlines() if "--dport 9 " not in line]
    check(rules(other).splitlines() == ours, f"printed: {rules(other)}\napplied: {once}")
    code, out, err = iptables(pod, "--apply", "--ports", "8080", uid=UID)
    check(code == 1 and err.count("\n") == 1 and "CAP_NET_ADMIN" in err, f"without rights: exit={code}: {out}{err}")
    applied(pod)
    return before


async def ask_all(client, pod):
    """The table; what was seen of each."""
    port = {"m": H1, "m2": H2, "gone": GONE}
    groups = {}
    for family, case in cases():
        groups.setdefault((family, case.on or case.name), []).append(case)
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(family, group):
        async with gate:
            return await envoy_client.ask(lambda: client.connect(POD[family], port[group[0].model]), group, pod.model)

    told = await asyncio.gather(*(ask(family, group) for (family, _), group in groups.items()))
    return [pair for group, seen in zip(groups.values(), told) for pair in zip(group, seen)]


def check_table(told, pod, files):
    """Each exchange once, right at both ends and in the record."""
    found = {stream: records(files, stream) for stream in ("request_response", "response_body")}
    by_case = {}
    for name, lines in found["request_response"].items():
        for request in lines:
            by_case.setdefault(request["request_http_headers"].get("x-case"), []).append((name, request))
    for case, seen in told:
        asked = pod.model.asked.get(case.name, [])
        envoy_judge.check_wire(case, seen, asked)
        for one in asked:
            host = one.header("host") + one.header(":authority")
            check(host == ["models.test"], f"{case.name}: the model was asked as {host}")
        lines = by_case.get(case.name, [])
        check(len(lines) == 1, f"{case.name}: {len(lines)} records")
        name, request = lines[0]
        answers = found["response_body"].get(name, [])
        check(len(answers) == 1, f"{case.name}: {len(answers)} answers recorded")
        envoy_judge.check_record(case, seen, asked, request, answers[0])
        check(request["deployment"] == case.model, f"{case.name}: deployment: {request['deployment']}")


async def strangers(client, pod, kept):
    """curl, over HTTP/1.1, HTTP/2 by prior knowledge, and asking for HTTP/2."""
    for word, version, port, option in (
        ("http1", "1.1", H1, "--http1.1"),
        ("prior", "2", H2, "--http2-prior-knowledge"),
        ("upgrade", "1.1", H1, "--http2"),
    ):
        name = f"curl-{word}"
        url = f"http://{POD[0]}:{port}/echo"
        command = ["curl", "-sS", "-m", "10", option, "-H", f"request-id: {name}", "-d", "asked by curl", url]
        command += ["-w", "\n%{http_version} %{http_code}"]
        done = await asyncio.to_thread(subprocess.run, client.command(*command), capture_output=True, text=True)
        check(done.stdout == f"asked by curl\n{version} 200", f"{name}: {done.stdout}{done.stderr}")
        kept.append(name)


async def post(namespace, host, port, name, target="/echo", body=b"asked", wait=0.0):
    """One exchange over HTTP/1.1 on a connection of its own: status, headers and body."""
    reader, writer = await namespace.connect(host, port)
    await asyncio.sleep(wait)
    head = f"POST {target} HTTP/1.1\r\nhost: t\r\nrequest-id: {name}\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    line, headers = await load.read_head(reader)
    answer = await load.read_body(reader, headers)
    writer.close()
    return int(line.split(" ")[1]), headers, answer


async def passing(client, pod, sidecar):
    """What is no HTTP: TLS, who speaks first, back-pressure, each side shut for itself."""
    blob = os.urandom(5 << 20)
    trust = ssl.create_default_context(cafile=pod.certificate)
    trust.check_hostname = False
    for host in POD:
        reader, writer = await client.connect(host, TLS, ssl=trust, server_hostname="model.example.org")
        shown = writer.get_extra_info("ssl_object").getpeercert(True)
        own = ssl.PEM_cert_to_DER_cert(pod.certificate.read_text())
        check(shown == own, "the certificate is not the server's own")
        writer.write(blob)
        back = await reader.readexactly(len(blob))
        check(back == blob, "other bytes through TLS")
        writer.close()
    await sidecar.counts('loopgate_sidecar_tls_connections_total{sni="model.example.org"}', 2, "the name in TLS")
    await sidecar.counts('loopgate_sidecar_connections_total{kind="tls"}', 2, "connections over TLS")
    for port, kind, host in ((LINES, "other", POD[0]), (LINES, "other", POD[1]), (NO_MODEL, "no_model", POD[0])):
        reader, writer = await client.connect(host, port)
        before = await sidecar.metric(f'loopgate_sidecar_bytes_total{{kind="{kind}",to="caller"}}')
        asking = asyncio.create_task(send_all(writer, b"\0binary" + blob))
        back = await reader.read(-1)
        await asking
        check(back == b"\0binary" + blob, f"{kind}: other bytes: {len(back)}")
        writer.close()
        what = f'loopgate_sidecar_bytes_total{{kind="{kind}",to="caller"}}'
        await sidecar.counts(what, before + len(back), f"bytes of {kind}")
    for host in POD:
        reader, writer = await client.connect(host, GREETS)
        greeting = await asyncio.wait_for(reader.readline(), 3)
        check(greeting == GREETING, f"greeting: {greeting}")
        writer.write(b"EHLO there\r\n")
        check(await reader.readline() == b"EHLO there\r\n", "the answer to a greeting")
        writer.close()
    reader, writer = await client.connect(POD[0], SPARED)
    writer.write(b"spared")
    await reader.readexactly(6)
    writer.close()
    check(pod.peers[-1].endswith(CLIENT[0]), f"a port without a rule: its peer is {pod.peers[-1]}")
    await holds_back(client, pod)


async def send_all(writer, data):
    writer.write(data)
    await writer.drain()
    writer.write_eof()


async def holds_back(client, pod):
    """A server that does not read stops its caller; nothing is lost for that."""
    pod.reading.clear()
    reader, writer = await client.connect(POD[0], NO_MODEL)
    piece, sent = os.urandom(1 << 20), 0
    with contextlib.suppress(asyncio.TimeoutError):
        while sent < 256 << 20:
            writer.write(piece)
            sent += len(piece)
            await asyncio.wait_for(writer.drain(), 1)
    check(sent < 100 << 20, f"{sent >> 20} MiB went to a server that reads nothing")
    pod.reading.set()
    asking = asyncio.create_task(send_all(writer, b""))
    back = 0
    while data := await reader.read(1 << 18):
        at = back % len(piece)
        check(data == (piece + piece)[at : at + len(data)], "other bytes after a pause")
        back += len(data)
    await asking
    check(back == sent, f"sent={sent}, back={back}")
    writer.close()


async def is_reset(namespace, host, port, data=b"\0"):
    """Whether a connection is reset, and no byte comes."""
    try:
        reader, writer = await namespace.connect(host, port)
        writer.write(data)
        got = await asyncio.wait_for(reader.read(1), 5)
        check(not got, f"{host}:{port}: {got}")
        return False
    except ConnectionError:
        return True


async def late_in_http2(client, host, name):
    """A caller that says nothing for long, of a server that greets with its settings at once."""
    connection = http2.Connection(*await client.connect(host, H2))
    await asyncio.sleep(0.6)
    running = asyncio.create_task(connection.run())
    stream = connection.open()
    await stream.head([(":method", "POST"), (":scheme", "http"), (":authority", "t"), (":path", "/echo"), ("request-id", name)])
    await stream.send(b"asked", end=True)
    headers, body = dict(await stream.next()), b""
    while (piece := await stream.next()) is not stream.END:
        body += piece
    running.cancel()
    connection.writer.close()
    check((headers[":status"], body) == ("200", b"asked"), f"{name}: {headers} {body}")


async def edges(client, pod, sidecar, kept):
    """Straight calls, nobody there, a late word, a look, callers in the pod, the model's own paths."""
    for host in POD:
        check(await is_reset(client, host, SIDECAR, b"GET / HTTP/1.1\r\n\r\n"), f"{host}: the sidecar's port is served")
    check(await is_reset(pod.namespace, "127.0.0.1", SIDECAR), "the sidecar's port is served in the pod")
    await sidecar.counts('loopgate_sidecar_refused_total{reason="straight"}', 3, "straight calls")
    check(await is_reset(client, POD[0], GONE), "bytes for nobody: not reset")
    await sidecar.counts('loopgate_sidecar_refused_total{reason="unreachable"}', 1, "bytes for nobody")
    before = await sidecar.metric('loopgate_sidecar_connections_total{kind="nothing"}')
    _, writer = await client.connect(POD[0], H1)
    writer.close()
    await sidecar.counts('loopgate_sidecar_connections_total{kind="nothing"}', before + 1, "a look")
    for name, host, who, wait in (
        ("late", POD[0], client, 0.6),
        ("local-v4", "127.0.0.1", pod.namespace, 0),
        ("local-v6", "::1", pod.namespace, 0),
        ("local-pod", POD[0], pod.namespace, 0),
    ):
        status, headers, body = await post(who, host, H1, name, wait=wait)
        check((status, body, headers.get("request-id")) == (200, b"asked", name), f"{name}: {status} {headers} {body}")
        kept.append(name)
    for host, name in zip(POD, ("late-h2-v4", "late-h2-v6")):
        await late_in_http2(client, host, name)
        kept.append(name)
    for target in ("/feedback", "/api/v1/feedback", "/healthz", "/metrics"):
        name = "own" + target.replace("/", "-")
        status, _, body = await post(client, POD[0], H1, name, target)
        check((status, body) == (404, b'{"error":"no such thing"}'), f"{target} is not the model's: {status} {body}")
        kept.append(name)
    reader, writer = await pod.namespace.connect("127.0.0.1", DOOR)
    check(await load.give_feedback(reader, writer, "late") == 200, "feedback at the sidecar's own door")
    writer.close()
    status, _, body = await post(pod.namespace, "127.0.0.1", DOOR, "at-the-door")
    check(status == 404, f"the sidecar's own door serves a model: {status} {body}")


async def looped(client, pod, sidecar):
    """Rules that let another user pass lead the sidecar to itself: it notices, and goes on."""
    before = await sidecar.metric('loopgate_sidecar_refused_total{reason="loop"}')
    await sidecar.counts('loopgate_model_connections{model="m"}', 0, "kept connections, which no rule changes")
    applied(pod.namespace, "--uid", "1")
    try:
        check(await is_reset(client, POD[0], LINES), "bytes in a loop: not reset")
        status, _, body = await post(client, POD[0], H1, "looped")
        check(status == 502, f"a loop: {status} {body}")
        check(await sidecar.metric('loopgate_sidecar_refused_total{reason="loop"}') > before, "no loop was noticed")
        check(await sidecar.metric("loopgate_caller_connections") < 20, "the loop goes on")
    finally:
        applied(pod.namespace)


class Calls:
    """A steady load from the client; who was answered, who not, and when."""

    def __init__(self, client):
        self.client, self.answered, self.failed, self.stopping = client, [], [], False

    async def run(self):
        await asyncio.gather(*(self.call(number) for number in range(AT_ONCE)))

    async def call(self, number):
        writer, count = None, 0
        while not self.stopping:
            await asyncio.sleep(AT_ONCE / LOAD_PER_SECOND)
            name, count = f"load-{number}-{count}", count + 1
            try:
                if writer is None:
                    reader, writer = await self.client.connect(POD[number % 2], H1)
                status, body = await load.exchange(reader, writer, "/echo", [f"request-id: {name}"], name.encode())
                check((status, body) == (200, name.encode()), f"{name}: {status} {body}")
                self.answered.append(name)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.failed.append((time.monotonic(), f"{name}: {error!r}"))
                if writer is not None:
                    writer.close()
                writer = None
        if writer is not None:
            writer.close()


async def killed(client, sidecar):
    """kill -9 and SIGTERM under load: connections fail while it is down and no longer, and who was answered is kept."""
    calls = Calls(client)
    running = asyncio.create_task(calls.run())
    down = []
    for stop in (sidecar.kill, sidecar.kill, sidecar.stop):
        before = len(calls.answered)

        async def served():
            return len(calls.answered) > before + 100

        await until("calls to be answered", served)
        begin = time.monotonic()
        await stop() if stop == sidecar.stop else await asyncio.to_thread(stop)
        await sidecar.start()
        down.append((begin, time.monotonic() + 0.2))
    before = len(calls.answered)
    await until("calls to be answered again", served)
    calls.stopping = True
    await running
    odd = [what for when, what in calls.failed if not any(begin <= when <= end for begin, end in down)]
    check(not odd, f"failed while the sidecar was up: {len(odd)}: {odd[:3]}")
    return calls


async def sidecar(scratch):
    """A client and a pod, each a network namespace, a cable between them."""
    for program, package in (("ip", "iproute2"), ("iptables", "iptables"), ("curl", "curl"), ("setpriv", "util-linux")):
        need(program, package)
    http2.library()
    begin = time.monotonic()
    os.chmod(scratch, 0o755)
    with Namespace("client") as client, Namespace("pod") as pod_namespace, Namespace("other") as other:
        connect_both(client, pod_namespace, [f"{CLIENT[0]}/24", f"{CLIENT[1]}/64"], [f"{POD[0]}/24", f"{POD[1]}/64"])
        before = await asyncio.to_thread(check_rules, pod_namespace, other)
        async with Pod(pod_namespace, scratch) as pod:
            one = Sidecar(pod_namespace, scratch)
            kept = []
            try:
                await one.start()
                told = await ask_all(client, pod)
                await strangers(client, pod, kept)
                await passing(client, pod, one)
                await edges(client, pod, one, kept)
                await looped(client, pod, one)
                calls = await killed(client, one)
                await one.stop()
            finally:
                one.kill()
            check_table(told, pod, one.data / "files")
        code, out, err = iptables(pod_namespace, "--remove")
        check(code == 0 and rules(pod_namespace) == before, f"removed: {out}{err}{rules(pod_namespace)}\nbefore: {before}")
    found = records(one.data / "files", "request_response")
    for name in kept + calls.answered:
        lines = found.get(name, [])
        check(len(lines) == 1, f"{name}: {len(lines)} records")
        if name in calls.answered:
            check(body_of(lines[0], "request_content") == name.encode(), f"{name}: other bytes: {json.dumps(lines[0])[:500]}")
    said = verify(one.data, {0})
    print(
        f"sidecar: {len(told)} cases over IPv4 and IPv6, {len(calls.answered)} calls under kills"
        f" ({len(calls.failed)} failed while it was down); {time.monotonic() - begin:.1f} s; {said.splitlines()[-1]}"
    )
