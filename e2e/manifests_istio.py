"""Istio's manifests as Envoy gets them: EnvoyFilters applied to a plain configuration as pilot applies them, then what pilot itself makes
of them, and what istioctl says. See `manifests`.
"""

import copy
import json
import re
import subprocess

import envoy_config
import manifests_schemas
from common import CACHE, ROOT, check, go

# Pilot's and istioctl's own version: the only one that Go's proxy has; of the branch of 1.31.
VERSION = "v0.0.0-20260827124520-eed52ebb66ad"
SERVICE = "loopgate.loopgate.svc.cluster.local"
CLUSTER = f"outbound|9901||{SERVICE}"
MANAGER = "envoy.filters.network.http_connection_manager"
ROUTER = "envoy.filters.http.router"
AUTHZ = "envoy.filters.http.ext_authz"


def patches(folder):
    """Of the only EnvoyFilter there."""
    (found,) = [one for one in manifests_schemas.built(folder) if one["kind"] == "EnvoyFilter"]
    return found["spec"]["configPatches"]


def of_envoy(version):
    """An Istio that has this Envoy, or one like it."""
    return "1.31.4" if envoy_config.at_least(version, 1, 38) else "1.28.3"


def is_for(patch, istio):
    wanted = patch["match"].get("proxy", {}).get("proxyVersion")
    return not wanted or re.search(wanted, istio) is not None


def merged(mine, theirs):
    """As proto.Merge: messages merge, lists are appended, an Any within is replaced."""
    if isinstance(mine, dict) and isinstance(theirs, dict) and ("@type" not in theirs or theirs["@type"] == mine.get("@type")):
        return mine | {key: merged(mine[key], value) if key in mine else value for key, value in theirs.items()}
    return mine + theirs if isinstance(mine, list) else theirs


def applied(config, patches, istio):
    """The bootstrap with these patches, on a proxy of that Istio."""
    resources = config["static_resources"]
    (connections,) = resources["listeners"][0]["filter_chains"][0]["filters"]
    for patch in patches:
        if not is_for(patch, istio):
            continue
        where, value, operation = patch["applyTo"], copy.deepcopy(patch["patch"]["value"]), patch["patch"]["operation"]
        filters = connections["typed_config"]["http_filters"]
        if where == "CLUSTER" and operation == "MERGE":
            told = patch["match"]["cluster"]
            name = f"outbound|{told['portNumber']}||{told['service']}"
            at = [each["name"] for each in resources["clusters"]].index(name)
            resources["clusters"][at] = merged(resources["clusters"][at], value)
        elif where == "NETWORK_FILTER" and operation == "MERGE":
            connections["typed_config"] = merged(connections["typed_config"], value["typed_config"])
        elif where == "HTTP_FILTER" and operation == "INSERT_FIRST":
            filters.insert(0, value)
        elif where == "HTTP_FILTER":
            name = patch["match"]["listener"]["filterChain"]["filter"]["subFilter"]["name"]
            at = [each["name"] for each in filters].index(name)
            if operation == "INSERT_BEFORE":
                filters.insert(at, value)
            else:
                check(operation == "MERGE", f"{where}: {operation}")
                filters[at] = merged(filters[at], value)
        else:
            check(False, f"{where}: {operation}")
    return config


def cluster_at(port):
    """As pilot makes it for a port whose name begins with grpc; its counters stand where those of our own configuration do."""
    most = {name: 4294967295 for name in ("max_connections", "max_pending_requests", "max_requests", "max_retries")}
    return envoy_config.cluster(
        CLUSTER,
        port,
        {"http2_protocol_options": {}},
        circuit_breakers={"thresholds": [most | {"track_remaining": True}]},
        alt_stat_name="loopgate_capture",
    )


def provider(name):
    """Of `mesh-config.yaml`."""
    import yaml

    values = yaml.safe_load((manifests_schemas.FOLDER / "istio/mesh-config.yaml").read_text())
    (found,) = [each for each in values["meshConfig"]["extensionProviders"] if each["name"] == name]
    return found


def authorization():
    """The filter that pilot makes of the provider, for a request that the policy is for: all of them."""
    told = provider("loopgate-authorization")["envoyExtAuthzGrpc"]
    config = {
        "@type": envoy_config.HTTP + "ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": f"outbound|{told['port']}||{told['service']}"}, "timeout": told["timeout"]},
        "failure_mode_allow": told["failOpen"],
        "status_on_error": {"code": int(told["statusOnError"])},
    }
    return {"name": AUTHZ, "typed_config": config}


def guard():
    """What the annotation of `observed` puts into a sidecar's bootstrap."""
    import yaml

    (pod,) = yaml.safe_load_all((manifests_schemas.FOLDER / "istio/observed/pod.yaml").read_text())
    told = yaml.safe_load(pod["spec"]["template"]["metadata"]["annotations"]["proxy.istio.io/config"])
    check(set(told) == {"runtimeValues"}, f"proxy.istio.io/config: {sorted(told)}")
    return {key: {"true": True, "false": False}[value] for key, value in told["runtimeValues"].items()}


def bootstrap(word, istio, ports, capture_port):
    """A static configuration with exactly what a folder's EnvoyFilters say; without ours it is `bare`."""
    config = envoy_config.bootstrap("", "bare", ports)
    resources = config["static_resources"]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    # What ours must bring itself.
    manager["http_filters"] = [each for each in manager["http_filters"] if each["name"] == ROUTER]
    del manager["always_set_request_id_in_response"], manager["request_id_extension"]
    resources["clusters"].append(cluster_at(capture_port))
    config["layered_runtime"]["layers"][0]["static_layer"] = guard()
    if word == "authorization":
        manager["http_filters"].insert(0, authorization())
        # Beside the observer, as pods have both labels.
        config = applied(config, patches(manifests_schemas.FOLDER / "istio/observer"), istio)
    return applied(config, patches(manifests_schemas.FOLDER / "istio" / word), istio)


# --- istioctl and pilot, which take minutes to build: LOOPGATE_NIGHTLY=1 ---


def istioctl():
    """The program, built once into the cache."""
    folder = CACHE / f"istioctl-{VERSION.rsplit('-', 1)[1]}"
    program = folder / "istioctl"
    if not program.exists():
        print("manifests: building istioctl into the cache, which takes minutes", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        go(folder, "install", "-trimpath", "-ldflags=-s -w", f"istio.io/istio/istioctl/cmd/istioctl@{VERSION}")
    return str(program)


def pilot():
    """Our program around Istio's pilot, built once into the cache."""
    source = ROOT / "e2e" / "pilot"
    check(VERSION in (source / "go.mod").read_text(), f"e2e/pilot/go.mod has another version than {VERSION}")
    folder = CACHE / f"pilot-{VERSION.rsplit('-', 1)[1]}"
    program = folder / "pilot"
    if not program.exists() or program.stat().st_mtime < (source / "main.go").stat().st_mtime:
        print("manifests: building pilot into the cache, which takes minutes", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        go(folder, "build", "-trimpath", "-ldflags=-s -w", "-o", str(program), ".", cwd=source)
    return str(program)


# What it says of each EnvoyFilter, whatever stands in it.
ALWAYS = "EnvoyFilter exposes internal implementation details that may change at any time."


def told_by_istioctl(folder, documents):
    """What it finds in them, one line each."""
    import yaml

    path = folder / "istio.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    lines = []
    for command in (["validate", "-f", str(path)], ["analyze", "--use-kube=false", "-A", "--color=false", str(path)]):
        done = subprocess.run([istioctl(), *command], capture_output=True, text=True)
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        lines += [line for line in said if ALWAYS not in line and not re.search(r"is valid$|has warnings: *$|No validation issues", line)]
        check(done.returncode == 0, f"istioctl {command[0]}: {said}")
    return lines


def pod(name, namespace, address, istio, labels):
    ready = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [{"type": "Ready", "status": "True"}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "annotations": {"version": istio}},
        "spec": {"serviceAccountName": "default", "containers": [{"name": "m", "image": "m"}]},
        "status": ready,
    }


PODS = {
    "observer": ("1.28.3", {"app": "churn", "loopgate.dev/capture": "observer"}),
    "synchronous-28": ("1.28.3", {"app": "churn", "loopgate.dev/capture": "synchronous"}),
    "synchronous": ("1.31.4", {"app": "churn", "loopgate.dev/capture": "synchronous"}),
    "authorization": (
        "1.31.4",
        {"app": "churn", "loopgate.dev/capture": "observer", "loopgate.dev/authorization": "true", "loopgate.dev/access-log": "true"},
    ),
    "access-log": ("1.31.4", {"app": "churn", "loopgate.dev/access-log": "true"}),
    "plain": ("1.31.4", {"app": "churn"}),
}
DOOR = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: door, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: churn, namespace: istio-system}
spec:
  hosts: ["*"]
  gateways: [door]
  http: [{route: [{destination: {host: churn.models.svc.cluster.local, port: {number: 8080}}}]}]
"""


def made_by_pilot(folder):
    """By the name of a pod: the connection manager of what comes in, and the cluster of the gateway."""
    import yaml

    files = []

    def file(name, documents):
        path = folder / f"pilot-{name}.yaml"
        path.write_text(yaml.safe_dump_all(documents))
        files.append(str(path))

    build = {word: manifests_schemas.built(manifests_schemas.FOLDER / "istio" / word) for word in FOLDERS}
    values = yaml.safe_load((manifests_schemas.FOLDER / "istio/mesh-config.yaml").read_text())
    file("mesh", [values["meshConfig"]])
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("models", "loopgate", "istio-system")]
    for number, word in enumerate(("gateway", "example")):
        for service in build[word]:
            if service["kind"] == "Service" and service["spec"].get("clusterIP") != "None":
                address = f"10.96.0.{number + 2}"
                service["spec"] |= {"clusterIP": address, "clusterIPs": [address]}
                objects.append(service)
    for number, (name, (istio, labels)) in enumerate(PODS.items()):
        objects.append(pod(name, "models", f"10.244.0.{number + 1}", istio, labels))
    objects.append(pod("ingress", "istio-system", "10.244.0.99", "1.31.4", {"istio": "ingressgateway"}))
    file("objects", objects)
    configs = [each for documents in build.values() for each in documents if ".istio.io/" in each["apiVersion"]]
    file("configs", [*configs, *yaml.safe_load_all(DOOR)])
    done = subprocess.run([pilot(), *files], capture_output=True, text=True)
    check(done.returncode == 0, f"pilot: {done.stderr[-3000:]}")
    found = {}
    for name, told in json.loads(done.stdout).items():
        managers = [each for listener in told["listeners"] if is_inbound(listener) for each in managers_of(listener)]
        check(managers, f"pilot: no connection manager for {name}")
        # Every port that the pod has, and those that it does not know of.
        check(all(names(each) == names(managers[0]) for each in managers), f"pilot: {name}: {[names(each) for each in managers]}")
        (cluster,) = [each for each in told["clusters"] if each["name"] == CLUSTER]
        found[name.split("/")[1]] = managers[0], cluster
        others = [each for listener in told["listeners"] if not is_inbound(listener) for each in managers_of(listener)]
        check(not any("loopgate" in each for other in others for each in names(other)), f"pilot: {name}: outbound, too")
    return found


FOLDERS = ("gateway", "observer", "synchronous", "ingress", "access-log", "authorization", "example")


def is_inbound(listener):
    return listener["name"] in ("virtualInbound", "0.0.0.0_80")


def managers_of(listener):
    filters = [each for chain in listener.get("filter_chains", []) for each in chain["filters"]]
    return [each["typed_config"] for each in filters if each["name"] == MANAGER]


def names(manager):
    return [each["name"] for each in manager["http_filters"]]


def of_pilot(manager, cluster, ports, capture_port):
    """A static configuration of what pilot made, but for what only Istio's own build of Envoy knows, routes, addresses and TLS."""
    config = envoy_config.bootstrap("", "bare", ports)
    resources = config["static_resources"]
    (connections,) = resources["listeners"][0]["filter_chains"][0]["filters"]
    mine = connections["typed_config"]
    theirs = {key: value for key, value in manager.items() if key not in ("rds", "internal_address_config")}
    theirs |= {key: mine[key] for key in ("route_config", "stat_prefix", "http_protocol_options")}
    theirs["http_filters"] = [each for each in manager["http_filters"] if not each["name"].startswith("istio.")]
    connections["typed_config"] = theirs
    plain = cluster_at(capture_port)
    kept = ("circuit_breakers", "typed_extension_protocol_options", "connect_timeout", "lb_policy")
    resources["clusters"].append(plain | {key: cluster[key] for key in kept})
    config["layered_runtime"]["layers"][0]["static_layer"] = guard()
    return config


def template():
    """The pod that the injection template adds to a workload's, as YAML shows it before Istio fills it in."""
    import yaml

    values = yaml.safe_load((manifests_schemas.FOLDER / "istio/injection.yaml").read_text())
    told = yaml.safe_load(values["sidecarInjectorWebhook"]["templates"]["loopgate"])
    told["spec"]["containers"] = [{"name": "model", "image": "model"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "injected"}} | told


def injected(folder, workload):
    """The workload as Istio's webhook makes it by that template."""
    import yaml

    path = folder / "workload.yaml"
    path.write_text(yaml.safe_dump(workload))
    values = manifests_schemas.FOLDER / "istio/injection.yaml"
    done = subprocess.run([pilot(), "inject", str(values), str(path)], capture_output=True, text=True)
    check(done.returncode == 0, f"pilot inject: {done.stderr}")
    (made,) = filter(None, yaml.safe_load_all(done.stdout))
    return made
