"""The manifests for Istio and Envoy Gateway: each is one that the real definitions of its kinds take, of every version that is named; each
configuration of Envoy in them is one that real Envoys take, and what passes through it is recorded; and what docs/envoy.md shows is
what stands in them. With LOOPGATE_NIGHTLY=1 also what istioctl finds, what Istio's pilot makes of them, and Envoy Gateway's translator:
programs that take minutes to build. See `run`.
"""

import asyncio
import copy
import json
import os
import re
import shutil
import subprocess
import time

import clients
import envoy
import envoy_authz
import envoy_config
import envoy_server
import http2
import load
import manifests_gateway
import manifests_istio
import manifests_schemas
from common import ROOT, Failed, check, for_loopgate, until
from manifests_schemas import FOLDER

ALL_ENVOYS = ("1.36.4", "1.37.0", "1.38.3", "1.39.1", "1.39.3", "1.40.0")
CASES = {"get", "head", "status-204", "chunks", "echo-16384", "echo-1048577", "h2-h2-echo-16384", "grpc-unary", "h2-h2-trailers",
         "secrets", "id-none", "id-twice", "id-mixed-case", "packed-gzip"}  # fmt: skip
# Envoy Gateway has no setting that shows trailers, and none that leaves the first of two Request-Ids alone at the model.
OF_ENVOY_GATEWAY = CASES - {"grpc-unary", "h2-h2-trailers", "id-twice"}
LOGGED = 20
OBSERVED = {"observer": "observer", "synchronous": "sync"}  # folders and ways


async def manifests(scratch):
    """All of it."""
    nightly = os.environ.get("LOOPGATE_NIGHTLY") == "1"
    await asyncio.to_thread(http2.library)
    await asyncio.to_thread(manifests_schemas.library)
    for step in (schemas, settings, drift):
        begin = time.monotonic()
        print(f"manifests: {await asyncio.to_thread(step, scratch)}, {time.monotonic() - begin:.0f} s", flush=True)
    versions = ALL_ENVOYS if nightly else envoy.VERSIONS
    begin = time.monotonic()
    print(f"manifests: {await asyncio.to_thread(validated, scratch, versions)}, {time.monotonic() - begin:.0f} s", flush=True)
    await calls(scratch, versions, nightly)
    if nightly:
        await asyncio.to_thread(istioctl, scratch)
        await pilot(scratch)
        await gateway(scratch)


# --- schemas ---


def kinds(word):
    """What must take the documents of a folder: by version, where its kinds are defined."""
    more = list(manifests_schemas.GATEWAY_API.values())
    of = manifests_schemas.ISTIO if word.startswith("istio") else manifests_schemas.ENVOY_GATEWAY
    return {version: [source, *more] for version, source in of.items()}


def schemas(_):
    """Every document on every version; and each of them, broken, is found."""
    count = broken = 0
    folders = {word: manifests_schemas.built(folder) for word, folder in manifests_schemas.kustomizations().items()}
    folders["istio/injection.yaml"] = [manifests_istio.template()]
    for word, documents in folders.items():
        check(documents, f"{word}: nothing")
        for version, sources in kinds(word).items():
            for kubernetes in manifests_schemas.KUBERNETES:
                for document in documents:
                    count += 1
                    found = manifests_schemas.complaints(document, sources, kubernetes)
                    check(not found, f"{word} on {version}, Kubernetes {kubernetes}: {found[:5]}")
        sources = list(kinds(word).values())[-1]
        for document in documents:
            for what, wrong in faults(document):
                broken += 1
                found = manifests_schemas.complaints(wrong, sources, manifests_schemas.KUBERNETES[-1])
                check(found, f"{word}: {document['kind']} {document['metadata']['name']}: not found: {what}")
    return f"{count} times a document was good on some version, {broken} faults found"


def faults(document):
    """The document with one thing wrong: each field's name misspelt but in what takes any name, or a word that none of the allowed is."""
    for path in paths(document):
        *front, last = path
        wrong = copy.deepcopy(document)
        at = wrong
        for step in front:
            at = at[step]
        if isinstance(last, str) and not is_free(path):
            at[last + "x"] = at.pop(last)
            yield f"misspelt {'.'.join(map(str, path))}", wrong
    for path in WORDS:
        wrong = copy.deepcopy(document)
        if set_at(wrong, path.split("."), "NONSENSE"):
            yield f"nonsense in {path}", wrong


# Where not every word will do.
WORDS = (
    "spec.configPatches.0.applyTo",
    "spec.configPatches.0.match.context",
    "spec.configPatches.0.patch.operation",
    "spec.action",
    "spec.mtls.mode",
    "spec.accessLogging.0.match.mode",
    "spec.bootstrap.type",
    "spec.extProc.0.processingMode.request.body",
    "spec.extAuth.statusOnError",
    "spec.template.spec.containers.0.ports.0.containerPort",
)


def set_at(document, path, value):
    """Whether there is such a place."""
    for step in path[:-1]:
        try:
            document = document[int(step) if step.isdigit() else step]
        except (KeyError, IndexError, TypeError):
            return False
    if not isinstance(document, dict) or path[-1] not in document:
        return False
    document[path[-1]] = value
    return True


def paths(value, front=()):
    """Of all fields, outermost first."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield (*front, key)
            yield from paths(each, (*front, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from paths(each, (*front, index))


# Maps whose keys are the writer's own, and values that another check is for.
FREE = {"labels", "annotations", "matchLabels", "data", "selector", "nodeSelector", "requests", "limits"}


def is_free(path):
    inside = {step for step in path[:-1] if isinstance(step, str)}
    # A patch's value is Envoy's: `validated` is for it.
    return bool(inside & (FREE | {"value"})) or path[-1] in ("apiVersion", "kind")


# --- what Loopgate itself reads ---


def settings(scratch):
    """The image's files as its Dockerfile lays them, without Docker; there, `loopgate config` takes the configurations of the ConfigMaps."""
    import yaml

    home = image(scratch / "image")
    both = [yaml.safe_load((FOLDER / each / "loopgate.yaml").read_text()) for each in ("gateway", "envoy-gateway/gateway")]
    check(all(each.pop("envoy")["listen"] for each in both) and both[0] == both[1], f"loopgate.yaml differs in more than `envoy`: {both}")
    checked = 0
    for word in ("istio/gateway", "envoy-gateway/gateway"):
        documents = manifests_schemas.built(FOLDER / word)
        (config,) = [each["data"]["loopgate.yaml"] for each in documents if each["kind"] == "ConfigMap"]
        (served,) = [each for each in documents if each["kind"] == "StatefulSet"]
        (container,) = served["spec"]["template"]["spec"]["containers"]
        path = scratch / "loopgate.yaml"
        for text, good in ((config, True), (config.replace("ring-directory:", "ring-direktory:"), False)):
            path.write_text(text)
            command = [str(home), "config", "--config", str(path)]
            done = subprocess.run(command, env=for_loopgate({}), capture_output=True, text=True)
            check((done.returncode == 0) == good, f"{word}: loopgate config: exit={done.returncode}: {done.stderr}")
            checked += 1
            if good:
                agrees(word, done.stdout, container, served)
    return f"{checked} configurations read"


def image(folder):
    """Its launcher."""
    told = (FOLDER / "image/Dockerfile").read_text()
    copies = re.findall(r"(?m)^COPY (\S+) (\S+)$", told)
    (entry,) = re.findall(r'(?m)^ENTRYPOINT \["(\S+)"\]$', told)
    check(len(copies) == 2 and re.search(r"(?m)^USER \d+:\d+$", told), f"Dockerfile: {told}")
    subprocess.run([str(ROOT / "loopgate"), "help"], capture_output=True)  # builds the jar, if need be
    for source, target in copies:
        check((ROOT / source).exists(), f"Dockerfile: there is no {source}")
        place = folder / target.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, place)
    (user,) = re.findall(r"(?m)^USER (\d+):", told)
    check(user == "10001" and all(f"{name}: {user}" in (FOLDER / "gateway/statefulset.yaml").read_text() for name in ("runAsUser", "fsGroup")), "users")
    return folder / entry.removeprefix("/")


def agrees(word, said, container, served):
    """The pod with its configuration: ports, places, times."""
    ports = {each["containerPort"] for each in container["ports"]}
    mounts = [each["mountPath"] for each in container["volumeMounts"]]
    value = dict(re.findall(r"(?m)^(\S+) = (\S+)", said))
    for setting in ("listen", "admin", "envoy.listen"):
        check(int(value[setting].rsplit(":", 1)[1]) in ports, f"{word}: {setting}={value[setting]}: no such port: {ports}")
    for setting in ("data", "spool.ring-directory"):
        check(value[setting] in mounts, f"{word}: {setting}={value[setting]}: no such volume: {mounts}")
    grace = int(value["grace"].removesuffix("s"))
    check(served["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > grace, f"{word}: grace={grace}")


# --- docs/envoy.md and the manifests ---


def drift(_):
    """What the page shows is what stands in the manifests, but for names of clusters."""
    import yaml

    blocks = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/envoy.md").read_text(), re.S)]
    lists = [block for block in blocks if isinstance(block, list)]
    filters = {each["name"]: each["typed_config"] for block in lists for each in block if "typed_config" in each}
    (cluster,) = [each for block in lists for each in block if "load_assignment" in each]
    (waits,) = [each for each in blocks if "message_timeout" in each]
    (runtime,) = [each["layered_runtime"] for each in blocks if "layered_runtime" in each]
    observer = filters["loopgate.capture"]
    synchronous = {key: value for key, value in observer.items() if key != "observability_mode"} | waits
    before = {key: value for key, value in synchronous.items() if key != "allow_content_length_header"}
    compared = 0

    def same(what, mine, pages):
        nonlocal compared
        compared += 1
        mine, pages = (json.dumps(each, sort_keys=True).replace(manifests_istio.CLUSTER, "loopgate_capture") for each in (mine, pages))
        check(mine == pages, f"{what} is not as docs/envoy.md shows it:\n{mine}\n{pages}")

    for word, istio, capture in (
        ("observer", "1.28.3", observer),
        ("observer", "1.31.4", observer),
        ("ingress", "1.28.3", observer),
        ("ingress", "1.31.4", observer),
        ("synchronous", "1.28.3", before),
        ("synchronous", "1.30.8", before),
        ("synchronous", "1.31.4", synchronous),
    ):
        values = [each["patch"]["value"] for each in manifests_istio.patches(FOLDER / "istio" / word) if manifests_istio.is_for(each, istio)]
        found = {each["name"]: each["typed_config"] for each in values if "name" in each}
        check(list(found) == ["loopgate.id", "loopgate.capture"], f"{word} on {istio}: {list(found)}")
        same(f"{word}: loopgate.id", found["loopgate.id"], filters["loopgate.id"])
        same(f"{word} on {istio}: loopgate.capture", found["loopgate.capture"], capture)
        (options,) = [each["typed_extension_protocol_options"] for each in values if "typed_extension_protocol_options" in each]
        pages = copy.deepcopy(cluster["typed_extension_protocol_options"])
        if word != "synchronous":  # there the guard may be missing
            (http,) = pages.values()
            http["explicit_http_config"]["http2_protocol_options"]["connection_keepalive"] = {"interval": "2s", "timeout": "1s"}
        same(f"{word}: the cluster", options, pages)
    values = {each["name"]: each["typed_config"] for each in (one["patch"]["value"] for one in manifests_istio.patches(FOLDER / "istio/authorization"))}
    same("authorization: loopgate.reply-id", values["loopgate.reply-id"], filters["loopgate.reply-id"])
    pages = copy.deepcopy(filters["envoy.filters.http.ext_authz"])
    whole = manifests_istio.merged(manifests_istio.authorization()["typed_config"], values["envoy.filters.http.ext_authz"])
    pages["grpc_service"]["envoy_grpc"]["cluster_name"] = "loopgate_capture"
    pages["status_on_error"] = {"code": 503}
    same("authorization: ext_authz", whole, pages)
    (layer,) = runtime["layers"]
    same("observed: the guard", manifests_istio.guard(), layer["static_layer"])
    (proxy,) = manifests_schemas.built(FOLDER / "envoy-gateway/proxy")
    guard = {each["path"].rsplit("/", 1)[1]: each["value"] for each in proxy["spec"]["bootstrap"]["jsonPatches"]}
    same("envoy-gateway/proxy: the guard", guard, layer["static_layer"])
    return f"{compared} blocks as docs/envoy.md shows them"


# --- Envoys ---


def validated(scratch, versions):
    """Every EnvoyFilter, in a whole configuration; and each of their values, broken, is found."""
    count = 0
    ports = dict.fromkeys(("h1", "h2", "refused"), 1)
    for word in ("observer", "synchronous", "ingress", "authorization"):
        for version in versions:
            path = scratch / f"{word}.json"
            path.write_text(json.dumps(manifests_istio.bootstrap(word, manifests_istio.of_envoy(version), ports, 1)))
            envoy_server.validate(version, path)
            count += 1
    path = scratch / "broken.json"
    broken = json.dumps(manifests_istio.bootstrap("observer", "1.31.4", ports, 1))
    for good, wrong in (("observability_mode", "observability_modes"), ('"STREAMED"', '"STREAMD"'), ("max_concurrent_streams", "max_streams"),
                        ('"pack_trace_reason"', '"pack_trace"'), ("response_mutations", "response_mutation")):  # fmt: skip
        check(good in broken, f"no {good} to break")
        path.write_text(broken.replace(good, wrong, 1))
        try:
            envoy_server.validate(versions[-1], path)
        except Failed:
            continue
        raise Failed(f"Envoy {versions[-1]} takes {wrong}")
    return f"{count} configurations taken by Envoy {', '.join(versions)}"


async def calls(scratch, versions, nightly):
    """Exchanges through the observer's chain on the oldest Envoy, the synchronous on the newest; nightly both on all."""
    import envoy_ways
    from envoy_model import Model

    plan = [(word, version) for word in OBSERVED for version in versions] if nightly else zip(OBSERVED, (versions[0], versions[-1]))
    async with Model() as model:
        for word, version in plan:
            istio = manifests_istio.of_envoy(version)

            def bootstrap(_, __, ports, capture_port, word=word, istio=istio):
                return manifests_istio.bootstrap(word, istio, ports, capture_port)

            await envoy_ways.go(scratch, model, OBSERVED[word], version, CASES, bootstrap=bootstrap, word=f"istio-{word}-{version}")


# --- programs of Istio and Envoy Gateway ---


def istioctl(scratch):
    """It finds nothing; and it finds what is wrong."""
    documents = []
    for word in manifests_istio.FOLDERS:
        documents += manifests_schemas.built(FOLDER / "istio" / word)
    found = manifests_istio.told_by_istioctl(scratch, documents)
    check(not found, f"istioctl: {found}")
    wrong = json.loads(json.dumps(documents).replace('"observability_mode"', '"observability_modes"'))
    found = manifests_istio.told_by_istioctl(scratch, wrong)
    check(any("observability_modes" in line for line in found), f"istioctl does not find a misspelt field of Envoy's: {found}")
    print(f"manifests: istioctl finds nothing in {len(documents)} documents", flush=True)


async def pilot(scratch):
    """What pilot makes of the EnvoyFilters is what `manifests_istio.applied` says, and what passes through it is recorded."""
    import envoy_ways
    from envoy_model import Model

    made = await asyncio.to_thread(manifests_istio.made_by_pilot, scratch)
    ports = dict.fromkeys(("h1", "h2", "refused"), 1)
    for pod, word in {"observer": "observer", "synchronous-28": "synchronous", "synchronous": "synchronous", "authorization": "authorization",
                      "ingress": "ingress"}.items():  # fmt: skip
        istio = manifests_istio.PODS.get(pod, ("1.31.4",))[0]
        mine = manifests_istio.bootstrap(word, istio, ports, 1)["static_resources"]
        (connections,) = mine["listeners"][0]["filter_chains"][0]["filters"]
        manager, cluster = made[pod]
        for each in connections["typed_config"]["http_filters"]:
            if each["name"].startswith("loopgate."):
                (theirs,) = [one for one in manager["http_filters"] if one["name"] == each["name"]]
                check(theirs == each, f"pilot: {pod}: {json.dumps(theirs)}\nnot {json.dumps(each)}")
        order = [name for name in manifests_istio.names(manager) if "loopgate" in name or name.endswith(("ext_authz", "router"))]
        check(order == manifests_istio.names(connections["typed_config"]), f"pilot: {pod}: {order}")
        for name in ("always_set_request_id_in_response", "request_id_extension"):
            check(manager.get(name) == connections["typed_config"][name], f"pilot: {pod}: {name}: {manager.get(name)}")
        (ours,) = [one for one in mine["clusters"] if one["name"] == manifests_istio.CLUSTER]
        for name in ("typed_extension_protocol_options",):
            check(cluster[name] == ours[name], f"pilot: {pod}: {name}: {cluster[name]}")
        (threshold,) = cluster["circuit_breakers"]["thresholds"]
        check(threshold["max_requests"] > 65536, f"pilot: {pod}: {threshold}")
    logs = [each["name"] for each in made["authorization"][0]["access_log"]]
    check(logs == ["envoy.access_loggers.http_grpc"], f"pilot: logs: {logs}")
    check(not any("loopgate" in name for name in manifests_istio.names(made["plain"][0])), "pilot: a pod without a label is observed")
    print(f"manifests: pilot makes of them what was taken by Envoys, for {len(made)} proxies", flush=True)
    version = ALL_ENVOYS[-1]
    async with Model() as model:
        for word, way in OBSERVED.items():

            def bootstrap(_, __, ports, capture_port, word=word):
                return manifests_istio.of_pilot(*made[word], ports, capture_port)

            await envoy_ways.go(scratch, model, way, version, CASES, bootstrap=bootstrap, word=f"pilot-{word}-{version}")
    await authorized(scratch, "istio", version, made)

    def bootstrap(ports, capture_port):
        return manifests_istio.of_pilot(*made["access-log"], ports, capture_port)

    await logged(scratch, "istio", version, bootstrap, [])
    await asyncio.to_thread(injection, scratch)


def injection(scratch):
    """Istio's webhook adds the sidecar to a pod with the annotations, and leaves the rest of it alone."""
    (workload,) = [each for each in manifests_schemas.built(FOLDER / "istio/example") if each["kind"] == "Deployment"]
    template = workload["spec"]["template"]
    template["metadata"] = {
        "labels": template["metadata"]["labels"] | {"sidecar.istio.io/inject": "true"},
        "annotations": {"inject.istio.io/templates": "loopgate", "loopgate.dev/ports": "8080,9000", "loopgate.dev/config": "mine"},
    }
    made = manifests_istio.injected(scratch, workload)
    for kubernetes in manifests_schemas.KUBERNETES:
        found = manifests_schemas.complaints(made, [], kubernetes)
        check(not found, f"injected: {found}")
    spec = made["spec"]["template"]["spec"]
    names = {each["name"]: each for each in spec["containers"] + spec["initContainers"]}
    check(set(names) == {"churn", "loopgate", "loopgate-iptables"}, f"injected: {list(names)}")
    check(names["churn"] == template["spec"]["containers"][0] | {"resources": {}}, f"injected: {names['churn']}")
    check(names["loopgate-iptables"]["args"][-1] == "8080,9000", f"injected: {names['loopgate-iptables']['args']}")
    check({"name": "loopgate-config", "configMap": {"name": "mine"}} in spec["volumes"], f"injected: {spec['volumes']}")
    print("manifests: Istio's webhook adds the sidecar by annotation", flush=True)


async def authorized(scratch, word, version, made):
    """The policy's table through what pilot made."""

    def bootstrap(version, model_port, door_port):
        config = envoy_authz.bootstrap(version, model_port, door_port)
        mine = manifests_istio.of_pilot(*made["authorization"], dict.fromkeys(("h1", "h2", "refused"), model_port), door_port)
        managers = [each["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"] for each in (config, mine)]
        managers[1]["route_config"] = managers[0]["route_config"]
        # Istio resolves `..` before any filter, where Loopgate's proxy refuses it: the question is then about the path that the model gets.
        del managers[1]["normalize_path"]
        for each in managers[1]["http_filters"]:
            if each["name"] == manifests_istio.AUTHZ:
                each["typed_config"]["grpc_service"]["timeout"] = "5s"  # on a busy machine, too
        return mine

    folder = scratch / f"authz-{word}"
    folder.mkdir()
    await envoy_authz.through(folder, version, envoy_authz.Issuer(folder), bootstrap, logs=False)
    knows_what_was_decided("Istio", folder / version)


async def gateway(scratch):
    """What Envoy Gateway's translator makes of its manifests: Envoys take it, and what passes through it, over mTLS, is recorded."""
    import envoy_ways
    from envoy_model import Model

    cert, key = await asyncio.to_thread(manifests_gateway.certificates, scratch)
    options = ["--envoy.certificate", str(cert), "--envoy.key", str(key), "--envoy.client-ca", str(cert)]
    version = manifests_gateway.ENVOY
    base = ("proxy", "request-id")
    ports = dict.fromkeys(("h1", "h2", "refused"), 1)

    async def made(words):
        resources = await asyncio.to_thread(manifests_gateway.translated, scratch, words, cert, key)

        def bootstrap(_, __, ports, capture_port):
            return manifests_gateway.static(copy.deepcopy(resources), ports, capture_port, cert, key)

        path = scratch / "gateway.json"
        path.write_text(json.dumps(bootstrap(version, "", ports, 1)))
        await asyncio.to_thread(envoy_server.validate, version, path)
        return bootstrap

    of_logs = await made((*base, "access-log"))
    await logged(scratch, "envoy-gateway", version, lambda ports, port: of_logs(version, "", ports, port), options)
    async with Model() as model:
        for word, way in OBSERVED.items():
            bootstrap = await made((*base, word))
            await envoy_ways.go(scratch, model, way, version, OF_ENVOY_GATEWAY, bootstrap=bootstrap, word=f"envoy-gateway-{word}", options=options)
        bootstrap = await made((*base, "observer", "trailers"))
        cases = CASES - {"id-twice"}
        await envoy_ways.go(scratch, model, "observer", version, cases, bootstrap=bootstrap, word="envoy-gateway-trailers", options=options)
    made_of = await made((*base, "observer", "authorization"))

    def bootstrap(version, model_port, door_port):
        config = made_of(version, "", dict.fromkeys(("h1", "h2"), model_port), door_port)
        (chain,) = manifests_gateway.chains(config)
        (manager,) = [each["typedConfig"] for each in chain["filters"]]
        for name in ("normalizePath", "mergeSlashes", "pathWithEscapedSlashesAction"):
            manager.pop(name, None)  # as in Istio: it resolves paths before it asks
        for each in manager["httpFilters"]:
            if "ext_authz" in each["name"]:
                each["typedConfig"]["grpcService"]["timeout"] = "5s"  # on a busy machine, too
        return config

    folder = scratch / "authz-gateway"
    folder.mkdir()
    # It asks with the values of a header joined, so two ids are one to us, and both are left alone. And what is refused by our answer
    # carries the caller's id, even one that we replace.
    but = {("good", "two ids"), ("none", "two ids"), ("none", "id too long")}
    await envoy_authz.through(folder, version, envoy_authz.Issuer(folder), bootstrap, options, but, logs=False)
    knows_what_was_decided("Envoy Gateway", folder / version)


def knows_what_was_decided(word, folder):
    """What authorization decided came with the exchange: the id that it replaced stands in the records as such."""
    found = [record for each in clients.records(folder / "data" / "files", "request_response").values() for record in each]
    told = [record for record in found if record["request_id_replaced"]]
    check(told, f"{word}: records of replaced ids: {len(told)} of {len(found)}")


async def logged(scratch, word, version, bootstrap, options):
    """Where Envoy only logs, each exchange is an entry of the stream access_log, and of no other."""
    import envoy_ways
    from envoy_model import Model

    folder = scratch / f"logs-{word}"
    folder.mkdir()
    async with Model() as model:
        ports = envoy_ways.ports_of(model)
        keeper = await envoy_ways.Keeper(folder, ports, True, [*options, "--envoy.access-log", "keep"]).start()
        started = await envoy_server.started(version, bootstrap(ports, keeper.envoy_port), folder / "envoy")
        try:
            for _ in range(LOGGED):
                status, _, _ = await load.get_all(started.ports[envoy_config.STAT_PREFIX], "/model/m/bytes/100")
                check(status == 200, f"{word}: status={status}")

            async def all_came():
                return await keeper.metric("loopgate_envoy_access_log_total") >= LOGGED

            await until(f"{word}: the access log", all_came)
            await keeper.stop()
        finally:
            started.stop()
            keeper.kill()
    counts = {stream: len(clients.records(folder / "data" / "files", stream)) for stream in ("access_log", "request_response")}
    check(counts == {"access_log": LOGGED, "request_response": 0}, f"{word}: records: {counts}")
    print(f"manifests: {word}: {LOGGED} exchanges in the access log alone", flush=True)
