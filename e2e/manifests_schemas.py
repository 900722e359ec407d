"""The manifests of `k8s-manifests` against what Kubernetes, Istio, Gateway API and Envoy Gateway say of their kinds: the schemas of their
own modules, and a field that a schema does not know is an error. See `manifests`.
"""

import functools
import json
import os
import pathlib
import re
import subprocess
import sys

from common import CACHE, ROOT, check, go_program, need, python_with, sh

FOLDER = ROOT / "k8s-manifests"
PACKAGES = ("PyYAML==6.0.4", "jsonschema==4.26.0", "kubernetes-validate==1.37.0")
KUSTOMIZE = ("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", "v5.8.1")
KUBERNETES = ("1.31", "1.37")  # the oldest that Istio 1.28 runs on, and the newest

# Where the definitions of custom kinds lie, in modules of Go's proxy: by what must take the manifests.
ISTIO = {version: ("istio.io/api", f"v{version}", "kubernetes/customresourcedefinitions.gen.yaml") for version in ("1.28.3", "1.29.2", "1.30.8", "1.31.4")}
ENVOY_GATEWAY = {
    version: ("github.com/envoyproxy/gateway", f"v{version}", "charts/gateway-crds-helm/templates/generated/*.yaml")
    for version in ("1.9.0", "1.9.1")
}
GATEWAY_API = {"1.6.3": ("sigs.k8s.io/gateway-api", "v1.6.3", "config/crd/standard/*.yaml")}


def library():
    """Makes yaml, jsonschema and kubernetes_validate importable."""
    python = python_with("manifests", *PACKAGES)
    place = sh(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    if place not in sys.path:
        sys.path.append(place)


def kustomizations():
    """All folders that can be applied, by their path below `k8s-manifests`."""
    found = {}
    for file in sorted(FOLDER.rglob("kustomization.yaml")):
        if "kind: Component" not in file.read_text():
            found[str(file.parent.relative_to(FOLDER))] = file.parent
    check(found, f"no kustomization below {FOLDER}")
    return found


def built(folder):
    """What `kubectl apply -k` would send: documents."""
    import yaml

    program = go_program(*KUSTOMIZE)
    done = subprocess.run([program, "build", str(folder)], capture_output=True, text=True)
    check(done.returncode == 0, f"kustomize build {folder}: {done.stderr}")
    return list(yaml.safe_load_all(done.stdout))


@functools.cache
def module(path, version):
    """The folder of a module of Go's proxy; fetched once, into Go's own cache, its sum checked by Go."""
    program = need("go", "golang-go")
    CACHE.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([program, "mod", "download", "-json", f"{path}@{version}"], cwd=CACHE, capture_output=True, text=True,
                          env=os.environ | {"GOFLAGS": "-mod=mod"})  # fmt: skip
    check(done.returncode == 0, f"missing part: Go's module {path}@{version}: {done.stdout}{done.stderr}")
    return pathlib.Path(json.loads(done.stdout)["Dir"])


@functools.cache
def definitions(path, version, pattern):
    """JSON Schemas of the custom kinds, by `apiVersion` and `kind`."""
    import yaml

    files = sorted(module(path, version).glob(pattern))
    check(files, f"missing part: {pattern} in {path}@{version}")
    schemas = {}
    for file in files:
        # A chart's file: the lines that say whether it is wanted are no YAML.
        text = re.sub(r"(?m)^\{\{.*\}\}$", "", file.read_text())
        for document in yaml.load_all(text, yaml.CSafeLoader):
            if document and document["kind"] == "CustomResourceDefinition":
                spec = document["spec"]
                for of in spec["versions"]:
                    name = (f"{spec['group']}/{of['name']}", spec["names"]["kind"])
                    schemas[name] = of["schema"]["openAPIV3Schema"]
    check(schemas, f"missing part: no definition in {pattern} of {path}@{version}")
    return schemas


METADATA = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def strict(schema, top=False):
    """As the API server takes it, but that it refuses what it would only prune: an unknown field."""
    if not isinstance(schema, dict):
        return schema
    told = {}
    for key, value in schema.items():
        if key == "properties":
            value = {name: strict(each) for name, each in value.items()}
        elif key in ("items", "additionalProperties", "not"):
            value = strict(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            value = [strict_part(each) for each in value]
        told[key] = value
    open_ = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if schema.get("type") == "object" and "properties" in schema and not open_:
        told["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        told.pop("type", None)
    if top:
        told["properties"] = told["properties"] | {"metadata": METADATA, "apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    return told


def strict_part(schema):
    """Of allOf and its like: it says more of fields that are known elsewhere, so it closes nothing."""
    return schema


@functools.cache
def validator(source, name):
    import jsonschema

    return jsonschema.Draft7Validator(strict(definitions(*source)[name], top=True))


def complaints(document, sources, kubernetes):
    """What is wrong with the document, one line each. `sources`: where custom kinds are defined."""
    name = (document.get("apiVersion"), document.get("kind"))
    word = f"{name[1]} {document.get('metadata', {}).get('name')}"
    for source in sources:
        if name in definitions(*source):
            errors = validator(source, name).iter_errors(document)
            return [f"{word}: {'.'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]
    if "." in name[0].split("/")[0] and not name[0].split("/")[0].endswith((".k8s.io", "kustomize.config.k8s.io")):
        return [f"{word}: nobody knows {name[0]}"]
    return core(document, word, kubernetes)


def core(document, word, kubernetes):
    import kubernetes_validate

    try:
        kubernetes_validate.validate(document, kubernetes, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{word}: {'.'.join(map(str, error.path))}: {error.message}"]
    except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError, KeyError) as error:
        return [f"{word}: nobody knows {document.get('apiVersion')} {document.get('kind')}: {error}"]
    return []
