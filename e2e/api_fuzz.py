"""What the API's document says is true: schemathesis makes up requests that it allows and requests that it does not, with tokens and
where none is asked for. See `run`.
"""

import asyncio
import copy
import http.client
import json
import os
import pathlib
import re
import subprocess

import envoy_authz
import odahuflowctl as cli
from common import ROOT, Failed, Gateway, check, python_with, sh, until

PACKAGES = ("schemathesis==4.32.5", "openapi-spec-validator==0.9.0")
SEED = int(os.environ.get("LOOPGATE_SEED", "1"))
DOCUMENT = ROOT / "api/src/main/resources/dev/loopgate/api/openapi.json"
NIGHTLY = os.environ.get("LOOPGATE_NIGHTLY") == "1"
EXAMPLES = 400 if NIGHTLY else 60  # of each operation
SECONDS = 900 if NIGHTLY else 110  # of a run, of which there are two
LATE = ("Wait", "Timeout", "Watch", "LastEventId")  # parameters of what answers late
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")
# TRACE is refused before it reaches the API; what the rules demand no schema says; what is deleted is there until it has ended.
NOT = ("unsupported_method", "positive_data_acceptance", "use_after_free")
# Where no token is asked for, a request without one is no bad one.
NOT_WHEN_OPEN = (*NOT, "ignored_auth", "missing_required_header", "negative_data_rejection")


def strict(document):
    """The same document, in which answers have the fields that it names and no others; without what answers late, or never ends."""
    whole = copy.deepcopy(document)
    for path, operations in list(whole["paths"].items()):
        for operation in operations.values():
            parameters = operation.get("parameters", [])
            late = [each for each in parameters if each.get("$ref", "").rpartition("/")[2] in LATE]
            operation["parameters"] = [each for each in parameters if each not in late]
        if all("text/event-stream" in content_of(each, "200") and len(content_of(each, "200")) == 1 for each in operations.values()):
            del whole["paths"][path]
    schemas = whole["components"]["schemas"]
    for name, schema in list(schemas.items()):
        schemas[f"{name}Answer"] = closed(schema)
    for part in [*whole["components"]["responses"].values(), *answers(whole)]:
        refer(part)
    return whole


def content_of(operation, status):
    return operation["responses"].get(status, {}).get("content", {})


def answers(document):
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from operation["responses"].values()


def closed(schema):
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    return refer(made)


def refer(part):
    """To what is closed."""
    if isinstance(part, list):
        for each in part:
            refer(each)
    if isinstance(part, dict):
        reference = part.get("$ref", "")
        if isinstance(reference, str) and re.fullmatch(r"#/components/schemas/(?!\w+Answer$)\w+", reference):
            part["$ref"] = f"{reference}Answer"
        for each in part.values():
            refer(each)
    return part


def fuzz(folder, document, api, excluded, token):
    """One run; how many requests it made."""
    python = python_with("schemathesis", *PACKAGES)
    command = [str(pathlib.Path(python).parent / "schemathesis"), "run", str(document), "--url", api]
    command += ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(EXAMPLES), "--seed", str(SEED)]
    command += ["--workers", "1", "--checks", "all", "--exclude-checks", ",".join(excluded), "--continue-on-failure", "--no-color"]
    command += ["--warnings", "off", "--request-timeout", "20"]
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    environment |= {"SCHEMATHESIS_HOOKS": "api_hooks", "PYTHONPATH": str(ROOT / "e2e"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"seed {SEED}: still there after {SECONDS} s") from error
    said = done.stdout + done.stderr
    check(done.returncode == 0, f"seed {SEED}: exit {done.returncode}: {said[:6000]}\n...\n{said[-2000:]}")
    counted = re.search(r"(\d+) generated, (\d+) passed", said)
    check(counted and counted[1] == counted[2], f"seed {SEED}: {said[-2000:]}")
    return int(counted[1])


def refuse_other_methods(document, port):
    """405 for each method that a path does not have, and the answer says which it has; how many were asked."""
    asked = 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for path, operations in document["paths"].items():
        has = sorted(method.upper() for method in operations)
        for method in sorted(set(METHODS) - set(has)):
            connection.request(method, path.replace("{id}", "one"))
            answer = connection.getresponse()
            answer.read()
            allowed = sorted(answer.getheader("allow", "").split(", "))
            check((answer.status, allowed) == (405, has), f"{method} {path}: {answer.status}, allow {allowed}; documented {has}")
            asked += 1
    connection.close()
    return asked


def declared(api, token):
    """All that is declared now, without what is observed."""
    kept = {}
    for path in (cli.DEPLOYMENTS, cli.ROUTES, cli.CONNECTIONS):
        status, found = cli.ask(f"{api}{path}", token=token)
        check(status == 200, f"{path}: status {status}: {found}")
        kept[path] = [{name: value for name, value in each.items() if name != "status"} for each in found]
    return kept


async def settled(api, token):
    async def nothing_goes():
        return not any(each.get("deletionMark") for each in declared(api, token)[cli.DEPLOYMENTS])

    await until("what was deleted to be gone", nothing_goes, 60)
    return declared(api, token)


async def run(folder, word, document, options=(), token=None, excluded=NOT):
    folder.mkdir()
    started = await asyncio.to_thread(Gateway, folder / "data", 0, folder / "gateway.log", options, role="up")
    api = cli.api_of(started)
    count = await asyncio.to_thread(fuzz, folder, document, api, excluded, token)
    if not token:
        methods = await asyncio.to_thread(refuse_other_methods, json.loads(DOCUMENT.read_text()), started.port)
        print(f"schemathesis: {word}: {methods} other methods refused", flush=True)
    before = await settled(api, token)
    await asyncio.to_thread(started.stop)
    errors = [line for line in (folder / "gateway.log").read_text().splitlines() if " ERROR " in line]
    check(not errors, f"{word}: logged: {errors[:3]}")
    # Whatever was taken can be read again.
    again = await asyncio.to_thread(Gateway, folder / "data", 0, folder / "gateway.log", options, role="up")
    after = declared(cli.api_of(again), token)
    check(after == before, f"{word}: declared before a restart {before}, after it {after}")
    await asyncio.to_thread(again.stop)
    kept = sum(len(each) for each in before.values())
    print(f"schemathesis: {word}: seed {SEED}: {count} requests; {kept} things declared outlived a restart", flush=True)


async def schemathesis(scratch):
    sh(python_with("schemathesis", *PACKAGES), "-m", "openapi_spec_validator", str(DOCUMENT))
    document = scratch / "openapi.json"
    document.write_text(json.dumps(strict(json.loads(DOCUMENT.read_text()))))
    issuer = envoy_authz.Issuer(scratch)
    await run(scratch / "open", "without tokens", document, excluded=NOT_WHEN_OPEN)
    options = ["--auth.jwks", str(issuer.jwks)]
    await run(scratch / "tokens", "with tokens", document, options, issuer.token(["odahu_admin"]))
