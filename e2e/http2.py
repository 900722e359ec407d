"""HTTP/2 on asyncio, either side of a connection, around Python's h2; imported only where `library` has been called."""

import asyncio
import contextlib
import sys

from common import python_with, sh

H2 = "h2==4.3.0"
WINDOW = 4 << 20


def library():
    """Makes h2 importable: from a venv in the cache, it is pure Python."""
    python = python_with("h2", H2)
    place = sh(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    if place not in sys.path:
        sys.path.append(place)


class Broken(ConnectionError):
    """The stream was reset, or the connection is gone."""


class Stream:
    """What came on one stream: heads (lists of pairs), pieces (bytes), then `END`, or `Broken`."""

    END = object()

    def __init__(self, connection, number):
        self.connection, self.number = connection, number
        self.came = asyncio.Queue()
        self.broken = False

    async def next(self):
        if self.broken and self.came.empty():
            raise Broken("broken before")
        what = await self.came.get()
        if isinstance(what, Broken):
            self.broken = True
            raise what
        return what

    async def head(self, headers, end=False):
        with self.while_open():
            self.connection.h2.send_headers(self.number, headers, end_stream=end)
        await self.connection.flush()

    @contextlib.contextmanager
    def while_open(self):
        from h2.exceptions import ProtocolError

        try:
            yield
        except ProtocolError as error:
            raise Broken(repr(error)) from error

    async def send(self, data, end=False):
        """All of it, as the windows allow."""
        h2, rest = self.connection.h2, memoryview(data)
        while True:
            with self.while_open():
                size = min(h2.local_flow_control_window(self.number), h2.max_outbound_frame_size, len(rest))
                sends = size > 0 or not rest
                if sends:
                    size = max(0, size)
                    h2.send_data(self.number, bytes(rest[:size]), end_stream=end and size == len(rest))
            if not sends:
                await self.connection.moved(self)
                continue
            rest = rest[size:]
            await self.connection.flush()
            if not rest:
                return

    async def reset(self, code=8):
        with contextlib.suppress(Exception):  # it may be over by now
            self.connection.h2.reset_stream(self.number, code)
            await self.connection.flush()


class Connection:
    """`serve`: who is given each stream that the other side opens, with its head."""

    def __init__(self, reader, writer, serve=None):
        import h2.config
        import h2.connection
        import h2.settings

        self.reader, self.writer, self.serve = reader, writer, serve
        config = h2.config.H2Configuration(client_side=serve is None, header_encoding="latin-1")
        self.h2 = h2.connection.H2Connection(config)
        self.h2.local_settings = h2.settings.Settings(
            client=serve is None,
            initial_values={
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 4096,
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
            },
        )
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(2 * WINDOW)
        self.streams = {}
        self.tasks = set()
        self.window = asyncio.Event()
        self.gone = False

    async def run(self):
        """Reads until the connection ends; then all that is open is broken."""
        try:
            await self.flush()
            while data := await self.reader.read(1 << 18):
                for event in self.h2.receive_data(data):
                    self.told(event)
                await self.flush()
        except ConnectionError:
            pass  # the other side went
        finally:
            self.gone = True
            for stream in self.streams.values():
                stream.came.put_nowait(Broken("the connection is gone"))
            self.window.set()
            self.writer.close()

    def told(self, event):
        import h2.events as events

        match event:
            case events.RequestReceived():
                stream = self.opened(event.stream_id)
                task = asyncio.create_task(self.serve(stream, event.headers))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            case events.ResponseReceived() | events.InformationalResponseReceived() | events.TrailersReceived():
                self.streams[event.stream_id].came.put_nowait(list(event.headers))
            case events.DataReceived():
                if event.flow_controlled_length:
                    with contextlib.suppress(Exception):  # of a stream that was reset
                        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.data and event.stream_id in self.streams:
                    self.streams[event.stream_id].came.put_nowait(event.data)
            case events.StreamEnded():
                self.streams[event.stream_id].came.put_nowait(Stream.END)
            case events.StreamReset():
                if event.stream_id in self.streams:
                    self.streams[event.stream_id].broken = True
                    self.streams[event.stream_id].came.put_nowait(Broken(f"reset: {event.error_code}"))
                self.window.set()
            case events.WindowUpdated() | events.RemoteSettingsChanged():
                self.window.set()

    def opened(self, number):
        self.streams[number] = Stream(self, number)
        return self.streams[number]

    def open(self):
        """A stream of our own."""
        return self.opened(self.h2.get_next_available_stream_id())

    async def moved(self, stream):
        """Waits for a window to grow."""
        if self.gone or stream.broken:
            raise Broken("gone while sending")
        self.window.clear()
        await self.window.wait()

    async def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.writer.write(data)
            await self.writer.drain()
