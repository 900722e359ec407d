"""The original's own client, unchanged, against `loopgate up`: its verbs, what it waits for, what it tells people. See `run`."""

import asyncio
import json
import os
import pathlib
import urllib.error
import urllib.request

import odahuflowctl_tokens
from common import ROOT, Failed, Gateway, all_found, check, python_with, until, verify, wine_image

CLIENT = "odahu-flow-cli==1.6.1"
CALL_SECONDS = 150  # a call that waits for a deployment, on a busy machine
COLUMNS = "fixed acidity,volatile acidity,citric acid,residual sugar,chlorides,free sulfur dioxide,total sulfur dioxide"
COLUMNS += ",density,pH,sulphates,alcohol"
WINE = json.dumps({"columns": COLUMNS.split(","), "data": [[7, 0.27, 0.36, 20.7, 0.045, 45, 170, 1.001, 3, 0.45, 8.8]]})
QUALITY = "[5.56"
DEPLOYMENTS, ROUTES, CONNECTIONS = "/api/v1/model/deployment", "/api/v1/model/route", "/api/v1/connection"
HINT = "For more information rerun command with --verbose flag"


def api_of(gateway):
    """Where the API is."""
    return f"http://127.0.0.1:{gateway.port}"


class Client:
    """odahuflowctl with a home and a configuration of its own."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.python = python_with("odahuflowctl", CLIENT)
        self.program = pathlib.Path(self.python).parent / "odahuflowctl"
        check(self.program.exists(), "missing part: odahuflowctl")
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder)}
        self.environment["ODAHUFLOW_CONFIG"] = str(folder / "config")
        self.calls = 0

    async def call(self, command):
        """Its exit code and what it printed."""
        self.calls += 1
        running = await asyncio.create_subprocess_exec(
            *command,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            out, _ = await asyncio.wait_for(running.communicate(), CALL_SECONDS)
        except asyncio.TimeoutError as error:
            raise Failed(f"{command}: still there after {CALL_SECONDS} s") from error
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        return running.returncode, out.decode()

    async def says(self, text, *arguments, code=0):
        """Calls it; it must end with this code and print this among others. All that it printed."""
        ended, out = await self.call([str(self.program), *arguments])
        asked = f"odahuflowctl {' '.join(arguments)}"
        check(ended == code, f"{asked}: exit {ended}, not {code}: {out}")
        check(text in out, f"{asked}: does not say {text!r}: {out}")
        return out

    async def refused(self, message, *arguments):
        """As `says`, of a call that fails, with the line that each failure ends with."""
        out = await self.says(message, *arguments, code=1)
        check("Error: " in out and HINT in out, f"{' '.join(arguments)}: {out}")
        return out

    async def found(self, *arguments):
        """What it prints as JSON."""
        out = await self.says("", *arguments, "-o", "json")
        return json.loads(out)

    def file(self, name, *items):
        """A file of manifests."""
        path = self.folder / name
        path.write_text(json.dumps(items[0] if len(items) == 1 else items))
        return str(path)


def ask(url, method="GET", body=None, token=None):
    """Status and JSON, or text, as no client of ours or theirs reads it."""
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    if body is not None:
        request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    return status, json.loads(text) if text.startswith(("{", "[")) else text


def deployment(name, image, **spec):
    return {"kind": "ModelDeployment", "id": name, "spec": {"image": image, "predictor": "odahu-ml-server", **spec}}


def route(name, prefix, *targets, **spec):
    to = [{"mdName": target, "weight": weight} for target, weight in targets]
    return {"kind": "ModelRoute", "id": name, "spec": {"urlPrefix": prefix, "modelDeployments": to, **spec}}


def connection(name, kind="docker", **spec):
    return {"kind": "Connection", "id": name, "spec": {"type": kind, "uri": "registry.test/merlot", **spec}}


async def first_deployment(client, api, image):
    """From nothing to a model that answers (D-1, C-1, C-9)."""
    await client.says("id: wine", "deployment", "get")  # what `up` begins with
    await client.says("Model deployment wine was deleted", "deployment", "delete", "--id", "wine")
    await client.says("[]", "deployment", "get")
    await client.says("Empty!", "dep", "get", "-o", "table")
    await client.refused('entity "merlot" is not found (status: 404)', "dep", "get", "--id", "merlot")
    await client.refused('entity "merlot" is not found (status: 404)', "dep", "delete", "--id", "merlot")
    await client.says("ModelDeployment merlot was not found. Ignore", "dep", "delete", "--id", "merlot", "--ignore-not-found")
    # In YAML, with no more than must be said.
    manifest = client.folder / "merlot.yaml"
    manifest.write_text(f"kind: ModelDeployment\nid: merlot\nspec:\n  image: {json.dumps(image)}\n  predictor: odahu-ml-server\n")
    await client.refused("entity \"merlot\" is not found (status: 404)", "dep", "edit", "-f", str(manifest))
    await client.says("Model merlot was deployed. Deployment process took", "dep", "create", "-f", str(manifest))
    status, one = ask(f"{api}{DEPLOYMENTS}/merlot")
    check(status == 200 and one["createdAt"] == one["updatedAt"], f"created: {one}")
    defaults = {
        "minReplicas": 0,
        "maxReplicas": 1,
        "livenessProbeInitialDelay": 2,
        "readinessProbeInitialDelay": 2,
        "roleName": "role-merlot",
        "resources": {"requests": {"cpu": "125m", "memory": "128Mi"}, "limits": {"cpu": "250m", "memory": "256Mi"}},
    }
    check(defaults.items() <= one["spec"].items(), f"defaults: {one['spec']}")
    named = {"state": "Ready", "modelName": "wine-quality", "modelVersion": "1.0"}
    check(named.items() <= one["status"].items(), f"status: {one['status']}")
    await client.refused('entity "merlot" already exists (status: 409)', "dep", "create", "-f", str(manifest))
    await client.says("Deployment already exists", "dep", "create", "-f", str(manifest), "--ignore-if-exists")


async def formats(client):
    """One list in each format, for all and for one (C-10)."""
    for arguments in (("get",), ("get", "--id", "merlot")):
        (one,) = [each for each in await client.found("dep", *arguments) if each["id"] == "merlot"]
        check(one["kind"] == "ModelDeployment" and one["status"]["state"] == "Ready", f"json: {one}")
    out = await client.says("state: Ready", "dep", "get", "--id", "merlot")
    check(out.startswith("- created_at:") or out.startswith("- "), f"yaml: {out}")
    out = await client.says("+==", "dep", "get", "--id", "merlot", "-o", "table")  # cells are broken into pieces
    check("merl" in out and "..." in out, f"table: {out}")
    check(await client.says("", "dep", "get", "--id", "merlot", "-o", "jsonpath=[*].status.state") == "Ready\n", "jsonpath")
    out = await client.says("invalid choice: xml. (choose from json, table, yaml, jsonpath)", "dep", "get", "-o", "xml", code=2)
    check("Error:" in out, out)


async def invoking(client, api):
    """By deployment, by route, by prefix (I-2, I-4, I-5, D-5)."""
    where = ("--base-url", api)
    for address in (("--md", "merlot"), ("--url-prefix", "/model/merlot")):
        await client.says("'title': 'wine-quality'", "model", "info", *address, *where)
        await client.says(QUALITY, "model", "invoke", *address, *where, "--json", WINE)
    (client.folder / "request.json").write_text(WINE)
    await client.says(QUALITY, "model", "invoke", "--md", "merlot", "--file", str(client.folder / "request.json"))
    _, own = ask(f"{api}{DEPLOYMENTS}/merlot/default-route")
    await client.says(QUALITY, "model", "invoke", "--mr", own["id"], "--json", WINE)
    await client.refused("Base url is required", "model", "invoke", "--md", "merlot", "--base-url", "", "--json", WINE)
    await client.refused('entity "none" is not found (status: 404)', "model", "invoke", "--md", "none", "--json", WINE)
    away = f'Wrong status code returned: 404. Data: "". URL: "{api}/model/none/api/model/invoke"'
    await client.refused(away, "model", "invoke", "--url-prefix", "/model/none", *where, "--json", WINE)
    await client.refused("Wrong status code returned: 500", "model", "invoke", "--md", "merlot", "--json", '{"data": "none"}')


async def what_is_invalid(client, api):
    """What a person reads of a manifest that is not valid (C-6, D-N, D-N1, D-N2)."""
    before = "Got error from server: Validation of model deployment is failed: "
    cases = {
        "fewer": (
            deployment("fewer", "file:x.jar", minReplicas=2, maxReplicas=1),
            "maximum number of replicas parameter must not be less than minimum number of replicas parameter",
        ),
        "negative": (
            deployment(
                "negative", "file:x.jar", minReplicas=-1, maxReplicas=-2, livenessProbeInitialDelay=-1, readinessProbeInitialDelay=-1
            ),
            "livenessProbeInitialDelay must be non-negative integer; readinessProbeInitialDelay must be non-negative integer; "
            "maximum number of replicas parameter must not be less than minimum number of replicas parameter; "
            "maximum number of replicas parameter must not be less than 1; "
            "minimum number of replicas parameter must not be less than 0",
        ),
        "nothing": (
            {"kind": "ModelDeployment", "id": "", "spec": {"image": "", "minReplicas": 5, "maxReplicas": 3}},
            "maximum number of replicas parameter must not be less than minimum number of replicas parameter; "
            'ID is not valid; empty "ID"; empty image parameter; empty predictor parameter',
        ),
        "too-long": (deployment("a" * 64, "file:x.jar"), "model deployment ID should not exceed 63 symbols"),
        "predictor": (
            {"kind": "ModelDeployment", "id": "p", "spec": {"image": "file:x.jar", "predictor": "other"}},
            "unknown predictor other",
        ),
        "quantities": (
            deployment("q", "file:x.jar", resources={"requests": {"cpu": "2"}, "limits": {"cpu": 1}}),
            'resources.requests: Invalid value: "2": must be less than or equal to cpu limit',
        ),
    }
    for name, (manifest, message) in cases.items():
        await client.refused(f"{before}{message} (status: 400)", "dep", "create", "-f", client.file(f"{name}.json", manifest))
    manifest = client.file("nothing.json", cases["nothing"][0])
    await client.refused(f"{before}{cases['nothing'][1]} (status: 400)", "dep", "edit", "-f", manifest)
    longest = "b" * 63  # D-2
    await client.says(longest, "dep", "create", "-f", client.file("longest.json", deployment(longest, "file:none.jar")), "--no-wait")
    await client.says("was deleted", "dep", "delete", "--id", longest)
    status, _ = ask(f"{api}{DEPLOYMENTS}/{longest}")
    check(status == 404, f"after a delete that waited: status {status}")


async def failing(client, image):
    """A model that can't start is told as failed, and is repaired; what `--image` overrides."""
    manifest = client.file("bad.json", deployment("bad", image))
    await client.refused("Model deployment bad was failed", "dep", "create", "-f", manifest, "--image", "exec:/bin/false")
    (one,) = await client.found("dep", "get", "--id", "bad")
    check(one["spec"]["image"] == "exec:/bin/false" and one["status"]["state"] == "Failed", f"failed: {one}")
    await client.says("Model bad was deployed", "dep", "edit", "-f", manifest)
    out = await client.says("Model deployment bad was deleted", "dep", "delete", "-f", manifest, "--timeout", "60")
    check("Error" not in out, out)
    # One that never becomes ready is still being brought up, not failed; and it can be deleted meanwhile.
    slow = client.file("slow.json", deployment("slow", "exec:/bin/sleep 600", minReplicas=1))
    await client.refused("Time out: operation has not been confirmed", "dep", "create", "-f", slow, "--timeout", "1")
    await client.says("Model deployment slow was deleted", "dep", "delete", "--id", "slow")


async def editing(client, api, image):
    """Everything anew, and two replicas at least (D-3, C-8)."""
    _, before = ask(f"{api}{DEPLOYMENTS}/merlot")
    _, own = ask(f"{api}{DEPLOYMENTS}/merlot/default-route")
    resources = {"requests": {"cpu": "222m", "memory": "222Mi"}, "limits": {"cpu": 1, "memory": "333Mi"}}
    manifest = client.file("edited.json", deployment("merlot", image, resources=resources, minReplicas=2, maxReplicas=2, roleName="tasters"))
    await client.says("Model merlot was deployed", "dep", "edit", "-f", manifest)
    _, after = ask(f"{api}{DEPLOYMENTS}/merlot")
    check(after["createdAt"] == before["createdAt"] and after["updatedAt"] > before["updatedAt"], f"edited: {after}")
    resources["limits"]["cpu"] = "1"
    check(after["spec"]["resources"] == resources and after["spec"]["roleName"] == "tasters", f"edited: {after['spec']}")
    check((after["status"]["replicas"], after["status"]["availableReplicas"]) == (2, 2), f"edited: {after['status']}")
    _, still = ask(f"{api}{DEPLOYMENTS}/merlot/default-route")
    check(still["id"] == own["id"], f"default route: {own['id']}, then {still['id']}")
    await client.says(QUALITY, "model", "invoke", "--md", "merlot", "--json", WINE)


async def routes(client, api):
    """Routes of one's own, and what must not be done to those that are not (R-1, R-U)."""
    pair = route("pair", "/custom/pair", ("merlot", 50), ("second", 50))
    manifest = client.file("pair.json", pair)
    await client.refused('entity "pair" is not found (status: 404)', "route", "get", "--id", "pair")
    await client.refused('entity "pair" is not found (status: 404)', "route", "edit", "-f", manifest)
    await client.says("Model Route pair is ready", "route", "create", "-f", manifest)
    await client.refused('entity "pair" already exists (status: 409)', "route", "create", "-f", manifest)
    (one,) = await client.found("route", "get", "--mr-id", "pair")
    check(one["kind"] == "ModelRoute" and one["status"]["edgeUrl"] == f"{api}/custom/pair", f"route: {one}")
    await client.says("+==", "route", "get", "-o", "table")
    await client.says("Ready", "route", "get", "--id", "pair", "-o", "jsonpath=[*].status.state")
    for address in (("--mr", "pair"), ("--url-prefix", "/custom/pair")):
        await client.says(QUALITY, "model", "invoke", *address, "--base-url", api, "--json", WINE)
    single = client.file("single.json", route("pair", "/custom/pair", ("merlot", None), mirror="second"))
    await client.says("Model Route pair is ready", "route", "edit", "-f", single)
    _, edited = ask(f"{api}{ROUTES}/pair")
    check(edited["spec"]["modelDeployments"] == [{"mdName": "merlot", "weight": 100}], f"edited: {edited}")
    before = "Validation of model route is failed: "
    cases = {
        f"{before}empty URL Prefix": route("bad", "", ("merlot", 100)),
        f"{before}the URL prefix must start with slash": route("bad", "custom/x", ("merlot", 100)),
        f"{before}custom URL prefix must start with /custom": route("bad", "/other", ("merlot", 100)),
        "the URL prefix /custom/pair is used by route pair": route("bad", "/custom/pair", ("merlot", 100)),
        "model deployment targets must contain at least one element": route("bad", "/custom/bad"),
        "it must have 100 weight or nil value if there is only one target": route("bad", "/custom/bad", ("merlot", 50)),
        "weights must be present if there are more than one model deployment targets": route(
            "bad", "/custom/bad", ("merlot", None), ("second", 50)
        ),
        "total target weight does not equal 100": route("bad", "/custom/bad", ("merlot", 50), ("second", 51)),
        'entity "none" is not found': route("bad", "/custom/bad", ("none", 100)),
    }
    for message, bad in cases.items():
        out = await client.refused(message, "route", "create", "-f", client.file("bad-route.json", bad))
        check("(status: 400)" in out, out)
    _, own = ask(f"{api}{DEPLOYMENTS}/merlot/default-route")
    forbidden = f'access forbidden: unable to %s default route with ID "{own["id"]}" (status: 403)'
    changed = client.file("own.json", route(own["id"], "/custom/own", ("merlot", 100)))
    await client.refused(forbidden % "update", "route", "edit", "-f", changed)
    await client.refused(forbidden % "delete", "route", "delete", "--id", own["id"])
    await client.says("Model route pair was deleted", "route", "delete", "--id", "pair")
    await client.refused('entity "pair" is not found (status: 404)', "route", "delete", "--id", "pair")
    await client.says("ModelRoute pair was not found. Ignore", "route", "delete", "--id", "pair", "--ignore-not-found")
    await client.refused("You should provide an ID or file parameter, not both.", "route", "delete", "--id", "pair", "-f", manifest)


async def connections(client, api):
    """Secrets are masked, and a mask that comes back changes nothing."""
    password = "czNjcmV0"
    docker = connection("hub", username="ada", password=password)
    manifest = client.file("hub.json", docker)
    await client.says("id: hub", "conn", "create", "-f", manifest)
    await client.refused('entity "hub" already exists (status: 409)', "conn", "create", "-f", manifest)
    (one,) = await client.found("conn", "get", "--id", "hub")
    check(one["spec"]["password"] == "*****", f"not masked: {one}")
    (one,) = await client.found("conn", "get", "--id", "hub", "--decrypted")
    check(one["spec"]["password"] == password, f"decrypted: {one}")
    masked = client.file("masked.json", connection("hub", username="grace", password="*****"))
    await client.says("username: grace", "conn", "edit", "-f", masked)
    (one,) = await client.found("conn", "get", "--conn-id", "hub", "-d")
    check((one["spec"]["username"], one["spec"]["password"]) == ("grace", password), f"after a mask: {one}")
    await client.says("+==", "conn", "get", "-o", "table")
    before = "Validation of connection is failed: "
    cases = {
        "docker type requires the password parameter": connection("bad", username="ada"),
        "password must be base64-encoded, error: ": connection("bad", username="ada", password="no base64"),
        "s3 type requires that region must be non-empty": connection("bad", "s3", keyID=password, keySecret=password),
        "unknown type: ftp. Supported types: [s3 gcs azureblob git docker ecr]": connection("bad", "ftp"),
    }
    for message, bad in cases.items():
        out = await client.refused(message, "conn", "create", "-f", client.file("bad.json", bad))
        check(before in out and "(status: 400)" in out, out)
    vital = client.file("vital.json", connection("vital", username="ada", password=password, vital=True))
    await client.says("id: vital", "conn", "create", "-f", vital)
    await client.refused("vital connection is vital, it cannot be deleted (status: 400)", "conn", "delete", "--id", "vital")
    await client.says("Connection hub was deleted", "conn", "delete", "-f", manifest)
    await client.refused('entity "hub" is not found (status: 404)', "conn", "get", "--id", "hub")
    await client.says("Connection hub was not found. Ignore", "conn", "delete", "--id", "hub", "--ignore-not-found")


async def bulk(client, api, image):
    """Many at once, in their order, with another HTTP client of theirs (C-13)."""
    hub = connection("bulk-hub", username="ada", password="czNjcmV0")
    model, way = deployment("bulk", image, imagePullConnID="bulk-hub"), route("bulk-route", "/custom/bulk", ("bulk", 100))
    good = client.file("good.json", hub, model, way)
    what = "3 (Connection bulk-hub, ModelDeployment bulk, ModelRoute bulk-route)"
    await client.says(f"Operation completed, created resources: {what}\n", "bulk", "apply", good)
    await client.says(f"Operation completed, changed resources: {what}\n", "bulk", "apply", good)
    wrong = client.file("wrong.json", route("early", "/custom/early", ("later", 100)), deployment("later", image))
    out = await client.says("Some errors detected:", "bulk", "apply", wrong, code=1)
    check("created resources: 1 (ModelDeployment later)" in out and 'entity "later" is not found' in out, out)
    await client.says("removed resources: 1 (ModelDeployment later)", "bulk", "delete", wrong)
    await client.refused("Unknown kind of object: 'Pod'", "bulk", "apply", client.file("pod.json", {"kind": "Pod", "id": "x"}))
    await client.refused("Resource file 'none.yaml' not found", "bulk", "apply", "none.yaml")
    await client.says(f"Operation completed, removed resources: {what}\n", "bulk", "delete", good)

    async def is_gone():
        return ask(f"{api}{DEPLOYMENTS}/bulk")[0] == 404 and ask(f"{api}{DEPLOYMENTS}/later")[0] == 404

    await until("what was deleted in bulk to be gone", is_gone, 60)
    await client.says("Operation completed\n", "bulk", "delete", good)


async def sdk(client, api):
    """What only the SDK asks for: feedback, the user, the configuration, deployments of a role."""
    _, out = await client.call([client.python, str(ROOT / "e2e" / "client_odahu.py"), api])
    check(out.startswith("{"), f"SDK: {out}")
    told = json.loads(out)
    kept = {"requestID": "sdk-1", "modelName": "wine-quality", "modelVersion": "1.0", "payload": {"json": {"quality": 6}}}
    check(kept.items() <= told["feedback"].items(), f"feedback: {told['feedback']}")
    check(told["user"] == {"email": "anonymous@email.org", "username": "anonymous"}, f"user: {told['user']}")
    check(told["tasters"] == ["merlot"] and told["nobodys"] == [], f"by role: {told}")
    check(told["configuration"]["deployment"]["enabled"] is True, f"configuration: {told['configuration']}")


async def leaving(client, api):
    """It and its route are gone, and what is asked of them is told so (D-6)."""
    _, own = ask(f"{api}{DEPLOYMENTS}/merlot/default-route")
    await client.says("Model deployment merlot was deleted", "dep", "delete", "--id", "merlot")
    for path in (f"{DEPLOYMENTS}/merlot", f"{DEPLOYMENTS}/merlot/default-route", f"{ROUTES}/{own['id']}"):
        check(ask(api + path)[0] == 404, f"{path} is still there")
    check(ask(f"{api}/model/merlot/api/model/info") == (404, ""), "the model is still served")
    await client.refused("(status: 404)", "model", "info", "--md", "merlot")


async def open_to_all(scratch):
    """All verbs, where no token is asked for."""
    data = scratch / "open"
    data.mkdir()
    gateway = await asyncio.to_thread(Gateway, data / "data", 0, data / "gateway.log", role="up")
    api, image = api_of(gateway), wine_image(gateway)
    clients = []

    async def client(name):
        one = Client(data / name)
        await one.says(f"current: '{api}'", "config", "set", "API_URL", api)
        clients.append(one)
        return one

    first = await client("first")
    await first_deployment(first, api, image)
    await first.says("second", "dep", "create", "-f", first.file("second.json", deployment("second", image)), "--no-wait")

    async def second_line():
        await formats(first)
        await invoking(first, api)
        await routes(first, api)

    async def third_line():
        other = await client("other")
        await connections(other, api)
        await what_is_invalid(other, api)
        await failing(other, image)
        await bulk(other, api, image)

    await asyncio.gather(second_line(), third_line())
    await editing(first, api, image)
    await sdk(first, api)
    await leaving(first, api)
    await asyncio.to_thread(gateway.stop)
    verify(data / "data", {0})
    all_found(data / "data" / "files", "feedback", ["sdk-1"])
    return sum(each.calls for each in clients)


async def odahuflowctl(scratch):
    python_with("odahuflowctl", CLIENT)
    calls = await open_to_all(scratch)
    print(f"odahuflowctl: {calls} calls without tokens", flush=True)
    calls = await odahuflowctl_tokens.with_tokens(scratch)
    print(f"odahuflowctl: {calls} calls with tokens", flush=True)
