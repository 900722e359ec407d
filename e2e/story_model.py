"""The model of `story`, a process of its own: it answers each name with its own bytes.

Says its port first, and ends with its caller's pipe.
"""

import asyncio
import sys

import load


def answer(name):
    """What a prediction of this name is answered; `reader_duckdb` says the same in SQL."""
    return (name + "w" * 1500).encode()


async def serve(reader, writer):
    try:
        while True:
            _, headers = await load.read_head(reader)
            await load.read_body(reader, headers)
            body = answer(headers["request-id"])
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()  # the gateway went, or all is over


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
