"""A rolling restart behind a load balancer: nobody notices, nothing is lost, nothing stands twice. See `run`."""

import asyncio
import subprocess
import time

import load
from common import Gateway, all_in, check, found_in, free_port, need, until, verify

PREDICTIONS_PER_SECOND = 600
FEEDBACK_PER_SECOND = 30
ROUNDS = 2
DELAY = "1s"  # HAProxy needs 100 ms to see it

# `retries 0`: what a gateway refuses is a failure that the caller sees, not one that HAProxy hides by asking again.
HAPROXY = """
global
  nbthread 1
defaults
  mode http
  option http-keep-alive
  http-reuse always
  retries 0
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout check 1s
frontend door
  bind 127.0.0.1:{door}
  default_backend gateways
frontend looks
  bind 127.0.0.1:{looks}
  stats enable
  stats uri /stats
backend gateways
  balance roundrobin
  option httpchk GET /readyz
  default-server check inter 100ms fall 1 rise 2
  server a 127.0.0.1:{a}
  server b 127.0.0.1:{b}
"""


class Balancer:
    """HAProxy in front of the gateways at these ports."""

    def __init__(self, scratch, ports):
        program = need("haproxy", "haproxy")
        self.door, self.looks = free_port(), free_port()
        config = scratch / "haproxy.cfg"
        config.write_text(HAPROXY.format(door=self.door, looks=self.looks, **ports))
        self.log = scratch / "haproxy.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([program, "-db", "-f", str(config)], stdout=out, stderr=out)

    async def up(self):
        """The names of the gateways that it sends callers to."""
        check(self.process.poll() is None, f"haproxy ended: {self.log.read_text()[-2000:]}")
        try:
            _, text, _ = await load.get(self.looks, "/stats;csv")
        except OSError:
            return set()  # not there yet
        rows = [line.split(",") for line in text.splitlines()]
        status = rows[0].index("status")
        return {row[1] for row in rows if row[0] == "gateways" and row[status] == "UP"} - {"BACKEND"}

    def kill(self):
        self.process.kill()
        self.process.wait()


async def rolling_restart(scratch):
    """Two gateways, each restarted twice in turn under load."""
    model = await asyncio.start_server(load.serve_model, "127.0.0.1", 0)
    ports = {name: free_port() for name in ("a", "b")}
    gateways = {}

    def start(name):
        model_port = model.sockets[0].getsockname()[1]
        log = scratch / f"{name}.log"
        gateways[name] = Gateway(scratch / name, model_port, log, port=ports[name], delay=DELAY)

    balancer = Balancer(scratch, ports)
    try:
        for name in ports:
            await asyncio.to_thread(start, name)

        async def all_up():
            return await balancer.up() == set(ports)

        await until("both gateways at the balancer", all_up)
        predictions = load.Load(balancer.door, PREDICTIONS_PER_SECOND)
        feedbacks = load.FeedbackLoad(balancer.door, FEEDBACK_PER_SECOND, connections=2, prefix="f")
        running = [asyncio.create_task(one.run()) for one in (predictions, feedbacks)]
        begin = time.monotonic()
        await asyncio.sleep(1)
        for _ in range(ROUNDS):
            for name in ports:
                await asyncio.to_thread(gateways[name].stop)
                await asyncio.to_thread(start, name)
                await until(f"gateway {name} at the balancer again", all_up)
        await asyncio.sleep(1)
        for one in (predictions, feedbacks):
            one.stopping = True
        await asyncio.gather(*running)
        took = time.monotonic() - begin
        for name in ports:
            await asyncio.to_thread(gateways[name].stop)
    finally:
        for gateway in gateways.values():
            gateway.kill()
        balancer.kill()
        model.close()
    print(
        f"rolling-restart: {len(ports) * ROUNDS} restarts in {took:.0f} s; {len(predictions.answered)} predictions,"
        f" {len(feedbacks.answered)} feedbacks; failed {len(predictions.failed)}, {len(feedbacks.failed)}"
    )
    for one in (predictions, feedbacks):
        check(not one.failed, f"failed: {len(one.failed)}, first {one.failed[:3]}")
        # Half, since a busy machine may not manage all of it; one that stands still is far below.
        check(len(one.answered) > took * one.per_second * 0.5, f"the load stood still: {len(one.answered)}")
    answered = {stream: predictions.answered for stream in ("request_response", "response_body")}
    answered["feedback"] = feedbacks.answered
    for stream, exchanges in answered.items():
        names = [name for name, *_ in exchanges]
        seen = {}
        for gateway in ports:
            there = found_in(scratch / gateway / "files", stream)
            check(len(there) > len(names) / 10, f"{stream}: gateway {gateway} took only {len(there)}")
            for name, count in there.items():
                seen[name] = seen.get(name, 0) + count
        all_in(seen, stream, names)
        check(len(seen) == len(names), f"{stream}: {len(seen)} stand there, {len(names)} were answered")
    for gateway in ports:
        verify(scratch / gateway, {0})
