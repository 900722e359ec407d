"""Python's h2 on a socket of its own: all exchanges at once as streams of one connection. Run by its venv's Python, see
`clients`.

  client_h2.py HOST PORT BASE PREFIX [CA]     one line of JSON for each exchange
"""

import socket
import ssl
import sys

import exchanges
import h2.config
import h2.connection
import h2.errors
import h2.events


class Client:
    """One connection; `unsent` is what the windows do not allow yet, by stream."""

    def __init__(self, host, port, ca):
        self.socket = socket.create_connection((host, port), timeout=30)
        self.scheme = "http"
        if ca:
            self.scheme = "https"
            context = ssl.create_default_context(cafile=ca)
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
            if self.socket.selected_alpn_protocol() != "h2":
                sys.exit(f"alpn: {self.socket.selected_alpn_protocol()}")
        self.authority = f"{host}:{port}"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.flush()
        self.calls = {}
        self.unsent = {}

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def begin(self, one, base, prefix):
        stream = self.h2.get_next_available_stream_id()
        seen = exchanges.Seen(f"{prefix}-{one.kind}", version="HTTP/2")
        headers = [(":method", one.method), (":path", base + one.path), (":scheme", self.scheme)]
        headers += [(":authority", self.authority), ("request-id", seen.name)]
        if one.body and not one.chunked:
            headers.append(("content-length", str(len(one.body))))
        self.h2.send_headers(stream, headers, end_stream=not one.body)
        self.calls[stream] = (one, seen)
        if one.body:
            self.unsent[stream] = memoryview(one.body)
        self.push()

    def push(self):
        for stream, rest in list(self.unsent.items()):
            while rest:
                size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(rest))
                if size <= 0:
                    break
                self.h2.send_data(stream, bytes(rest[:size]), end_stream=size == len(rest))
                rest = rest[size:]
            if rest:
                self.unsent[stream] = rest
            else:
                del self.unsent[stream]
        self.flush()

    def await_all(self):
        while self.calls:
            data = self.socket.recv(1 << 16)
            if not data:
                sys.exit(f"the connection ended; open: {[seen.name for _, seen in self.calls.values()]}")
            for event in self.h2.receive_data(data):
                self.told(event)
            self.push()
        self.h2.close_connection()
        self.flush()
        self.socket.close()

    def told(self, event):
        match event:
            case h2.events.ResponseReceived():
                self.calls[event.stream_id][1].status = int(dict(event.headers)[":status"])
            case h2.events.DataReceived():
                if event.stream_id not in self.calls:
                    return  # it was left
                one, seen = self.calls[event.stream_id]
                seen.piece(event.data)
                if one.ending == "client_left":
                    self.h2.reset_stream(event.stream_id, h2.errors.ErrorCodes.CANCEL)
                    self.over(event.stream_id)
                else:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.over(event.stream_id)
            case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                sys.exit(f"told: {event}")

    def over(self, stream):
        _, seen = self.calls.pop(stream)
        print(seen.line(), flush=True)


def main(host, port, base, prefix, ca=None):
    client = Client(host, int(port), ca)
    for one in exchanges.ALL:
        client.begin(one, base, prefix)
    client.await_all()


main(*sys.argv[1:])
