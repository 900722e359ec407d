"""Envoy asks Loopgate who may pass: what callers get through a real Envoy is what Loopgate's own proxy answers, and what may
not pass never reaches the model. And what docs/envoy.md shows is what Envoys of both versions take. See `run`.
"""

import asyncio
import base64
import http.server
import json
import re
import socket
import subprocess
import threading
import time

import clients
import envoy
import envoy_config
import envoy_server
import load
from common import ROOT, Gateway, check, free_port, need, sh, until

MODELS = """models:
  - {{id: m, url: 'http://127.0.0.1:{port}', name: m, version: '1'}}
  - {{id: own, url: 'http://127.0.0.1:{port}', name: own, version: '1', role: own_role}}
"""

# By name: method, target, headers beside the token, and what the proxy and Envoy may differ in.
TARGETS = {
    "plain": ("POST", "/model/m/predict?a=1", []),
    "own role": ("POST", "/model/own/predict", []),
    "unknown model": ("POST", "/model/none/predict", []),
    "unknown path": ("GET", "/nothing/here", []),
    "climbs": ("POST", "/model/m/../own/predict", []),
    "climbs encoded": ("POST", "/model/m/%2e%2e/own/predict", []),
    "two slashes": ("POST", "/model/m//predict", []),
    "parameters": ("POST", "/model/m/predict;a=b?c=d", []),
    "health": ("GET", "/model/m/healthz", []),
    "callers id": ("POST", "/model/m/predict", [("request-id", "the-callers")]),
    "id too long": ("POST", "/model/m/predict", [("request-id", "x" * 300)]),
    "two ids": ("POST", "/model/m/predict", [("request-id", "first"), ("request-id", "second")]),
}


class Issuer:
    """Signs tokens with a key whose public half is in `jwks`."""

    def __init__(self, folder):
        need("openssl", "openssl")
        self.key, self.jwks = folder / "issuer.key", folder / "jwks.json"
        sh("openssl", "genrsa", "-out", str(self.key), "2048")
        modulus = sh("openssl", "rsa", "-in", str(self.key), "-noout", "-modulus").strip().split("=")[1]
        key = {"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", "n": text(bytes.fromhex(modulus)), "e": "AQAB"}
        self.jwks.write_text(json.dumps({"keys": [key]}))

    def token(self, roles, **claims):
        head = {"alg": "RS256", "kid": "k1", "typ": "JWT"} | claims.pop("head", {})
        body = {"exp": int(time.time()) + 600, "realm_access": {"roles": roles}} | claims
        signed = f"{text(json.dumps(head).encode())}.{text(json.dumps(body).encode())}".encode()
        command = ["openssl", "dgst", "-sha256", "-sign", str(self.key)]
        signature = subprocess.run(command, input=signed, capture_output=True, check=True).stdout
        return f"{signed.decode()}.{text(signature)}"

    def tokens(self):
        """By name: the values of `authorization`."""
        good = self.token(["odahu_data_scientist"])
        return {
            "good": [f"Bearer {good}"],
            "admin": [f"Bearer {self.token(['odahu_admin'])}"],
            "its own role": [f"Bearer {self.token(['own_role'])}"],
            "no role": [f"Bearer {self.token(['other'])}"],
            "expired": [f"Bearer {self.token(['odahu_admin'], exp=int(time.time()) - 600)}"],
            "not yet": [f"Bearer {self.token(['odahu_admin'], nbf=int(time.time()) + 600)}"],
            "unknown key": [f"Bearer {self.token(['odahu_admin'], head={'kid': 'k2'})}"],
            "no algorithm": [f"Bearer {self.token(['odahu_admin'], head={'alg': 'none'})}"],
            "altered": [f"Bearer {good[:-8]}AAAAAAAA"],
            "no token": ["Bearer of good news"],
            "basic": ["Basic dXNlcjpwYXNz"],
            "huge": ["Bearer " + "x" * 12_000],  # below what the proxy takes of a head; Envoy takes more
            "two": [f"Bearer {good}", f"Bearer {good}"],
            "none": [],
        }


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Model:
    """Answers everything, and remembers what it was asked."""

    def __init__(self):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                asked.append((self.command, self.path, self.headers.get_all("request-id"), self.headers.get("authorization"), body))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.send_header("request-id", "the model's own")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def ask(port, method, target, headers):
    """Exactly these bytes; status, what of the head must be the same on all ways, and the body."""
    lines = [f"{method} {target} HTTP/1.1", "host: door.test", "connection: close", "content-length: 4"]
    lines += [f"{name}: {value}" for name, value in headers]
    with socket.create_connection(("127.0.0.1", port), 10) as caller:
        caller.sendall(("\r\n".join(lines) + "\r\n\r\nbody").encode())
        data = b""
        while piece := caller.recv(1 << 16):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    found = sorted((name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in rest))
    same = ("www-authenticate", "content-type", "model-name", "model-version")
    ids = [value for name, value in found if name == "request-id"]
    return int(first.split(" ")[1]), [each for each in found if each[0] in same], ids, body


def filters():
    """As docs/envoy.md shows them."""

    def mutation(key, value, action="OVERWRITE_IF_EXISTS_OR_ADD"):
        return {"append": {"append_action": action, "header": {"key": key, "value": value}}}

    reply = [
        mutation("request-id", "%REQ(request-id)%"),
        mutation("request-id", "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:request_id)%"),
        mutation("request-id", "%REQ(x-request-id)%", "ADD_IF_ABSENT"),
    ]
    kind = envoy_config.HTTP + "header_mutation.v3.HeaderMutation"
    ids = {"name": "loopgate.reply-id", "typed_config": {"@type": kind, "mutations": {"response_mutations": reply}}}
    names = ("authorization", "request-id", "x-request-id", "content-type", "model-id")
    authorization = {
        "@type": envoy_config.HTTP + "ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": "loopgate_authz"}, "timeout": "5s"},  # on a busy machine, too
        "failure_mode_allow": False,
        "status_on_error": {"code": "ServiceUnavailable"},
        "encode_raw_headers": True,
        "allowed_headers": {"patterns": [{"exact": name} for name in names]},
    }
    return [ids, {"name": "envoy.filters.http.ext_authz", "typed_config": authorization}]


def bootstrap(version, model_port, door_port):
    config = envoy_config.bootstrap(version, "observer", dict.fromkeys(("h1", "h2", "refused"), model_port), door_port)
    resources = config["static_resources"]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["http_filters"] = filters() + manager["http_filters"][1:]
    to_model = {"cluster": "h1", "prefix_rewrite": "/"}
    routes = [{"match": {"prefix": f"/model/{name}/"}, "route": to_model} for name in ("m", "own", "none")]
    routes.append({"match": {"prefix": "/"}, "route": {"cluster": "h1"}})
    manager["route_config"]["virtual_hosts"][0]["routes"] = routes
    resources["clusters"].append(envoy_config.gateway_cluster("loopgate_authz", door_port))
    return config


def compare(word, proxy_port, envoy_port, model, tokens, but=()):
    """Each token at each target, without those pairs of `but`, through both."""
    cases = [(token, target) for token in tokens for target in TARGETS if token in ("good", "none") or target in ("plain", "own role")]
    cases = [case for case in cases if case not in but]
    passed, pairs = 0, {}
    for token, target in cases:
        method, path, more = TARGETS[target]
        headers = [("authorization", value) for value in tokens[token]] + more
        found = []
        for port in (proxy_port, envoy_port):
            model.asked.clear()
            found.append((ask(port, method, path, headers), list(model.asked)))
        (proxys, proxy_asked), (envoys, envoy_asked) = found
        case = f"{word}: token {token}, {target}"
        check(envoys[0] == proxys[0], f"{case}: status {envoys[0]} through Envoy, {proxys[0]} through the proxy")
        check(envoys[1] == proxys[1], f"{case}: head {envoys[1]} through Envoy, {proxys[1]} through the proxy")
        check(envoys[3] == proxys[3], f"{case}: body {envoys[3]} through Envoy, {proxys[3]} through the proxy")
        check(len(envoys[2]) == 1, f"{case}: Request-Ids of the answer: {envoys[2]}")
        sent = [value for name, value in more if name == "request-id"]
        if not sent:
            pairs[case] = (proxys[2][0], envoys[2][0])
        if sent and len(sent[0]) <= 256:
            check(envoys[2] == sent[:1], f"{case}: answered as {envoys[2]}")
        else:
            check(len(envoys[2][0]) == 36, f"{case}: answered as {envoys[2]}")
        check(len(envoy_asked) == len(proxy_asked), f"{case}: the model was asked {len(envoy_asked)} times, {len(proxy_asked)}")
        if envoy_asked:
            passed += 1
            asked = envoy_asked[0]
            check(asked[2] == envoys[2], f"{case}: the model was told {asked[2]}, the caller {envoys[2]}")
            check(asked[3] == proxy_asked[0][3], f"{case}: the model's authorization: {asked[3]}, through the proxy {proxy_asked[0][3]}")
            check(asked[3] is None or target == "health", f"{case}: the model got the token")
            check(asked[:2] == proxy_asked[0][:2], f"{case}: the model saw {asked[:2]}, through the proxy {proxy_asked[0][:2]}")
    return len(cases), passed, pairs


def check_records(data, pairs):
    """What was refused through Envoy is recorded as it is in the proxy, once; `pairs`: the Request-Ids of both, by case."""
    kept = clients.records(data / "files", "request_response")
    refused = 0
    for case, ids in pairs.items():
        told = [[(one["ending"], one["response_status"], one["deployment"]) for one in kept.get(name, [])] for name in ids]
        check(told[0] == told[1], f"{case}: recorded {told[1]} through Envoy, {told[0]} through the proxy")
        check(len(told[0]) <= 1, f"{case}: recorded {told}")
        refused += told[1][:1] == [("rejected", "401", "m")] or told[1][:1] == [("rejected", "403", "m")]
    check(refused, "no refusal was recorded")
    logged = clients.records(data / "files", "access_log")
    check(not logged, f"logged and not shown: {json.dumps(logged)[:2000]}")
    return refused


async def through(scratch, version, issuer, bootstrap=bootstrap, more=(), but=(), logs=True):
    """Both ways; `bootstrap` makes Envoy's configuration, `more` are options of the gateway, `but` are pairs of token and target that are
    left out. `logs`: its access log comes at once, so refusals are recorded."""
    folder = scratch / version
    folder.mkdir()
    model = Model()
    (folder / "loopgate.yaml").write_text(MODELS.format(port=model.port))
    door = free_port()
    options = ["--envoy.listen", f"127.0.0.1:{door}", "--auth.jwks", str(issuer.jwks), *more]
    gateway = await asyncio.to_thread(Gateway, folder / "data", 0, folder / "gateway.log", options)
    started = await envoy_server.started(version, bootstrap(version, model.port, door), folder / "envoy")
    port = started.ports[envoy_config.STAT_PREFIX]
    tokens = issuer.tokens()

    async def is_asked():
        status, *_ = await asyncio.to_thread(ask, port, "POST", "/model/m/warm", [("authorization", tokens["good"][0])])
        return status == 200

    try:
        await until("Envoy to be told who may pass", is_asked)
        count, passed, pairs = await asyncio.to_thread(compare, version, gateway.port, port, model, tokens, but)
        _, told, _ = await load.get(gateway.port, "/metrics")
        check('loopgate_envoy_checks_total{answer="climbs_out"} 4.0' in told, f"climbs_out: {re.findall('.*checks_total.*', told)}")
        model.asked.clear()
        await asyncio.to_thread(gateway.stop)
        status, _, ids, _ = await asyncio.to_thread(ask, port, "POST", "/model/m/predict", [("authorization", tokens["good"][0])])
        check(status == 503 and not model.asked, f"{version}: status {status} while Loopgate is down, the model was asked {model.asked}")
        check(len(ids) == 1, f"{version}: Request-Ids while Loopgate is down: {ids}")
        refused = f", {check_records(folder / 'data', pairs)} refusals of m recorded alike" if logs else ""
        print(f"envoy-authz: {version}: {count} questions as through the proxy, {passed} reached the model{refused}; fails closed", flush=True)
    finally:
        started.stop()
        model.server.shutdown()


def pages_configuration():
    """What docs/envoy.md shows, in one configuration."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/envoy.md").read_text(), re.S)

    def one(word):
        (block,) = [each for each in blocks if word in each]
        return block

    def indented(block, by):
        return "".join(" " * by + line + "\n" for line in block.rstrip().splitlines())

    def page(http_filters):
        return (
            "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}\n"
            + one("layered_runtime")
            + one("stats_sinks")
            + "static_resources:\n  listeners:\n  - name: l\n    address: {socket_address: {address: 127.0.0.1, port_value: 0}}\n"
            + "    filter_chains:\n    - filters:\n      - name: hcm\n        typed_config:\n"
            + f'          "@type": {envoy_config.TYPE}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n'
            + "          stat_prefix: in\n          route_config: {}\n          http_filters:\n"
            + indented(http_filters, 10)
            + f'          - name: router\n            typed_config: {{"@type": {envoy_config.HTTP}router.v3.Router}}\n'
            + indented(one("# access_log").replace("# access_log", "access_log:"), 10)
            + "  clusters:\n"
            + indented(clusters, 2)
            + indented(clusters.replace("loopgate_capture", "loopgate_authz"), 2)
            + indented(clusters.replace("loopgate_capture", "loopgate_access"), 2)
            + indented(clusters.replace("loopgate_capture", "loopgate_metrics"), 2)
        )

    observer, clusters = one("observability_mode"), one("# clusters")
    waits = indented(one("message_timeout"), 4)
    capture = observer[observer.index("- name: loopgate.capture") :]
    synchronous = capture.replace("    observability_mode: true\n", waits)
    return {
        "observer": page(observer),
        "synchronous": page(synchronous),
        "tokens": page(one("loopgate.reply-id").rstrip() + "\n" + capture),
    }


async def envoy_authz(scratch):
    """All versions."""
    issuer = Issuer(scratch)
    for version in envoy.VERSIONS:
        for word, page in pages_configuration().items():
            if word == "synchronous" and not envoy_config.at_least(version, 1, 38):
                page = re.sub(r".*allow_content_length_header.*\n", "", page)
            path = scratch / f"{word}.yaml"
            path.write_text(page)
            await asyncio.to_thread(envoy_server.validate, version, path)
        await through(scratch, version, issuer)
