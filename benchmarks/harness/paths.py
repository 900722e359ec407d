"""Where things lie."""

import os
import pathlib

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCHMARKS.parent
LAUNCHER = ROOT / "loopgate"
RESULTS_PAGE = BENCHMARKS / "RESULTS.md"
RECORDED = BENCHMARKS / "results.json"
RESULTS = BENCHMARKS / "results"


def testbed() -> pathlib.Path:
    """What `./benchmarks/setup` has put aside; `LOOPGATE_TESTBED` names another place."""
    chosen = os.environ.get("LOOPGATE_TESTBED")
    return pathlib.Path(chosen) if chosen else pathlib.Path.home() / ".cache/loopgate-testbed"
