"""Stores that others wrote: versitygw and fake-gcs-server keep the contract of ours and take a gateway's files, moto gives out
credentials. See `run`.

versitygw is strict (signatures, checksums, conditions) and is asked for all. fake-gcs-server ends an upload at the question how far
it came, so what needs that stays with our own fake. moto looks at neither body nor signature: what credentials a gateway found, a
door before it sees.
"""

import asyncio
import hashlib
import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import load
from common import ROOT, Gateway, certificate, check, free_port, go_program, is_listened_at, need, python_with, until, verify

VERSITYGW = ("versitygw", "github.com/versity/versitygw/cmd/versitygw", "v1.8.0")
FAKE_GCS = ("fake-gcs-server", "github.com/fsouza/fake-gcs-server", "v1.56.1")
MOTO = "moto[s3,server]==5.2.5"

KEY, SECRET = "test", "test12345"
BUCKET = "loopgate-e2e"
CONTRACT = {"S3EndpointContract": 24, "GcsEndpointContract": 13}  # tests there are at least
PREDICTIONS = 50
ROLE = "arn:aws:iam::123456789012:role/loopgate"


class Server:
    """A store's process; its port is ready when this returns."""

    def __init__(self, log, command, environment=None):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | (environment or {}))

    async def ready(self, port):
        async def answers():
            check(self.process.poll() is None, f"{self.log.name}: ended: {self.log.read_text()[-2000:]}")
            return await is_listened_at(port)

        await until(f"{self.log.name} to listen", answers)
        return self

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def make_s3_bucket(url, bucket, *more):
    sign = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", f"{KEY}:{SECRET}"]
    sign += ["-H", f"x-amz-content-sha256: {hashlib.sha256().hexdigest()}"]
    command = ["curl", "-q", "-sS", "--noproxy", "*", *sign, *more, "-o", "-", "-w", "%{http_code}"]
    done = subprocess.run([*command, "-X", "PUT", f"{url}/{bucket}"], capture_output=True, text=True)
    check(done.stdout.endswith("200"), f"bucket: {done.stdout}{done.stderr}")


def make_gcs_bucket(url, bucket):
    body = json.dumps({"name": bucket}).encode()
    request = urllib.request.Request(f"{url}/storage/v1/b?project=p", body, {"content-type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        check(answer.status == 200, f"bucket: {answer.status}")


def contract(s3_port, gcs_port):
    """The same JUnit classes that our own fakes have to pass, of the test classes that `mvn verify` made."""
    tests = ",".join(CONTRACT)
    command = ["mvn", "--batch-mode", "--no-transfer-progress", "verify", "-pl", "log-shipper", "-am"]
    command += ["-Dspotless.check.skip=true", "-Dtest=NoSuchTest", f"-Dit.test={tests}"]
    command += ["-Dsurefire.failIfNoSpecifiedTests=false", "-Dfailsafe.failIfNoSpecifiedTests=false"]
    command += [f"-Dloopgate.s3.port={s3_port}", f"-Dloopgate.s3.key={KEY}", f"-Dloopgate.s3.secret={SECRET}"]
    command += [f"-Dloopgate.gcs.port={gcs_port}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    check(done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-8000:]}{done.stderr[-2000:]}")
    for name, least in CONTRACT.items():
        ran = re.search(rf"Tests run: (\d+), Failures: 0, Errors: 0, Skipped: 0.*{name}", done.stdout)
        check(ran and int(ran.group(1)) >= least, f"{name}: did not run: {done.stdout[-3000:]}")
        print(f"stores: {name}: {ran.group(1)} tests")


async def gateway(scratch, name, root, options, environment=None):
    """The gateway ships to a root; stopped, all of it balances there, read by its own `verify`."""
    folder = scratch / f"gateway-{name}"
    folder.mkdir()
    model = await asyncio.start_server(load.serve_model, "127.0.0.1", 0)
    options = ["--files", root, *options]
    port = model.sockets[0].getsockname()[1]
    log = folder / "gateway.log"
    gate = await asyncio.to_thread(Gateway, folder / "data", port, log, options, 0, "0s", environment)
    try:
        callers = load.Load(gate.port, prefix=name, connections=2)
        running = asyncio.create_task(callers.run())

        async def enough():
            check(gate.process.poll() is None, f"{name}: the gateway ended: {gate.tail()}")
            return len(callers.answered) >= PREDICTIONS

        await until(f"{name}: predictions", enough)
        callers.stopping = True
        await running
        check(not callers.failed, f"{name}: {callers.failed[:3]}")
        await asyncio.to_thread(gate.stop)
        check(not re.search(r" (WARN|ERROR) .*(log-shipper)", gate.tail()), f"{name}: {gate.tail()}")
        said = await asyncio.to_thread(verify, root, {0}, options[2:], environment)
        check("balanced: hours=" in said, f"{name}: verify: {said}")
        count = sum(int(lines) for lines in re.findall(r" request_response=(\d+)", said))
        check(count == len(callers.answered), f"{name}: files={count}, answered={len(callers.answered)}: {said}")
        print(f"stores: {name}: {len(callers.answered)} predictions, balanced")
    finally:
        gate.kill()
        model.close()


def keys_of(access, secret):
    return {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true"}


async def strict(scratch, program):
    """versitygw over TLS, as stores are met."""
    need("curl", "curl")
    cert, key = certificate(scratch)
    folder = scratch / "versitygw-tls"
    folder.mkdir()
    port = free_port()
    command = [program, "--access", KEY, "--secret", SECRET, "--port", f"127.0.0.1:{port}"]
    command += ["--cert", str(cert), "--key", str(key), "posix", str(folder)]
    server = await Server(scratch / "versitygw-tls.log", command).ready(port)
    try:
        url = f"https://127.0.0.1:{port}"
        make_s3_bucket(url, BUCKET, "--cacert", str(cert))
        store = scratch / "trust.p12"
        home = os.environ.get("JAVA_HOME")
        keytool = str(Path(home) / "bin" / "keytool") if home else need("keytool", "default-jre-headless")
        command = [keytool, "-importcert", "-noprompt", "-alias", "door", "-file", str(cert), "-keystore", str(store)]
        done = subprocess.run([*command, "-storepass", "changeit"], capture_output=True, text=True)
        check(done.returncode == 0, f"keytool: {done.stdout}{done.stderr}")
        trust = f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit"
        environment = keys_of(KEY, SECRET) | {"LOOPGATE_JAVA_OPTS": trust}
        await gateway(scratch, "versitygw", f"s3://{BUCKET}/of/tls", ["--s3.endpoint", url], environment)
    finally:
        server.stop()


class Door:
    """Before moto's S3: passes bytes on and notes whose credentials each request is signed with."""

    def __init__(self, port):
        self.port = port
        self.keys = []  # access key, whether a token of the session came with it

    async def serve(self, reader, writer):
        """One exchange; its connections end with it."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            text = head.decode("latin-1")
            key = re.search(r"Credential=([^/]+)/", text)
            if key:
                self.keys.append((key.group(1), "x-amz-security-token:" in text.lower()))
            if "100-continue" in text.lower():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            length = re.search(r"(?im)^content-length: *(\d+)", text)
            body = await reader.readexactly(int(length.group(1)) if length else 0)
            from_store, to_store = await asyncio.open_connection("127.0.0.1", self.port)
            kept = re.sub(rb"(?im)^(expect|connection):.*\r\n", b"", head)[:-2]
            to_store.write(kept + b"Connection: close\r\n\r\n" + body)
            await to_store.drain()
            writer.write(await from_store.read())
            await writer.drain()
            to_store.close()
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # a connection that was not used, or a client that left
        finally:
            writer.close()


async def credentials(scratch):
    """Each way that a gateway in a cloud gets its credentials: what signs its requests are those that were given out."""
    python = python_with("moto", MOTO)
    port = free_port()
    command = [str(Path(python).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    moto = await Server(scratch / "moto.log", command).ready(port)
    door = Door(port)
    before = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{before.sockets[0].getsockname()[1]}"
    try:
        make_s3_bucket(f"http://127.0.0.1:{port}", BUCKET)
        nobody = scratch / "nobody"  # not this machine's own configuration
        nobody.touch()
        sts = f"http://127.0.0.1:{port}"
        common = {"AWS_CONFIG_FILE": str(nobody), "AWS_SHARED_CREDENTIALS_FILE": str(nobody), "AWS_ENDPOINT_URL_STS": sts}
        common |= {"AWS_REGION": "us-east-1"}
        profile = scratch / "config"
        profile.write_text(
            f"[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = secret\n"
            f"[profile loopgate]\nrole_arn = {ROLE}\nsource_profile = base\nregion = us-east-1\n"
        )
        token = scratch / "token"
        token.write_text("eyJhbGciOiJub25lIn0.e30.")
        ways = {
            "assume-role": {"AWS_CONFIG_FILE": str(profile), "AWS_PROFILE": "loopgate", "AWS_EC2_METADATA_DISABLED": "true"},
            "web-identity": {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": ROLE, "AWS_EC2_METADATA_DISABLED": "true"},
            "instance": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{port}"},
        }
        for way, environment in ways.items():
            door.keys.clear()
            root = f"s3://{BUCKET}/of/{way}"
            await gateway(scratch, way, root, ["--s3.endpoint", url], common | environment)
            check(door.keys, f"{way}: nothing was signed")
            strange = [key for key, session in door.keys if key == "AKIABASE" or not session]
            check(not strange, f"{way}: signed without a session: {strange[:3]}")
            print(f"stores: {way}: {len(door.keys)} requests signed by {sorted({key for key, _ in door.keys})[:2]}")
    finally:
        before.close()
        moto.stop()


async def stores(scratch):
    """All of it, and how long each took."""
    versitygw, fake_gcs = go_program(*VERSITYGW), go_program(*FAKE_GCS)
    python_with("moto", MOTO)
    began = time.monotonic()
    folder = scratch / "versitygw"
    folder.mkdir()
    s3_port, gcs_port = free_port(), free_port()
    command = [versitygw, "--access", KEY, "--secret", SECRET, "--port", f"127.0.0.1:{s3_port}", "posix", str(folder)]
    servers = [await Server(scratch / "versitygw.log", command).ready(s3_port)]
    try:
        gcs = f"http://127.0.0.1:{gcs_port}"
        command = [fake_gcs, "-scheme", "http", "-host", "127.0.0.1", "-port", str(gcs_port), "-backend", "memory"]
        command += ["-public-host", f"127.0.0.1:{gcs_port}", "-external-url", gcs]
        servers.append(await Server(scratch / "fake-gcs-server.log", command).ready(gcs_port))
        await asyncio.to_thread(contract, s3_port, gcs_port)
        print(f"stores: contract: {time.monotonic() - began:.0f} s")
        make_gcs_bucket(gcs, BUCKET)
        await gateway(scratch, "fake-gcs-server", f"gs://{BUCKET}/of/gateway", ["--gcs.endpoint", gcs])
        await strict(scratch, versitygw)
        await credentials(scratch)
    finally:
        for server in servers:
            server.stop()
    print(f"stores: {time.monotonic() - began:.0f} s")
