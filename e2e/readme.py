"""The commands of README.md by which a model of one's own is deployed, as they stand there: in a shell, in the clone, one after the other.
Only where doors and data are is said by variables, so that nothing of this machine is in the way.
"""

import asyncio
import json
import re
import signal
import subprocess

from common import ROOT, STARTED, check, for_loopgate, free_port, found_in, until, verify

SECTION = "## Deploy a model of your own"
SECONDS = 180  # the launcher may have to prepare faster starts


def commands():
    """The lines of the section's block."""
    text = (ROOT / "README.md").read_text().split(SECTION + "\n")[1].split("\n## ")[0]
    lines = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    check(len(lines) == 5 and lines[0] == "./loopgate up", f"README.md: {SECTION}: {lines}")
    return lines


async def readme(scratch):
    up, *others = commands()
    data, log, api = scratch / "data", scratch / "up.log", f"127.0.0.1:{free_port()}"
    (scratch / "home").mkdir()
    door = {"LOOPGATE_LISTEN": "127.0.0.1:0", "LOOPGATE_API_LISTEN": api, "LOOPGATE_DATA": str(data), "LOOPGATE_SHIP_WINDOW": "2s"}
    with open(log, "ab") as out:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {up}"], cwd=ROOT, stdout=out, stderr=out, env=for_loopgate(door)
        )
    STARTED.append(process)

    async def serves():
        check(process.poll() is None, f"{up}: {log.read_text()}")
        return "Ctrl-C" in log.read_text()

    await until("the sample model", serves, 300)
    told = []
    for command in others:
        client = for_loopgate({"API_URL": f"http://{api}", "HOME": str(scratch / "home")})
        run = ["bash", "-c", command]
        done = await asyncio.to_thread(subprocess.run, run, cwd=ROOT, env=client, capture_output=True, text=True, timeout=SECONDS)
        check(done.returncode == 0, f"{command}: exit={done.returncode}\n{done.stdout}{done.stderr}\n{log.read_text()[-3000:]}")
        told.append(done.stdout)
    created, predicted, judged, shown = told
    check("Model mean was deployed." in created, f"create: {created}")
    check(json.loads(predicted)["prediction"] == [[3.0]], f"invoke: {predicted}")
    check(json.loads(judged)["registered"] is True, f"feedback: {judged}")
    check("mean" in shown and "Ready" in shown, f"get: {shown}")
    process.send_signal(signal.SIGINT)
    check(process.wait(60) == 0, f"Ctrl-C: exit={process.returncode}: {log.read_text()[-3000:]}")
    for stream in ("request_response", "response_body", "feedback"):
        check(found_in(data / "files", stream).get("my-first-mean") == 1, f"{stream}: {found_in(data / 'files', stream)}")
    verify(data, (0,))
    print(f"readme: {1 + len(others)} commands, from the first start to a prediction and what became of it, each as it stands there")
