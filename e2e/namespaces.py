"""Network namespaces and the cable between them, made and taken away by a test; sockets in them, from this process."""

import asyncio
import contextlib
import ctypes
import os
import socket
import subprocess

from common import check, need, sh

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
LIMIT = 1 << 18
HOME = os.open("/proc/self/ns/net", os.O_RDONLY)  # where this process began


def enter(namespace):
    check(LIBC.setns(namespace, CLONE_NEWNET) == 0, f"setns: {os.strerror(ctypes.get_errno())}")


class Namespace:
    """One, by a name that no other test of this machine has."""

    def __init__(self, word):
        self.name = f"lg-{word}-{os.getpid()}"

    def __enter__(self):
        need("ip", "iproute2")
        sh("ip", "netns", "add", self.name)
        self.run("ip", "link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command):
        return sh(*self.command(*command))

    @contextlib.contextmanager
    def inside(self):
        """Sockets that this thread makes meanwhile are in it, and stay there."""
        there = os.open(f"/var/run/netns/{self.name}", os.O_RDONLY)
        try:
            enter(there)
            yield
        finally:
            enter(HOME)
            os.close(there)

    def listening(self, port):
        """A socket for both families."""
        with self.inside():
            door = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("::", port))
        door.listen(512)
        return door

    async def socket_to(self, host, port):
        """A connected one, made here."""
        with self.inside():
            made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        made.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(made, (host, port))
        except BaseException:
            made.close()
            raise
        return made

    async def connect(self, host, port, **more):
        return await asyncio.open_connection(sock=await self.socket_to(host, port), limit=LIMIT, **more)


def connect_both(one, other, addresses_one, addresses_other):
    """A cable, each end with these addresses."""
    ends = f"lg{os.getpid()}a", f"lg{os.getpid()}b"
    sh("ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
    for namespace, end, addresses in ((one, ends[0], addresses_one), (other, ends[1], addresses_other)):
        sh("ip", "link", "set", end, "netns", namespace.name)
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            namespace.run("ip", "addr", "add", address, "dev", end, *nodad)
        namespace.run("ip", "link", "set", end, "up")


def rules(namespace):
    """All rules of both families, without what counts or tells the time; tables without any are left out."""
    text = ""
    for program in ("iptables-save", "ip6tables-save"):
        lines = namespace.run(program).splitlines()
        text += program + "\n" + "".join(f"{line}\n" for line in lines if line.startswith("-A") or line.startswith(":LOOPGATE"))
    return text
