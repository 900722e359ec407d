"""A model that is up in a moment: `python3 -S -E cold_model.py`, on the port in `PORT`. A connection has one request."""

import os
import socket

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
_INFO = b'{"swagger": "2.0", "info": {"title": "cold", "version": "1"}, "paths": {}}'


def answer(connection: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        read = connection.recv(65536)
        if not read:
            return
        head += read
    body = _INFO if b"/api/model/info" in head.split(b"\r\n", 1)[0] else b'{"prediction": [1]}'
    connection.sendall(_ANSWER % (len(body), body))


def main() -> None:
    door = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=64)
    while True:
        connection, _ = door.accept()
        with connection:
            try:
                answer(connection)
            except OSError:
                continue  # whoever asked has gone


if __name__ == "__main__":
    main()
