"""Whether strangers' programs find us right: h2spec asks everything that RFC 9113 and RFC 7541 demand of a server."""

import asyncio
import re
import subprocess

import load
from common import Gateway, certificate, check, go_program

H2SPEC = "v2.2.1+incompatible"


async def h2spec(scratch):
    """All of h2spec, over plain TCP and over TLS, against a model's path."""
    program = go_program("h2spec", "github.com/summerwind/h2spec/cmd/h2spec", H2SPEC)
    cert, key = certificate(scratch)
    model = await asyncio.start_server(load.serve_model, "127.0.0.1", 0)
    try:
        for word, options, flags in (
            ("h2c", [], []),
            ("h2 over TLS", ["--tls.certificate", str(cert), "--tls.key", str(key)], ["-t", "-k"]),
        ):
            data = scratch / ("tls" if flags else "plain")
            data.mkdir()
            port = model.sockets[0].getsockname()[1]
            gateway = Gateway(data / "data", port, data / "gateway.log", options)
            try:
                command = [program, "-h", "127.0.0.1", "-p", str(gateway.port), "-P", "/model/m/x", "-o", "5", *flags]
                process = await asyncio.create_subprocess_exec(
                    *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
                said = (await asyncio.wait_for(process.communicate(), 300))[0].decode(errors="replace")
                summary = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", said)
                check(summary, f"{word}: h2spec said nothing to count: {said[-2000:]}")
                print(f"h2spec: {word}: {summary.group(0)}")
                failures = said[said.find("Failures:"):] if "Failures:" in said else ""
                check(summary.group(4) == "0", f"{word}: {failures}")
                check(int(summary.group(2)) > 100, f"{word}: too few tests: {summary.group(0)}")
                gateway.stop()
            finally:
                gateway.kill()
    finally:
        model.close()
