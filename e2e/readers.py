"""Strangers' readers: what docs/reading.md says of DuckDB, pyarrow, Polars and Spark, line by line, on files that a gateway wrote
with each compression. LOOPGATE_NIGHTLY=1 asks for all of them; without it Polars and Spark are left out. See `run`.
"""

import asyncio
import base64
import http.client
import json
import os
import pathlib
import pty
import shutil
import subprocess

from common import ROOT, Gateway, check, for_loopgate, python_with, verify

HERE = pathlib.Path(__file__).resolve().parent
DUCKDB, PYARROW = "duckdb==2.0.0", "pyarrow==26.0.1"
NIGHTLY = {"polars": "polars==2.1.0", "spark": "pyspark==4.3.0"}
IS_NIGHTLY = os.environ.get("LOOPGATE_NIGHTLY") == "1"
JAVA_OF_SPARK = 17  # or newer
SECONDS = 300  # of one reader, at most

# Bodies and payloads that have been read wrongly by somebody.
BODIES = [
    b'{"columns": ["alcohol"], "data": [[9007199254740993, 12.8]]}',
    "\u00fcn\u00efcode \U0001f377\nsecond line\r\n\ttab \"quoted\" \\ back \u2028 \u0000 end".encode(),
    bytes(range(256)) * 3,
    b"",
    b"2026-11-24",
    b"6fa1f636-8694-739b-aea5-966c26f8ad91",
]
TRUTHS = [
    "9007199254740993",
    "123456789012345678901234567890",
    '{"nested": {"deep": [1, "two", null, {"three": 3.0}]}}',
    json.dumps("\u00fcn\u00efcode \U0001f377\nsecond line \"quoted\""),
    "[]",
    "4.0",
]


async def echo(reader, writer):
    """A model that says what it was told."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)
            body = await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def post(port, path, body, headers):
    call = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    call.request("POST", path, body, headers)
    answer = call.getresponse()
    answer.read()
    call.close()
    check(answer.status == 200, f"POST {path}: {answer.status}")


def use(port, word, bodies, truths):
    """Predictions and feedback; remembers what was sent by Request-Id."""
    for number, (body, truth) in enumerate(zip(BODIES, TRUTHS)):
        name = f"{word}-{number}"
        post(port, "/model/m/x", body, {"Request-Id": name})
        about = {"Request-Id": name, "Model-Name": "m", "Model-Version": "1", "Content-Type": "application/json"}
        post(port, "/api/v1/feedback/", truth.encode(), about)
        bodies[name], truths[name] = body, truth


def page(python, tool, root, environment=None):
    """What the page's lines for a tool found."""
    command = [python, str(HERE / "page_reader.py"), tool, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=os.environ | (environment or {}))
    check(done.returncode == 0, f"{tool}: exit={done.returncode}: {done.stdout[-1000:]}{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def same(tool, what, found, wanted):
    check(found == wanted, f"{tool}: {what}: found {found!r:.1500}, wanted {wanted!r:.1500}")


def contents(bodies):
    """As records hold them: text, or base64."""
    held = {}
    for name, body in bodies.items():
        try:
            held[name] = [body.decode(), None]
        except UnicodeDecodeError:
            held[name] = [base64.b64encode(body).decode(), "base64"]
    return held


def by_duckdb(python, files, bodies, truths):
    counted, joined, binary = page(python, "duckdb", files)
    same("duckdb", "predictions", counted, [["m", "1", "200", len(bodies)]])
    texts = {name: text for name, (text, _) in contents(bodies).items()}
    same("duckdb", "bodies asked", {row[0]: row[1] for row in joined}, texts)
    same("duckdb", "bodies answered", {row[0]: row[2] for row in joined}, texts)
    for name, _, _, payload, truth in joined:
        sent = truths[name]
        same("duckdb", f"payload of {name}", json.loads(payload)["json"], json.loads(sent))
        if sent[0] not in '"[{':
            same("duckdb", f"truth of {name}", truth, sent)  # to the last digit
    raw = {name: base64.b64encode(body).decode() for name, body in bodies.items() if contents({name: body})[name][1]}
    same("duckdb", "binary bodies", {name: text for name, text in binary}, raw)


def by_pyarrow(python, files, plain, bodies):
    of_dataset, _ = page(python, "pyarrow", plain, {"ONLY": "0"})
    same("pyarrow", "plain and gzip", sorted(of_dataset), sorted(name for name in bodies if not name.startswith("zstd")))
    _, of_files = page(python, "pyarrow", files, {"ONLY": "1"})
    same("pyarrow", "all endings", of_files, contents(bodies))


def by_polars(files, bodies):
    found = page(python_with("polars", NIGHTLY["polars"]), "polars", files)
    same("polars", "ids", sorted(found[0]), sorted(bodies))


def by_spark(files, bodies):
    java = shutil.which("java")
    check(java, f"missing part: java (a JDK {JAVA_OF_SPARK} or newer on the PATH, for Spark)")
    of_model, of_all = page(python_with("spark", NIGHTLY["spark"]), "spark", files)
    same("spark", "ids", sorted(of_model), sorted(bodies))
    same("spark", "all models", of_all, contents(bodies))


def as_programs_and_people(data):
    """`verify --json` through a pipe says nothing beside its document; on a terminal it shows how far it is."""
    command = [str(ROOT / "loopgate"), "verify", "--deep", str(data)]
    done = subprocess.run([*command, "--json"], env=for_loopgate(None), capture_output=True, text=True, timeout=SECONDS)
    check(done.returncode == 0 and not done.stderr, f"verify --json: exit={done.returncode}: {done.stderr}{done.stdout}")
    document = json.loads(done.stdout)
    same("verify", "verdict and findings", (document["verdict"], document["findings"]), ("balanced", []))
    shown, code = on_terminal(command)
    check(code == 0 and "files read: " in shown and "balanced: " in shown, f"verify on a terminal: exit={code}: {shown!r}")


def on_terminal(command):
    """What a command writes to a terminal of its own, and its exit code."""
    end, terminal = pty.openpty()
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=for_loopgate(None), start_new_session=True)
    os.close(terminal)
    shown = b""
    try:
        while piece := os.read(end, 4096):
            shown += piece
    except OSError:
        pass  # Linux says so when the last one has left the terminal
    os.close(end)
    return shown.decode(), process.wait(SECONDS)


async def readers(scratch):
    """Writes with each compression in turn, into one root; then counts."""
    model = await asyncio.start_server(echo, "127.0.0.1", 0)
    data, bodies, truths = scratch / "data", {}, {}
    for compression in ("none", "gzip", "zstd"):
        port = model.sockets[0].getsockname()[1]
        gateway = Gateway(data, port, scratch / "gateway.log", ["--files.compression", compression])
        try:
            await asyncio.to_thread(use, gateway.port, compression, bodies, truths)
            await asyncio.to_thread(gateway.stop)
        except BaseException:
            gateway.kill()
            raise
    model.close()
    verify(data, allowed=(0,))
    as_programs_and_people(data)
    files, plain = data / "files", scratch / "plain"
    ends = {path.name.split(".", 1)[1] for path in files.glob("[rf]*/**/*.json*")}
    same("files", "endings", ends, {"json", "json.gz", "json.zst"})
    shutil.copytree(files, plain, ignore=shutil.ignore_patterns("*.zst", ".staging"))
    python = python_with("readers", DUCKDB, PYARROW)
    by_duckdb(python, files, bodies, truths)
    by_pyarrow(python, files, plain, bodies)
    if IS_NIGHTLY:
        by_polars(files, bodies)
        by_spark(files, bodies)
    else:
        print("e2e: readers: Polars and Spark are read with LOOPGATE_NIGHTLY=1", flush=True)
