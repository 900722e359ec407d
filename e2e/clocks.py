"""What a wall clock can do to a gateway: step forward and back, and cross the end of a year. See `run`."""

import asyncio
import calendar
import json
import pathlib
import re
import sys
import time

import load
from common import Gateway, all_found, check, metric, need, until, verify

PATH = re.compile(
    r"(request_response|response_body|feedback)/m/1/year=(\d{4})/month=(\d\d)/day=(\d\d)/(\d{10})_\d+\.json"
)
HOUR, DAY = 3600, 86400


class Wall:
    """The wall clock of a process under Debian's libfaketime, which reads how far it is off at each look."""

    def __init__(self, scratch, start):
        need("faketime", "faketime")
        self.file = scratch / "wall"
        self.set(start)

    def set(self, now):
        self.off = now - time.time()
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self.off:+.3f}\n")
        fresh.rename(self.file)  # never read half

    def step(self, seconds):
        self.set(self.now() + seconds)

    def now(self):
        return time.time() + self.off

    def environment(self):
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            # Both, else timed waits return at once or the monotonic clock jumps.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
            "TZ": "Pacific/Chatham",  # 12:45 or 13:45 ahead: no path may know
        }


def library():
    found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    check(found, "missing part: libfaketimeMT.so.1 (Debian package libfaketime)")
    return found[0]


def utc(*parts):
    return calendar.timegm((*parts, 0, 0))


def hour_of(seconds):
    return time.strftime("%Y%m%d%H", time.gmtime(seconds))


async def ask(port, names):
    """A prediction and a feedback of each name, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for name in names:
        status, _ = await load.exchange(reader, writer, "/model/m/x", [f"request-id: {name}"], b"{}")
        check(status == 200, f"prediction {name}: status={status}")
        status = await load.give_feedback(reader, writer, name)
        check(status == 200, f"feedback {name}: status={status}")
    writer.close()


def hours_found(files):
    """The hour of each id's file, by stream; a path or a time that does not fit is an error."""
    hours = {}
    for path in files.glob("*/**/*.json"):
        key = str(path.relative_to(files))
        if key.startswith(("_manifest/", ".staging/")):
            continue
        name = PATH.fullmatch(key)
        check(name, f"no valid path: {key}")
        stream, year, month, day, hour = name.groups()
        check(hour[:8] == year + month + day, f"no valid path: {key}")
        time.strptime(hour, "%Y%m%d%H")
        for line in path.read_text().splitlines():
            record = json.loads(line)
            said = re.sub("[- ]", "", record["time"][:13])
            check(said == hour, f"in another hour than it says: {key}: {record['time']}")
            check((stream, record["request_id"]) not in hours, f"twice: {key}: {record['request_id']}")
            hours[stream, record["request_id"]] = hour
    return hours


async def clocks(scratch):
    """Row 16: +1 h, -2 h, +1 d, back, and across the end of a year, while predictions and feedback come."""
    check(sys.platform == "linux", "missing part: Linux")
    model = await asyncio.start_server(load.serve_model, "127.0.0.1", 0)
    data = scratch / "data"
    files = data / "files"
    year = time.gmtime().tm_year
    new_year = utc(year + 1, 1, 1, 0)
    wall = Wall(scratch, utc(year, 12, 31, 22) + HOUR / 2)
    gateway = Gateway(
        data,
        model.sockets[0].getsockname()[1],
        scratch / "gateway.log",
        environment=wall.environment(),
    )
    expected, names, slowest = {}, [], 0.0
    try:
        steps = 0

        async def adopted():
            _, metrics, _ = await load.get(gateway.port, "/metrics")
            return metric(metrics, "loopgate_clock_steps_total") >= steps

        moves = [
            ("start", 0),
            ("+1 h", HOUR),
            ("-2 h", -2 * HOUR),
            ("+1 d", DAY),
            ("back before the year's end", None),
            ("+1 h in the new year", HOUR),
        ]
        for number, (what, seconds) in enumerate(moves):
            if seconds is None:
                wall.set(new_year - 15)
            elif seconds:
                wall.step(seconds)
            steps += number > 0
            await until(f"the clock to be taken over: {what}", adopted, 10)
            asked = []
            begin = wall.now()
            check(seconds is not None or begin < new_year, "the clock was taken over after the year's end: a busy machine")
            while not asked or (seconds is None and wall.now() < new_year):
                some = [f"c{number}-{len(asked) + i}" for i in range(10)]
                await ask(gateway.port, some)
                asked += some
            if seconds is None:  # it is the new year
                more = [f"c{number}-{len(asked) + i}" for i in range(10)]
                await ask(gateway.port, more)
                asked += more
            may = {hour_of(begin - 1), hour_of(wall.now() + 1)}
            expected |= dict.fromkeys(asked, may)
            names += asked
            began = time.monotonic()

            async def all_there():
                hours = hours_found(files)
                streams = ("request_response", "response_body", "feedback")
                return all((stream, name) in hours for stream in streams for name in asked)

            await until(f"files of all that was asked: {what}", all_there, 15)
            slowest = max(slowest, time.monotonic() - began)
        gateway.stop()
    finally:
        gateway.kill()
        model.close()
        for left in (f"faketime_shm_{gateway.process.pid}", f"sem.faketime_sem_{gateway.process.pid}"):
            pathlib.Path("/dev/shm", left).unlink(missing_ok=True)  # a JVM ends without the library's own end
    hours = hours_found(files)
    for stream in ("request_response", "response_body", "feedback"):
        all_found(files, stream, names)
    for (_, name), hour in hours.items():
        check(hour in expected[name], f"{name}: in {hour}, asked in {sorted(expected[name])}")
    told = verify(data, {0})
    print(
        f"clocks: {len(names)} predictions and as many feedbacks over {len(moves) - 1} steps, in the hours"
        f" {' '.join(sorted(set(hours.values())))}; longest from answer to file {slowest:.1f} s;"
        f" {told.strip().splitlines()[-1]}"
    )
