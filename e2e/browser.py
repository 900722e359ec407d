"""Both pages in a real browser: Swagger UI executes a list of deployments, the catalogue a prediction by a model that sleeps, with a token
where one is given. Nothing else is asked for anything, and the browser finds nothing to complain about. Pictures are kept. See `run`.
"""

import asyncio
import json
import os
import pathlib
import shutil
import subprocess
import urllib.error
import urllib.request

from common import CACHE, Gateway, check, need, node_with, until, wine_image

PLAYWRIGHT = "playwright-core@1.65.1"
HERE = pathlib.Path(__file__).resolve().parent
PICTURES = CACHE / "pictures"
ID = "mine"
SECONDS = 180  # of all that the browser does


def asked(door, path, body=None):
    request = urllib.request.Request(door + path, data=None if body is None else json.dumps(body).encode())
    if body is not None:
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def deployment(gateway):
    spec = {"image": wine_image(gateway), "predictor": "odahu-ml-server", "minReplicas": 0}
    return {"id": ID, "kind": "ModelDeployment", "spec": spec | {"readinessProbeInitialDelay": 0, "idleTimeout": "1s"}}


async def browser(scratch):
    chromium = need("chromium", "chromium")
    modules = node_with(PLAYWRIGHT)
    gateway = Gateway(scratch / "data", None, scratch / "up.log", role="up")
    door = f"http://127.0.0.1:{gateway.port}"
    status, answer = asked(door, "/api/v1/model/deployment", deployment(gateway))
    check(status == 201, f"POST of the deployment: {status} {answer}")

    async def sleeps():
        _, now = asked(door, f"/api/v1/model/deployment/{ID}")
        return now["status"].get("state") == "Ready" and now["status"]["replicas"] == 0

    await until("the model sleeps", sleeps, 150)
    PICTURES.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"NODE_PATH": str(modules), "CHROMIUM": chromium, "HOME": str(scratch)}
    command = [need("node", "nodejs"), str(HERE / "browser.js"), door, str(scratch)]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, timeout=SECONDS)
    for picture in scratch.glob("*.png"):
        shutil.copy(picture, PICTURES / picture.name)
    check(done.returncode == 0, f"browser: {done.stdout}{done.stderr}{gateway.tail()}")
    did = json.loads(done.stdout)
    check(did["listed"]["status"] == "200" and f'"{ID}"' in did["listed"]["body"], f"the list: {did['listed']}")
    check(did["predicted"]["status"] == "200" and "5.56" in did["predicted"]["body"], f"the prediction: {did['predicted']}")
    check(did["token"] == "Bearer a.b.c", f"the token: {did['token']}")
    check(not did["elsewhere"], f"others were asked: {did['elsewhere']}")
    # Swagger UI styles a logo inside its script; the policy of the page refuses that, and nothing is missing.
    troubles = [each for each in did["troubles"] if not each.startswith("Applying inline style violates")]
    check(not troubles, f"the browser complains: {troubles}")
    gateway.stop()
    print(f"browser: a list and a prediction that woke its model, in Swagger UI; pictures in {PICTURES}")
