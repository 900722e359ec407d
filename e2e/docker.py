"""Deployments whose images are containers', over Debian's Docker Engine. All of it runs in namespaces of its own (network, mounts, processes), which this
file enters a second time; whatever is started there ends with them. See `run`.
"""

import asyncio
import base64
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from common import CACHE, ROOT, Failed, Gateway, check, end_started, go, need, sh, until, verify
from odahuflowctl import ask, connection, deployment

PACKAGES = ("docker.io", "containerd", "runc", "docker-registry")
HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE / "docker_model"
SECONDS = 400  # of all that happens inside
SOCKET = "/run/docker.sock"
LABEL = "dev.loopgate.token"
REGISTRY = "127.0.0.1:5999"
ENDS = {signal.SIGTERM: False, signal.SIGKILL: True}  # of the daemon, and whether containers outlive it
PASSWORD = "malbec-of-1853"
# bcrypt of that, as the registry wants it
LOGINS = "ada:$2y$04$lBB.Hg3ZlIsXYwoRI6GHEuusQSnLZiOcX8rzBTrGuny3P542SfvYK\n"
BEGIN = time.monotonic()
DEPLOYMENTS, CONNECTIONS = "/api/v1/model/deployment", "/api/v1/connection"


def parts():
    """Where the Engine and a registry lie, fetched once into the cache; nothing of them is installed."""
    folder = CACHE / "docker-debian-12"
    whole = folder / "whole"
    if not whole.exists():
        print("docker: fetching Debian's packages into the cache", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        fetch = ["apt-get", "download", "-qq", *PACKAGES]
        for command in (fetch, ["apt-get", "update", "-qq"], fetch):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if command is fetch and done.returncode == 0:
                break
        check(done.returncode == 0, f"missing part: Debian packages {' '.join(PACKAGES)}: {done.stderr}")
        for package in folder.glob("*.deb"):
            sh("dpkg", "-x", str(package), str(folder))
            package.unlink()
        whole.touch()
    for program in (folder / "usr/sbin/dockerd", folder / "usr/sbin/runc"):
        if "not found" in sh("ldd", str(program)):
            libraries = ["libdevmapper1.02.1", "libseccomp2", "libsystemd0"]
            sh("apt-get", "install", "-y", "-qq", "--no-install-recommends", *libraries)
    need("iptables", "iptables")
    need("ip", "iproute2")
    need("unshare", "util-linux")
    return folder


def forget_groups(name):
    """Control groups are the kernel's, and outlive all namespaces."""
    for top in (*pathlib.Path("/sys/fs/cgroup").glob(f"*/{name}"), *pathlib.Path("/sys/fs/cgroup").glob(name)):
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):  # whoever is killed has not gone yet
                os.rmdir(folder)


async def docker(scratch):
    folder = await asyncio.to_thread(parts)
    image = scratch / "image"
    shutil.copytree(MODEL, image)
    await asyncio.to_thread(go, image, "build", "-trimpath", "-ldflags=-s -w", "-o", "model", ".", cwd=image)
    await asyncio.to_thread(sh, str(ROOT / "loopgate"), "help")  # built, where the network is
    # The shell stays as the first process, which takes in what others leave.
    inside = ["sh", "-c", 'mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm && "$@"; exit $?', "sh", sys.executable, __file__, str(scratch), str(folder)]
    command = ["unshare", "-n", "-m", "-p", "-f", "--mount-proc", "--kill-child", *inside]
    process = subprocess.Popen(command, cwd=HERE)
    try:
        code = await asyncio.to_thread(process.wait, SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"not through after {SECONDS} s") from error
    finally:
        process.kill()
        process.wait()
        forget_groups(f"loopgate-{scratch.name}")
    check(code == 0, "see above")


def told(what):
    print(f"docker: {time.monotonic() - BEGIN:.0f} s: {what}", flush=True)


class Engine:
    """The daemon, with what it keeps between its lives."""

    def __init__(self, scratch, folder):
        self.log = scratch / "dockerd.log"
        self.root = scratch / "docker"
        self.path = f"{folder}/usr/bin:{folder}/usr/sbin:{os.environ['PATH']}:/usr/sbin:/sbin"
        self.home = scratch
        self.process = None

    def start(self, options):
        command = ["dockerd", "--data-root", str(self.root), "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid"]
        command += ["-H", f"unix://{SOCKET}", "--storage-driver=vfs", "--iptables=false", "--ip6tables=false", *options]
        command += ["--cgroup-parent", f"/loopgate-{self.home.name}"]
        pathlib.Path("/run/docker.pid").unlink(missing_ok=True)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=self.environment())

    def environment(self):
        return os.environ | {"PATH": self.path, "HOME": str(self.home), "DOCKER_BUILDKIT": "0"}

    async def started(self, *options):
        self.start(options)

        async def answers():
            check(self.process.poll() is None, f"dockerd ended: {self.log.read_text()[-3000:]}")
            done = subprocess.run(["docker", "version"], env=self.environment(), capture_output=True)
            return done.returncode == 0

        await until("the Docker Engine", answers, 60)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)

    def run(self, *arguments):
        done = subprocess.run(["docker", *arguments], env=self.environment(), capture_output=True, text=True)
        check(done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def ours(self, name=None):
        """The containers of a deployment, or of all of them, whatever became of them."""
        which = ["--filter", f"label=dev.loopgate.deployment={name}"] if name else []
        return set(self.run("ps", "-aq", "--no-trunc", "--filter", f"label={LABEL}", *which).split())


class Stage:
    """A gateway over an Engine."""

    def __init__(self, scratch, engine):
        self.scratch, self.engine = scratch, engine
        self.data = scratch / "data"
        self.gateway = None

    async def up(self):
        self.gateway = await asyncio.to_thread(Gateway, self.data, None, self.scratch / "up.log", role="up")
        self.door = f"http://127.0.0.1:{self.gateway.port}"

    def say(self, method, path, body=None, expected=(200, 201)):
        status, answer = ask(self.door + path, method, body)
        check(status in expected, f"{method} {path}: {status} {answer}")
        return answer

    def status(self, name):
        return self.say("GET", f"{DEPLOYMENTS}/{name}")["status"]

    async def becomes(self, name, seconds=60, **wanted):
        """Waits for a status with these members; a text is a part of what stands there."""
        last = {}

        async def holds():
            last.update(self.status(name))
            return all(value in last.get(key, "") if isinstance(value, str) else last.get(key) == value for key, value in wanted.items())

        try:
            await until(f"{name} to be {wanted}", holds, seconds)
        except Failed as error:
            raise Failed(f"{error}: {last}; {self.gateway.tail()}") from error

    def predict(self, name="sum"):
        """What is predicted, by which version, after which cold start."""
        return ask_model(f"{self.door}/model/{name}/api/model/invoke", {"data": [[1, 2, 3]]})


def ask_model(url, body):
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    try:
        connection.request("POST", where.path, json.dumps(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read().decode()
    finally:
        connection.close()


def good(answer, version=None):
    status, headers, text = answer
    check(status == 200 and json.loads(text)["prediction"] == [[6]], f"prediction: {answer}")
    check(version is None or headers["model-version"] == version, f"version {version}: {headers}")
    return headers


def wanted(name, image, **spec):
    asked = {"minReplicas": 0, "readinessProbeInitialDelay": 0, "livenessProbeInitialDelay": 0} | spec
    return deployment(name, image, **asked)


async def deploys(stage):
    """Ready, called, bounded as it was asked for, asleep, awake."""
    engine = stage.engine
    for name in ("sum", *(how.name.lower() for how in ENDS)):  # the others are to be asleep later on, which takes a minute
        stage.say("POST", DEPLOYMENTS, wanted(name, "e2e/sum:1", idleTimeout="1s"))
    await stage.becomes("sum", state="Ready", modelName="sum", modelVersion="1")
    good(stage.predict(), "1")
    made = json.loads(engine.run("inspect", *engine.ours("sum")))[0]
    host = made["HostConfig"]
    check((host["Memory"], host["NanoCpus"]) == (256 << 20, 250_000_000), f"limits: {host}")
    check([each["HostIp"] for each in host["PortBindings"]["5000/tcp"]] == ["127.0.0.1"], f"ports: {host['PortBindings']}")
    check(host["SecurityOpt"] == ["no-new-privileges"], f"security: {host['SecurityOpt']}")
    log = stage.say("GET", f"{DEPLOYMENTS}/sum/logs")
    check("sum version 1 at 0.0.0.0:5000" in str(log), f"its log: {log}")
    await stage.becomes("sum", 120, state="Ready", replicas=0)

    async def none():
        return not engine.ours()

    await until("no container while it sleeps", none)
    cold = good(stage.predict(), "1")["model-cold-start"]
    told(f"deployed, asleep, and awake after {cold} ms")


async def runs_the_example(stage):
    """As `loopgate apply` would send it."""
    manifest = (ROOT / "examples/deployments/docker.yaml").read_bytes()
    headers = {"content-type": "application/yaml"}
    with urllib.request.urlopen(urllib.request.Request(stage.door + DEPLOYMENTS, manifest, headers), timeout=30) as answer:
        check(answer.status == 201, f"the example: {answer.status}")
    stage.engine.run("tag", "e2e/sum:1", "mean:1")
    await stage.becomes("mean", state="Ready")
    good(stage.predict("mean"))
    stage.say("DELETE", f"{DEPLOYMENTS}/mean")
    told("the example runs as soon as its image is there")


async def rolls_out(stage):
    """To another image, while others call."""
    answers, stopping = [], asyncio.Event()

    async def call():
        while not stopping.is_set():
            answers.append(await asyncio.to_thread(stage.predict))

    callers = [asyncio.create_task(call()) for _ in range(3)]
    stage.say("PUT", DEPLOYMENTS, wanted("sum", "docker:e2e/sum:2", minReplicas=1))
    await stage.becomes("sum", state="Ready", modelVersion="2")

    async def is_exchanged():
        return len(stage.engine.ours()) == 1

    await until("one container", is_exchanged)
    stopping.set()
    await asyncio.gather(*callers)
    versions = [good(answer)["model-version"] for answer in answers]
    check(versions == sorted(versions) and versions, f"versions as they came: {versions}")
    good(stage.predict(), "2")
    told(f"rolled out under {len(answers)} calls")


async def runs_out_of_memory(stage):
    limits = {"limits": {"cpu": "1", "memory": "16Mi"}, "requests": {"cpu": "1", "memory": "16Mi"}}
    stage.say("POST", DEPLOYMENTS, wanted("greedy", "e2e/sum:greedy", resources=limits))
    await stage.becomes("greedy", state="Failed", reason="ModelCrashed", message="its server ran out of memory, limit=16Mi")
    status, _, text = stage.predict("greedy")
    check(status == 503 and "ModelCrashed" in text, f"a call: {status} {text}")
    stage.say("DELETE", f"{DEPLOYMENTS}/greedy")
    told("out of memory, and said so")


async def pulls(stage):
    """With a wrong secret, then with the right one."""

    def login(password):
        encoded = base64.b64encode(password.encode()).decode()
        return connection("cellar", uri=REGISTRY, username="ada", password=encoded)

    stage.say("POST", CONNECTIONS, login("merlot"))
    stage.say("POST", DEPLOYMENTS, wanted("pulled", f"{REGISTRY}/e2e/sum:1", imagePullConnID="cellar"))
    await stage.becomes("pulled", state="Failed", reason="ImagePullFailed", message="unauthorized")
    begin = time.monotonic()
    status, _, text = stage.predict("pulled")
    check(status == 503 and "ImagePullFailed" in text and time.monotonic() - begin < 2, f"a call: {status} {text}")
    stage.say("PUT", CONNECTIONS, login(PASSWORD))
    await stage.becomes("pulled", state="Ready", modelVersion="1")
    good(stage.predict("pulled"), "1")
    stage.say("DELETE", f"{DEPLOYMENTS}/pulled")
    told("a wrong secret was said, the right one pulled")


async def outlives_the_daemon(stage, how, is_kept):
    """What ended with it is started anew, and what runs on is kept; while it is away, what is cold says where it was looked for."""
    engine, cold = stage.engine, how.name.lower()
    await stage.becomes(cold, 120, state="Ready", replicas=0)

    async def one():
        return len(engine.ours()) == 1

    await until("the container of sum alone", one)
    before = engine.ours()
    engine.stop(how)
    begin = time.monotonic()
    status, _, text = stage.predict(cold)
    seconds = time.monotonic() - begin
    check(status == 503 and "NoCapacity" in text and seconds < 2, f"a call after {seconds} s: {status} {text}")
    await stage.becomes(cold, 2, state="Failed", message="Docker can't be reached at /var/run/docker.sock: ")
    begin = time.monotonic()
    await engine.started("--live-restore")
    for name in ("sum", cold):
        await stage.becomes(name, state="Ready")
        good(stage.predict(name))
    seconds = time.monotonic() - begin
    check((engine.ours("sum") == before) == is_kept, f"before {how.name}: {before}, after: {engine.ours('sum')}")
    told(f"the Engine is back after {how.name}, and so are the models, in {seconds:.1f} s")
    stage.say("DELETE", f"{DEPLOYMENTS}/{cold}")
    await until("the container of sum alone", one)


async def outlives_a_kill(stage):
    before = stage.engine.ours()
    check(len(before) == 1, f"containers: {before}")
    stage.gateway.kill()
    check(stage.engine.ours() == before, "a killed gateway's container")
    await stage.up()
    await stage.becomes("sum", state="Ready", availableReplicas=1)
    good(stage.predict(), "2")
    after = stage.engine.ours()
    check(len(after) == 1 and not after & before, f"after a kill: {before}, {after}")
    told("after a kill no stray")


def registry(scratch, folder):
    """One that wants to be told a password."""
    (scratch / "htpasswd").write_text(LOGINS)
    config = {"version": "0.1", "storage": {"filesystem": {"rootdirectory": str(scratch / "registry")}}, "http": {"addr": REGISTRY}}
    config |= {"auth": {"htpasswd": {"realm": "cellar", "path": str(scratch / "htpasswd")}}, "log": {"level": "error"}}
    (scratch / "registry.yml").write_text(json.dumps(config))
    with open(scratch / "registry.log", "ab") as out:
        program = folder / "usr/bin/docker-registry"
        subprocess.Popen([str(program), "serve", str(scratch / "registry.yml")], stdout=out, stderr=out)


async def inside(scratch, folder):
    sh("ip", "link", "set", "lo", "up")
    registry(scratch, folder)
    engine = Engine(scratch, folder)
    await engine.started()
    for version in ("1", "2", "greedy"):
        engine.run("build", "-q", "-t", f"e2e/sum:{version}", "--build-arg", f"VERSION={version}", str(scratch / "image"))
    engine.run("login", "-u", "ada", "-p", PASSWORD, REGISTRY)
    engine.run("tag", "e2e/sum:1", f"{REGISTRY}/e2e/sum:1")
    engine.run("push", "-q", f"{REGISTRY}/e2e/sum:1")
    engine.run("rmi", f"{REGISTRY}/e2e/sum:1")
    (scratch / ".docker/config.json").unlink()
    engine.run("create", "--name", "stranger", "-l", "dev.loopgate.deployment=sum", "e2e/sum:1")
    stage = Stage(scratch, engine)
    await stage.up()
    stage.say("DELETE", f"{DEPLOYMENTS}/wine")
    await deploys(stage)
    await rolls_out(stage)
    await runs_the_example(stage)
    await runs_out_of_memory(stage)
    await pulls(stage)
    for how, is_kept in ENDS.items():
        await outlives_the_daemon(stage, how, is_kept)
    await outlives_a_kill(stage)
    stage.say("DELETE", f"{DEPLOYMENTS}/sum")

    async def gone():
        return ask(f"{stage.door}{DEPLOYMENTS}/sum")[0] == 404

    await until("the deployment to be gone", gone)
    check(not engine.ours(), f"left: {engine.ours()}")
    check(engine.run("ps", "-aq", "--filter", "name=stranger"), "a stranger's container is gone")
    stage.gateway.stop()
    said = (scratch / "up.log").read_text() + engine.log.read_text()
    check(PASSWORD not in said and base64.b64encode(PASSWORD.encode()).decode() not in said, "a log has the password")
    verify(stage.data, {0})
    engine.stop()


if __name__ == "__main__":
    try:
        asyncio.run(inside(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
    except Failed as error:
        sys.exit(f"docker: {error}")
    finally:
        end_started()
