"""A model server that is up in a moment and says what was asked of it: `cold_model.py FOLDER NAME VERSION [WAY]`. It serves
odahu-ml-server's paths at PORT.

In FOLDER it keeps `delivered` (a line `id name version` for each prediction, written before the answer), `starts`
(`name version pid`) and, should two of one name and version ever run at the same time, `twice`. WAY `late` listens after two
seconds, `slow` answers after as many, `fails` with 500, `resets` with nothing at all.
"""

import fcntl
import json
import os
import select
import socket
import sys
import time

FOLDER, NAME, VERSION = sys.argv[1:4]
WAY = sys.argv[4] if len(sys.argv) > 4 else ""
SLOW_SECONDS = 2
WORK_SECONDS = 0.001  # of a prediction: so that there is a moment while many are answered
INFO = {"swagger": "2.0", "info": {"title": NAME, "version": VERSION}, "paths": {}}


def append(file, *words):
    """One line by one write, which no other process's comes between."""
    to = os.open(os.path.join(FOLDER, file), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(to, (" ".join(words) + "\n").encode())
    os.close(to)


def response(status, said):
    body = json.dumps(said).encode()
    head = f"HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Model:
    def __init__(self):
        self.count = 0

    def answer(self, target, headers, body):
        """What is said; None where the connection is closed instead."""
        if target == "/healthcheck":
            return response(200, {})
        if target == "/api/model/info":
            return response(200, INFO)
        if not target.startswith("/api/model/invoke"):
            return response(404, {})
        self.count += 1
        append("delivered", headers.get("request-id", "none"), NAME, VERSION)
        time.sleep(SLOW_SECONDS if WAY == "slow" else WORK_SECONDS)
        if WAY == "resets":
            return None
        said = {"id": headers.get("request-id"), "version": VERSION, "result": self.count, "asked": body.decode()}
        return response(500 if WAY == "fails" else 200, said)


def chunks(data):
    """A chunked body and what comes after it; None where it is not whole."""
    body = b""
    while b"\r\n" in data:
        line, data = data.split(b"\r\n", 1)
        size = int(line.split(b";")[0], 16)
        if len(data) < size + 2:
            return None
        body, data = body + data[:size], data[size + 2 :]
        if size == 0:
            return body, data
    return None


def requests(data):
    """The whole requests at the begin of these bytes, and the rest."""
    found = []
    while b"\r\n\r\n" in data:
        head, rest = data.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        if "transfer-encoding" in headers:
            whole = chunks(rest)
            if whole is None:
                break
            body, rest = whole
        else:
            size = int(headers.get("content-length", "0"))
            if len(rest) < size:
                break
            body, rest = rest[:size], rest[size:]
        found.append((first.split(" ")[1], headers, body))
        data = rest
    return found, data


def main():
    lock = os.open(os.path.join(FOLDER, f"{NAME}-{VERSION}.lock"), os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        append("twice", NAME, VERSION, str(os.getpid()))
    append("starts", NAME, VERSION, str(os.getpid()))
    if WAY == "late":
        time.sleep(SLOW_SECONDS)
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", int(os.environ["PORT"])))
    door.listen(1024)
    model, waiting = Model(), select.epoll()
    waiting.register(door, select.EPOLLIN)
    connections = {}  # by descriptor: socket and what it has said so far
    while True:
        for descriptor, _ in waiting.poll():
            if descriptor == door.fileno():
                caller, _ = door.accept()
                connections[caller.fileno()] = (caller, b"")
                waiting.register(caller, select.EPOLLIN)
                continue
            caller, before = connections[descriptor]
            try:
                data = caller.recv(1 << 16)
                found, rest = requests(before + data)
                connections[descriptor] = (caller, rest)
                answers = [model.answer(*request) for request in found]
                for each in answers:
                    if each is not None:
                        caller.sendall(each)
                is_over = not data or None in answers or any(headers.get("connection") == "close" for _, headers, _ in found)
            except OSError:
                is_over = True
            if is_over:
                del connections[descriptor]
                waiting.unregister(descriptor)
                caller.close()


if __name__ == "__main__":
    main()
