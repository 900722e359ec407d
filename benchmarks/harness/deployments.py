"""What deployments cost: `./benchmarks/deployments`, see docs/benchmarking.md."""

import argparse
import concurrent.futures
import dataclasses
import http.client
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from harness import bodies, load, machine, paths, proc, processes, rig, spool, stats, tools, up
from harness.problems import Problem

PAGE = paths.BENCHMARKS / "DEPLOYMENTS.md"
HEAD = """# What deployments cost

By `./benchmarks/deployments --record`; [docs/benchmarking.md](../docs/benchmarking.md) says how it is measured.
"""
COLD_MODEL = paths.BENCHMARKS / "harness/cold_model.py"
IN_TURN = 8  # deployments that are called one after the other, so that the others fall asleep meanwhile
WARM_SECONDS, ROUNDS, ROUND_SECONDS = 20.0, 6, 3.0
MANY = 1000
REST_SECONDS = 20
WRITERS = 8
MIB = 1 << 20

# Starts in a moment, and answers what a model of the other runs does.
_NGINX = """
daemon off; master_process off; pid @HERE@/pid; error_log @HERE@/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; client_body_buffer_size 256k;
  client_body_temp_path @HERE@/body; proxy_temp_path @HERE@/proxy;
  fastcgi_temp_path @HERE@/f; uwsgi_temp_path @HERE@/u; scgi_temp_path @HERE@/s;
  server {{ listen 127.0.0.1:@PORT@ backlog=4096; location / {{ default_type application/json; return 200 '{answer}'; }} }}
}}
"""
_NGINX_START = """#!/bin/sh
here=$(pwd)
sed -e "s|@HERE@|$here|g" -e "s|@PORT@|$PORT|g" {config} > nginx.conf
exec taskset -c {cores} {nginx} -p "$here" -c "$here/nginx.conf"
"""


def nginx_model(where: rig.Rig, cores: Sequence[int]) -> list[str]:
    """The command of a model server that has its port from `PORT` and its files where it is started."""
    config = _written(where.folder, "model.conf", _NGINX.format(answer=bodies.SMALL.down.decode()))
    listed = ",".join(map(str, cores))
    text = _NGINX_START.format(config=config, cores=listed, nginx=tools.path("nginx"))
    return ["/bin/sh", str(_written(where.folder, f"model-{listed}.sh", text))]


def _written(folder: pathlib.Path, name: str, text: str) -> pathlib.Path:
    path = folder / name
    path.write_text(text)
    return path


def image_of(command: Sequence[str]) -> str:
    return "exec:" + " ".join(command)


def first_byte_of_its_own(command: Sequence[str], body: bytes, folder: pathlib.Path) -> float:
    """Seconds from the start of a model server to the first byte of its answer, with nobody between."""
    folder.mkdir()
    port = processes.free_port()
    begin = time.monotonic()
    server = subprocess.Popen(
        list(command),
        cwd=folder,
        env=os.environ | {"PORT": str(port)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while server.poll() is None and time.monotonic() - begin < processes.START_SECONDS:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request("POST", "/api/model/invoke", body, up.JSON)
                connection.getresponse()
                return time.monotonic() - begin
            except (ConnectionError, http.client.HTTPException):
                time.sleep(0.0005)
            finally:
                connection.close()
        raise Problem(f"{command}: does not answer")
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)


@dataclasses.dataclass(frozen=True)
class Server:
    """A model server: how a host is told of it, and what is run for that."""

    name: str
    image: str
    command: Sequence[str]
    body: bytes


def cold_row(gateway: up.Up, server: Server, count: int) -> str:
    """Callers who come to a deployment that sleeps, and the same server started by hand, in turn."""
    ids = [f"{server.name}-{number}" for number in range(IN_TURN)]
    for one in ids:
        gateway.declare(one, server.image, "odahu-ml-server", idleTimeout="1s")
    through, alone = [], []
    for number in range(count):
        one = ids[number % IN_TURN]
        gateway.await_asleep(one)
        took, said = gateway.predict(one, server.body)
        if not said:
            raise Problem(f"{one}: answered without a cold start, though it slept")
        through.append(took)
        alone.append(first_byte_of_its_own(server.command, server.body, gateway.folder / f"alone-{number}"))
    for one in ids:
        gateway.delete(one)
    own = statistics.median(alone)
    added = sorted(took - own for took in through)
    cells = [
        f"{stats.percentile(sorted(values), share) * 1000:.0f}" for values in (alone, through, added) for share in (0.5, 0.99)
    ]
    return f"| {server.name} | {count} | " + " | ".join(cells) + " |"


def of_cold_starts(where: rig.Rig, count: int) -> list[str]:
    """On all cores, as on a machine of one's own."""
    gateway = up.Up(where, "cold", [*where.measured, *where.others])
    gateway.start()
    try:
        command = ["python3", "-S", "-E", str(COLD_MODEL)]
        script = Server("script", image_of(command), command, b"{}")
        command = [spool.java(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", str(_sample())]
        jar = Server("jar", f"file:{_sample()}", command, (paths.ROOT / "examples/wine-request.json").read_bytes())
        said = ["| server | calls | alone ms p50 | p99 | through us p50 | p99 | added p50 | p99 |", "|---|---|---|---|---|---|---|---|"]
        return [*said, cold_row(gateway, script, count), cold_row(gateway, jar, count // 4)]
    finally:
        gateway.stop()
        gateway.remove()


def _sample() -> pathlib.Path:
    found = sorted((paths.ROOT / "examples/target").glob("examples-*.jar"))
    if not found:
        raise Problem("missing: the jar of examples (./loopgate builds it)")
    return found[0]


def of_warmth(where: rig.Rig) -> list[str]:
    """One gateway, two models, the same server behind both: one of its configuration, one that may sleep and does not."""
    command = nginx_model(where, where.others)
    port = processes.free_port()
    folder = where.folder / "static"
    folder.mkdir()
    log = where.folder / "static.log"
    static = processes.Started("static", ["/bin/sh", "-c", f"cd {folder} && exec {' '.join(command)}"], where.others, log, {"PORT": str(port)})
    static.await_port(port)
    gateway = up.Up(where, "warm", where.measured, port)
    gateway.start()
    gateway.declare("hosted", image_of(command), "none")
    gateway.await_ready("hosted")
    body = where.folder / "small.up"
    costs: dict[str, list[float]] = {"static": [], "hosted": []}
    sent = dict.fromkeys(costs, 0)

    def send(name: str, requests: int) -> load.Loaded:
        took = load.send(f"http://127.0.0.1:{gateway.port}/model/{name}/small", body, requests, where.others)
        sent[name] += took.requests
        return took

    try:
        rates = {name: _warmed(lambda count, name=name: send(name, count)) for name in costs}
        gateway.settle()
        for number in range(ROUNDS):
            for name in list(costs) if number % 2 == 0 else list(reversed(costs)):
                before = _cpu(gateway)
                took = send(name, int(rates[name] * ROUND_SECONDS))
                gateway.settle()
                costs[name].append((_cpu(gateway) - before) / took.requests * 1e6)
    finally:
        gateway.stop()
        static.stop()
    accepted = int(gateway.last["loopgate_ledger_accepted"])
    gateway.remove()
    if accepted != sum(sent.values()):
        raise Problem(f"warm: sent={sum(sent.values())}, accepted={accepted}")
    ratio = stats.ratio(costs["hosted"], costs["static"])
    figures = {name: stats.median_interval(values) for name, values in costs.items()}
    said = ["| model | CPU us a request, file included | | requests |", "|---|---|---|---|"]
    for name, word in (("static", "of the configuration"), ("hosted", "a deployment, `minReplicas: 0`, awake")):
        one = figures[name]
        said.append(f"| {word} | {one.middle:.1f} | [{one.low:.1f}, {one.high:.1f}] | {sent[name]:,} |")
    return [*said, "", f"Deployment over configuration: {ratio.middle:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]."]


def _warmed(send: Callable[[int], load.Loaded]) -> float:
    """Requests a second, once the JVM has compiled."""
    begin, rate, count = time.monotonic(), 0.0, 2000
    while time.monotonic() - begin < WARM_SECONDS:
        rate = send(count).per_second
        count = max(2000, int(rate * 2))
    return rate


def _cpu(gateway: up.Up) -> float:
    """Seconds of the gateway alone, its model servers not among them."""
    return proc.parse_stat((proc.PROC / str(gateway.pids()["gateway"]) / "stat").read_text()).own


def of_many(where: rig.Rig) -> list[str]:
    """A thousand, each started once and asleep after that; then what one of them, and the API, take among them."""
    gateway = up.Up(where, "many", [*where.measured, *where.others])
    gateway.start()
    command = nginx_model(where, [*where.measured, *where.others])
    try:
        before = _live_bytes(gateway)
        begin = time.monotonic()
        for number in range(MANY):
            gateway.declare(f"m{number}", image_of(command), "none", idleTimeout="1s")
        declared = time.monotonic() - begin
        gateway.await_state("all to be ready and asleep", lambda: _asleep(gateway) == MANY, 900)
        settled = time.monotonic() - begin
        memory = (_live_bytes(gateway) - before) / MANY
        began = _thread_cpu(gateway, "controller")
        time.sleep(REST_SECONDS)
        resting = (_thread_cpu(gateway, "controller") - began) / REST_SECONDS
        woken = sorted(gateway.predict(f"m{number}")[0] for number in range(0, MANY, MANY // 20))
        said = ["| | |", "|---|---|"]
        said.append(f"| declared one after the other, each in a file that was forced | {MANY / declared:,.0f} a second |")
        said.append(f"| all started once, asked, asleep again: after | {settled:.0f} s |")
        said.append(f"| live heap, each | {memory / 1024:.1f} KiB |")
        said.append(f"| thread `controller` at rest, all looked at every 2 s | {resting * 100:.2f} % of a core |")
        said.append(f"| a caller who wakes one of them waits, p50 | {stats.percentile(woken, 0.5) * 1000:.0f} ms |")
        return [*said, "", "## API", "", *of_api(gateway, where)]
    finally:
        gateway.stop()
        gateway.remove()


def _asleep(gateway: up.Up) -> int:
    listed = gateway.ask("GET", f"{up.API}?size={2 * MANY}")[1]
    time.sleep(0.5)  # the list of a thousand is work of the gateway too
    return sum(one["status"].get("state") == "Ready" and one["status"].get("availableReplicas") == 0 for one in listed)


def _live_bytes(gateway: up.Up) -> int:
    """What is reachable; a full collection goes before."""
    jcmd = str(pathlib.Path(spool.java()).parent / "jcmd")
    text = subprocess.run([jcmd, str(gateway.pids()["gateway"]), "GC.class_histogram"], capture_output=True, text=True, check=True)
    total = re.search(r"^Total\s+\d+\s+(\d+)", text.stdout, re.MULTILINE)
    if total is None:
        raise Problem(f"jcmd said: {text.stdout[-500:]}")
    return int(total.group(1))


def _thread_cpu(gateway: up.Up, name: str) -> float:
    """Of one thread, finer than the kernel's ticks."""
    for task in (proc.PROC / str(gateway.pids()["gateway"]) / "task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int((task / "schedstat").read_text().split()[0]) / 1e9
    raise Problem(f"no thread {name}")


def of_api(gateway: up.Up, where: rig.Rig) -> list[str]:
    """Reads by h2load; writes by a few clients, beside how often the disk can force."""
    rows = ["| call | a second |", "|---|---|"]
    for what, path, requests in (("GET one deployment", f"{up.API}/m7", 20000), ("GET a list of 100", f"{up.API}?size=100", 2000)):
        url = f"http://127.0.0.1:{gateway.port}{path}"
        for _ in range(2):  # once to warm up
            took = _get(url, requests, where)
        rows.append(f"| {what} of {MANY:,} | {took:,.0f} |")
    forces = machine.force_rate(gateway.folder)
    count = 2000
    spec = {"type": "docker", "uri": "registry.example.com", "username": "u", "password": "cA=="}
    made = [{"id": f"c{number}", "spec": spec} for number in range(count)]
    for method, what in (("POST", "POST a connection"), ("PUT", "PUT a connection")):
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            for status, said in pool.map(lambda one, method=method: gateway.ask(method, "/api/v1/connection", one), made):
                if status not in (200, 201):
                    raise Problem(f"{method}: {status} {said}")
        rows.append(f"| {what}, {WRITERS} clients | {count / (time.monotonic() - begin):,.0f} |")
    rows.append(f"| the disk, 4 KiB written and forced, one after the other | {forces:,.0f} |")
    return rows


def _get(url: str, requests: int, where: rig.Rig) -> float:
    command = [tools.path("h2load"), "--h1", "-t", "1", "-c", "16", "-n", str(requests), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return load.parse(done.stdout, requests, 0.0).per_second


def _part(title: str, lines: list[str]) -> list[str]:
    print("\n".join(lines), file=sys.stderr)
    return [f"## {title}", "", *lines, ""]


def main() -> int:
    parser = argparse.ArgumentParser(prog="deployments", description="What deployments cost.")
    parser.add_argument("--calls", type=int, default=200, help="to a deployment that sleeps (200)")
    parser.add_argument("--record", action="store_true", help=f"write {PAGE.name}")
    chosen = parser.parse_args()
    where = None
    try:
        where = rig.Rig.make(0, [1], None)
        subprocess.run([str(paths.LAUNCHER), "--help"], check=True, capture_output=True)  # it builds what is old
        shape = machine.shape(where.folder, rig.file_system(where.folder))
        said = ["; ".join(f"{name} {value}" for name, value in shape.items()) + ".", ""]
        os.sched_setaffinity(0, where.others)
        said += _part("Awake", of_warmth(where))
        os.sched_setaffinity(0, [*where.measured, *where.others])
        said += _part("A caller who comes while it sleeps", of_cold_starts(where, chosen.calls))
        said += _part("A thousand", of_many(where))
        text = "\n".join(said).rstrip() + "\n"
        print(text)
        if chosen.record:
            PAGE.write_text(HEAD + "\n" + text)
        return 0
    except Problem as problem:
        print(f"deployments: {problem}", file=sys.stderr)
        return 1
    finally:
        if where is not None:
            where.remove()


if __name__ == "__main__":
    sys.exit(main())
