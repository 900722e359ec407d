"""What Envoy Gateway's own translator makes of its manifests, as a configuration that an Envoy takes without a control plane. See
`manifests`.
"""

import base64
import json
import os
import subprocess

import envoy_config
import manifests_schemas
from common import CACHE, check, go, need, sh

VERSION = "v1.9.1"
ENVOY = "1.39.1"  # that it starts itself
HOST = "loopgate.loopgate.svc"  # in the certificates
ENDPOINT = {"h1": ("churn", 8080), "h2": ("grpc", 8081)}


def egctl():
    """The program, built once into the cache."""
    folder = CACHE / f"egctl-{VERSION}"
    program = folder / "egctl"
    if not program.exists():
        print("manifests: building egctl into the cache, which takes minutes", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        go(folder, "install", "-trimpath", "-ldflags=-s -w", f"github.com/envoyproxy/gateway/cmd/egctl@{VERSION}")
    return str(program)


def certificates(folder):
    """One of its own issue for both ends, and its key in PKCS#8."""
    need("openssl", "openssl")
    key, cert = folder / "mesh.key", folder / "mesh.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
    sh(*command, "-out", str(cert), "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}")
    return cert, key


def given(folder, words, cert, key):
    """What a cluster would have: the gateway, these folders or components, a Gateway, routes for models of the case table."""
    import yaml

    place = folder / "-".join(words)
    place.mkdir()

    def told(word):
        return os.path.relpath(manifests_schemas.FOLDER / "envoy-gateway" / word, place)

    parts = {word: "Component" in (manifests_schemas.FOLDER / "envoy-gateway" / word / "kustomization.yaml").read_text() for word in words}
    resources = [told(word) for word, is_component in parts.items() if not is_component]
    whole = {"resources": resources, "components": [told(word) for word, is_component in parts.items() if is_component]}
    (place / "kustomization.yaml").write_text(yaml.safe_dump(whole))
    documents = manifests_schemas.built(manifests_schemas.FOLDER / "envoy-gateway/gateway") + manifests_schemas.built(place)
    example = manifests_schemas.built(manifests_schemas.FOLDER / "envoy-gateway/example")
    documents += [each for each in example if each["kind"] in ("Namespace", "GatewayClass", "Gateway")]
    for policy in documents:
        if policy["kind"] == "ClientTrafficPolicy" and "access-log" in words:
            # As docs/envoy-gateway.md says: routes rewrite paths here, and else the log has only what they make of them.
            policy["spec"]["headers"]["enableEnvoyHeaders"] = True
    (route,) = [each for each in example if each["kind"] == "HTTPRoute"]
    (service,) = [each for each in example if each["kind"] == "Service"]
    for protocol, prefixes in PREFIXES.items():
        name, port = ENDPOINT[protocol]
        told = json.loads(json.dumps(service).replace('"churn"', f'"{name}"'))
        told["spec"]["ports"] = [{"name": protocol, "port": port, "targetPort": port}]
        if protocol == "h2":
            told["spec"]["ports"][0]["appProtocol"] = "kubernetes.io/h2c"
        documents.append(told)
        for number, prefix in enumerate(prefixes):
            told = json.loads(json.dumps(route).replace("/model/churn", prefix).replace('"churn"', f'"{name}"').replace("8080", str(port)))
            told["metadata"]["name"] = f"{protocol}-{number}"
            if prefix == "/":  # what is of no model reaches one all the same, if it may
                del told["spec"]["rules"][0]["filters"]
            documents.append(told)
    for number, document in enumerate(documents):
        if document["kind"] == "Service":
            document["spec"].setdefault("clusterIP", f"10.96.0.{number + 1}")
    secret = {name: base64.b64encode(path.read_bytes()).decode() for name, path in (("tls.crt", cert), ("tls.key", key))}
    documents.append(of("Secret", "loopgate-client", "models", data=secret, type="kubernetes.io/tls"))
    documents.append(of("ConfigMap", "loopgate-ca", "loopgate", data={"ca.crt": cert.read_text()}))
    # What it does not know, it refuses.
    unknown = ("StatefulSet", "PodDisruptionBudget", "NetworkPolicy", "ServiceAccount")
    return [each for each in documents if each["kind"] not in unknown]


# Of callers' paths, by the door of the scripted model that answers; a model's prefix goes before the model sees the path.
PREFIXES = {"h1": ("/model/m", "/model/own", "/model/none", "/"), "h2": ("/model/m2", "/model/g")}


def of(kind, name, namespace, **more):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}} | more


def translated(folder, words, cert, key):
    """What it makes of these folders: resources of Envoy by kind. Each policy must be accepted."""
    import yaml

    word = "-".join(words)
    documents = given(folder, words, cert, key)
    path = folder / f"{word}.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    command = [egctl(), "x", "translate", "--from", "gateway-api", "--to", "gateway-api,xds", "--type", "all", "-o", "json", "-f", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    check(done.returncode == 0, f"egctl: {word}: {done.stderr}{done.stdout[-2000:]}")
    told = json.loads(done.stdout)
    conditions = list(conditions_of({name: value for name, value in told.items() if name != "xds"}))
    check(len(conditions) > 5, f"egctl: {word}: says nothing of its policies")
    for condition in conditions:
        check(condition["status"] == "True", f"egctl: {word}: {condition}")
    (resources,) = told["xds"].values()
    return {config["@type"].rsplit(".", 1)[1]: config for config in resources["configs"]}


def conditions_of(value):
    if isinstance(value, dict):
        yield from value.get("conditions", [])
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from conditions_of(each)


def static(resources, ports, capture_port, cert, key):
    """The same for an Envoy without a control plane, at ports of its own; nothing else is changed."""
    (listener,) = [
        each["activeState"]["listener"]
        for each in resources["ListenersConfigDump"]["dynamicListeners"]
        if each["activeState"]["listener"]["name"] == "models/models/http"
    ]
    (chain,) = chains_of(listener)
    (manager,) = [each["typedConfig"] for each in chain["filters"]]
    (routes,) = [each["routeConfig"] for each in resources["RoutesConfigDump"]["dynamicRouteConfigs"]]
    check(manager.pop("rds")["routeConfigName"] == routes["name"], f"another route: {routes['name']}")
    routes.pop("@type")
    manager["routeConfig"] = routes
    manager["statPrefix"] = envoy_config.STAT_PREFIX
    listener.pop("@type")
    listener |= {"name": envoy_config.STAT_PREFIX, "address": envoy_config.address(0)}
    clusters = []
    for each in resources["ClustersConfigDump"]["dynamicActiveClusters"]:
        cluster = each["cluster"]
        cluster.pop("@type")
        cluster.pop("edsClusterConfig", None)
        name = cluster["name"]
        protocol = next((word for word, (_, port) in ENDPOINT.items() if service_of(resources, name) == port), None)
        cluster |= {"type": "STATIC", "loadAssignment": endpoints(resources, name, ports[protocol] if protocol else capture_port)}
        if "/extproc/" in name:
            cluster["altStatName"] = "loopgate_capture"
        secrets(cluster, cert, key)
        clusters.append(cluster)
    check(len(clusters) > len(PREFIXES["h1"] + PREFIXES["h2"]), f"none of ours: {[each['name'] for each in clusters]}")
    runtime = resources["BootstrapConfigDump"]["bootstrap"]["layeredRuntime"]
    return {
        "node": {"id": "e2e", "cluster": "e2e"},
        "admin": {"address": envoy_config.address(0)},
        "layeredRuntime": runtime,
        "staticResources": {"listeners": [listener], "clusters": clusters},
    }


def chains(config):
    (listener,) = config["staticResources"]["listeners"]
    return chains_of(listener)


def chains_of(listener):
    return [listener["defaultFilterChain"]] if "defaultFilterChain" in listener else listener["filterChains"]


def assignment(resources, name):
    (found,) = [
        each["endpointConfig"]
        for each in resources["EndpointsConfigDump"]["dynamicEndpointConfigs"]
        if each["endpointConfig"]["clusterName"] == name
    ]
    return found


def service_of(resources, name):
    (locality,) = assignment(resources, name)["endpoints"]
    return locality["lbEndpoints"][0]["endpoint"]["address"]["socketAddress"]["portValue"]


def endpoints(resources, name, port):
    told = {key: value for key, value in assignment(resources, name).items() if key != "@type"}
    told["endpoints"][0]["lbEndpoints"][0]["endpoint"]["address"] = envoy_config.address(port)
    return told


def secrets(cluster, cert, key):
    """What would come from the control plane: the Secret and the ConfigMap."""
    for match in cluster.get("transportSocketMatches", []):
        context = match["transportSocket"]["typedConfig"]["commonTlsContext"]
        (_,) = context.pop("tlsCertificateSdsSecretConfigs")
        context["tlsCertificates"] = [{"certificateChain": {"filename": str(cert)}, "privateKey": {"filename": str(key)}}]
        combined = context.pop("combinedValidationContext")
        context["validationContext"] = combined["defaultValidationContext"] | {"trustedCa": {"filename": str(cert)}}
