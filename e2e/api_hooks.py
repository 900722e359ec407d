"""What schemathesis does beside its own: most of what it makes up the rules would refuse, so half of its valid bodies get what a
declaration must have, and what they name is often there. Loaded by schemathesis, see `api_fuzz`.
"""

import hashlib
import json

import schemathesis
from schemathesis.generation.overrides import store_components

IDS = ("one", "two", "three")


def number(case, of):
    """The same of the same case, so that a seed repeats a run."""
    text = json.dumps([case.operation.label, case.body, case.path_parameters], default=str, sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % of


def deployment(spec, one):
    spec["image"] = ("file:none.jar", "exec:/bin/false", "registry.test/wine:1")[one % 3]
    spec["predictor"] = ("odahu-ml-server", "triton", "open-inference", "none")[one % 4]
    low, high = sorted((int(spec.get("minReplicas") or 0) % 3, int(spec.get("maxReplicas") or 1) % 3))
    spec["minReplicas"], spec["maxReplicas"] = low, max(1, high)
    for name in ("resources", "nodeSelector", "roleName", "idleTimeout", "deadline"):
        if one % 2:
            spec.pop(name, None)


def route(spec, one):
    spec["urlPrefix"] = f"/custom/{IDS[one % 3]}"
    spec["modelDeployments"] = [{"mdName": IDS[one % 2], "weight": 30}, {"mdName": IDS[2], "weight": 70}][: 1 + one % 2]
    if one % 2 == 0:
        spec["modelDeployments"][0]["weight"] = None
    spec["mirror"] = (None, IDS[0])[one % 3 == 0]


def connection(spec, one):
    kind = ("docker", "ecr", "s3", "gcs", "azureblob", "git")[one % 6]
    secret = "c2VjcmV0"
    spec |= {"type": kind, "uri": "registry.test/wine", "username": "ada", "password": secret, "region": "eu", "role": None}
    spec |= {"keyID": secret, "keySecret": "aHR0cHM6Ly9zdG9yZS50ZXN0Lz9zaWc9MQ==", "publicKey": None}
    if kind == "ecr":
        spec["uri"] = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/wine"
    if spec.get("vital"):
        spec["vital"] = one % 4 == 0


FILLED = {"model/deployment": deployment, "model/route": route, "connection": connection}


def is_positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive


@schemathesis.hook
def map_case(_context, case):
    one = number(case, 1 << 16)
    method, path = case.operation.label.split(" ")
    kind = path.removeprefix("/api/v1/").split("/{id}")[0]
    if not is_positive(case) or kind not in FILLED or one % 2:
        return case
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = IDS[one // 2 % 3]
        object.__setattr__(case, "_components", store_components(case))  # or it passes for an id that an answer has given
    if method in ("POST", "PUT") and isinstance(case.body, dict) and isinstance(case.body.get("spec"), dict):
        case.body["id"] = IDS[one // 2 % 3]
        FILLED[kind](case.body["spec"], one // 6)
    return case
