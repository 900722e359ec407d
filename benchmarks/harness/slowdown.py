"""A planted slow-down: a Java agent makes the gateway busy for so long for each entry it appends.

The harness must see it, or it sees nothing. No code of the product takes part.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

from harness import paths
from harness.problems import Problem

SOURCE = paths.BENCHMARKS / "agent" / "SlowDown.java"
MANIFEST = "Premain-Class: SlowDown\n"


def _jdk() -> pathlib.Path:
    homes = [os.environ.get("JAVA_HOME", ""), *sorted(map(str, pathlib.Path("/usr/lib/jvm").glob("*")))]
    for home in homes:
        release = pathlib.Path(home or "/nonexistent", "release")
        if not release.exists() or not (release.parent / "bin/javac").exists():
            continue
        for line in release.read_text().splitlines():
            number = line.removeprefix('JAVA_VERSION="').split(".")[0].strip('"')
            if line.startswith("JAVA_VERSION=") and number.isdigit() and int(number) >= 25:
                return release.parent
    raise Problem("missing: a JDK 25 to build the planted slow-down with: set JAVA_HOME")


def java_option(micros: float) -> str:
    """Builds the agent; the flag that loads it into a JVM."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="loopgate-slowdown-"))
    jdk, jar = _jdk(), folder / "slowdown.jar"
    manifest = folder / "manifest"
    manifest.write_text(MANIFEST)
    classes = folder / "classes"
    for command in (
        [jdk / "bin/javac", "-d", classes, SOURCE],
        [jdk / "bin/jar", "--create", "--file", jar, "--manifest", manifest, "-C", classes, "."],
    ):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            raise Problem(f"{command[0]}: {done.stderr.strip()[-300:]}")
    return f"-javaagent:{jar}={round(micros * 1000)}"
