"""httpx as a client: all exchanges at once over one connection or a few. Run by its venv's Python, see `clients`.

  client_httpx.py URL PREFIX http1|http2 [CA]     one line of JSON for each exchange
"""

import asyncio
import ssl
import sys

import exchanges
import httpx


async def pieces(body):
    for at in range(0, len(body), 3000):
        yield body[at : at + 3000]


async def call(client, url, prefix, one):
    seen = exchanges.Seen(f"{prefix}-{one.kind}")
    # Without a length httpx sends chunks, or over HTTP/2 data to the end.
    content = pieces(one.body) if one.chunked else one.body or None
    headers = {"request-id": seen.name}
    async with client.stream(one.method, url + one.path, content=content, headers=headers) as answer:
        seen.status, seen.version = answer.status_code, answer.http_version
        async for piece in answer.aiter_raw():
            seen.piece(piece)
            if one.ending == "client_left":
                break  # and the stream is reset, or the connection closed
    print(seen.line(), flush=True)


async def main(url, prefix, version, ca=None):
    verify = ssl.create_default_context(cafile=ca) if ca else False
    forms = {"http1": version == "http1", "http2": version == "http2"}
    async with httpx.AsyncClient(verify=verify, timeout=30, trust_env=False, **forms) as client:
        await asyncio.gather(*(call(client, url, prefix, one) for one in exchanges.ALL))


asyncio.run(main(*sys.argv[1:]))
