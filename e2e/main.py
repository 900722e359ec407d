"""The command line of `./e2e/run`."""

import asyncio
import pathlib
import shutil
import signal
import sys
import tempfile

import api_fuzz
import browser
import clients
import clocks
import cold_storm
import conformance
import disk
import disk_errors
import docker
import envoy
import envoy_authz
import envoy_xds
import fluentd
import manifests
import model_server
import odahuflowctl
import power
import readers
import readme
import receivers
import rolling
import routes
import sidecar
import small_disks
import store_faults
import stores
import story
from common import Failed, end_started

PARTS = {
    "frozen-disk": disk.frozen_disk,
    "power-cut": power.power_cut,
    "power-cut-without-syncs": power.power_cut_without_syncs,
    "small-disks": small_disks.small_disks,
    "disk-errors": disk_errors.disk_errors,
    "clocks": clocks.clocks,
    "h2spec": conformance.h2spec,
    "clients": clients.clients,
    "mlserver": model_server.mlserver,
    "odahuflowctl": odahuflowctl.odahuflowctl,
    "schemathesis": api_fuzz.schemathesis,
    "readers": readers.readers,
    "readme": readme.readme,
    "rolling-restart": rolling.rolling_restart,
    "routes": routes.routes,
    "cold-storm": cold_storm.cold_storm,
    "stores": stores.stores,
    "store-faults": store_faults.store_faults,
    "fluentd": fluentd.fluentd,
    "envoy": envoy.envoy,
    "envoy-authz": envoy_authz.envoy_authz,
    "envoy-xds": envoy_xds.envoy_xds,
    "manifests": manifests.manifests,
    "browser": browser.browser,
    "docker": docker.docker,
    "sidecar": sidecar.sidecar,
    "story": story.story,
}

# Known by name, not run with all the others: the receivers alone, and the story with a Fluentd beside the files.
ASIDE = {
    "fluentd-receivers": receivers.alone,
    "story-fluentd": story.story_fluentd,
}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = sys.argv[1:] or list(PARTS)
    for name in names:
        if name not in PARTS | ASIDE:
            sys.exit(f"e2e: unknown part {name}; known: {', '.join(PARTS | ASIDE)}")
    for name in names:
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="loopgate-e2e-"))
        try:
            asyncio.run((PARTS | ASIDE)[name](scratch))
            print(f"e2e: {name}: good")
        except Failed as error:
            sys.exit(f"e2e: {name}: ERROR: {error}")
        finally:
            end_started()
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
