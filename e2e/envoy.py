"""A real Envoy with Loopgate beside it: one table of exchanges goes through our own proxy, then through Envoys of the oldest and
the newest version, without Loopgate, with it as an observer and in synchronous mode. Both ends see the same bytes on all ways,
and each exchange stands in the files once. Then the gateway is absent, killed, stopped, slow and full under load. See `run`.

LOOPGATE_ENVOY=WAY[@VERSION][:CASE,CASE] runs one way alone, or these cases of it: proxy, bare, observer, sync, side.
"""

import asyncio
import os
import random

import envoy_server
import http2
from common import check

VERSIONS = ("1.36.4", "1.40.0")
WAYS = ("proxy", "bare", "observer", "sync", "side")


def chosen():
    """The ways, versions and cases that were asked for."""
    text = os.environ.get("LOOPGATE_ENVOY", "")
    way, _, cases = text.partition(":")
    way, _, version = way.partition("@")
    check(way in ("", *WAYS), f"LOOPGATE_ENVOY={text}: no way {way}; ways: {', '.join(WAYS)}")
    ways = (way,) if way else WAYS
    return ways, (version,) if version else VERSIONS, set(cases.split(",")) if cases else set()


async def envoy(scratch):
    """All ways, on all versions."""
    ways, versions, only = chosen()
    await asyncio.to_thread(http2.library)
    for version in versions:
        await asyncio.to_thread(envoy_server.program, version)
    import envoy_side  # what needs h2 of PyPI, which is there now
    import envoy_ways
    from envoy_model import Model

    async with Model() as model:
        proxys = None
        if "proxy" in ways or (len(ways) == 1 and ways[0] in ("observer", "sync")):
            proxys = await envoy_ways.go(scratch, model, "proxy", "", only)
        for version in versions:
            baseline = None
            # How much memory an exchange takes, and how many there may be, is the gateway's own; the newest shows it.
            but = ("huge", "many") if version != versions[-1] and not only else ()
            for way in ("bare", "observer", "sync"):
                if way in ways or (way == "bare" and set(ways) & {"observer", "sync"}):
                    kept = await envoy_ways.go(scratch, model, way, version, only, but, baseline, proxys)
                    baseline = baseline or kept
    if "side" in ways:
        seed = int(os.environ.get("LOOPGATE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
        print(f"envoy: seed {seed}", flush=True)
        await envoy_side.side_channel(scratch, versions if len(ways) == 1 else versions[-1:], seed, versions[0])
