"""A store that speaks S3 and can be taken away: versitygw over a plain directory."""

import signal
import subprocess

import load
from common import check, free_port, go_program, until

VERSITYGW = "v1.8.0"
BUCKET = "kept"
ACCESS, SECRET = "e2e", "e2e-secret"


class Store:
    """versitygw; the objects of its one bucket are files below `objects`."""

    def __init__(self, scratch):
        self.program = go_program("versitygw", "github.com/versity/versitygw/cmd/versitygw", VERSITYGW)
        self.folder = scratch / "store"
        self.objects = self.folder / BUCKET
        self.objects.mkdir(parents=True)  # a folder is a bucket
        self.log = scratch / "versitygw.log"
        self.port = free_port()
        self.process = None

    @property
    def environment(self):
        """What its callers need to be let in."""
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}

    def options(self, prefix):
        """What tells a gateway, or `verify`, to use it."""
        return ["--files", f"s3://{BUCKET}/{prefix}", "--s3.endpoint", f"http://127.0.0.1:{self.port}"]

    async def start(self):
        command = [self.program, "--access", ACCESS, "--secret", SECRET, "--port", f"127.0.0.1:{self.port}"]
        command += ["--quiet", "posix", str(self.folder)]
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)

        async def answers():
            check(self.process.poll() is None, f"versitygw ended: {self.log.read_text()[-2000:]}")
            try:
                await load.get(self.port, "/")
            except (OSError, EOFError):
                return False
            return True

        await until("versitygw to answer", answers)

    def stand_still(self):
        """It takes connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """Nothing listens at its port any more; what it has stored stays."""
        if self.process:
            self.process.kill()
            self.process.wait()
